"""A misspelled `kv_namespaces`. Wrangler: V14 and V17 of its validation.

wrangler warns of an unexpected field and binds nothing.

## What
The top level or an environment has a field such as `kv-namespaces`, `kv_namespace` or
`kvNamespaces`. Shorter names, such as `kv`, count if their value is a list of namespaces.

## Why
wrangler warns about an unexpected field and ignores it: nothing is bound. `kv-namespaces` is the
name that wrangler 1 used, so old configs and their copies have it.

## Example
```toml
kv-namespaces = [{ binding = "CARTS", id = "0f2ac74b498b48028cb68387c421e279" }]
```

## Fix
```toml
kv_namespaces = [{ binding = "CARTS", id = "0f2ac74b498b48028cb68387c421e279" }]
```

*Quick fix: renames it, in all its headers.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.edit import rename_key
from kvlens.config.model import KV_FIELD, Config
from kvlens.lint.base import ConfigRule, Finding, Fix, Problem, Related
from kvlens.lint.fix_helpers import spread
from kvlens.lint.misplaced_lists import Stray, in_scope, means_kv, strays
from kvlens.lint.wording import quoted
from kvlens.memo import memo
from kvlens.text import Span


@memo
def _misnamed(config: Config) -> dict[Span, Stray]:
    """Return the lists under a wrong name, each by where it is reported."""
    return {
        stray.keys[0]: stray
        for stray in strays(config)
        if stray.name != KV_FIELD and in_scope(stray.path) and not stray.broken
        if means_kv(stray.name) or (stray.kind == "array" and stray.looks_like_kv)
    }


def _check(config: Config) -> Iterator[Finding]:
    for stray in _misnamed(config).values():
        where = ".".join(stray.path) or "the top level"
        yield Finding(
            stray.keys[0],
            f"wrangler doesn't know {quoted(stray.name)} at {where}, and ignores it. Did you mean "
            f"{quoted(KV_FIELD)}?",
            related=tuple(Related(key, "and here") for key in stray.keys[1:]),
        )


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    stray = _misnamed(config).get(problem.span)
    if stray is None or stray.kind != "array":
        return
    scope = config.environment(stray.environment)
    known = () if scope is None else scope.previews if "previews" in stray.path else scope.kv
    if any(not (stray.headers and kv.definition.elements) for kv in known):
        return  # a second list under the name would make the file invalid
    bindings = [name for entry in stray.entries if (name := entry.text_of("binding"))]
    more = [] if stray.path else spread(config, None, bindings)
    also = ", and add its bindings to every environment" if more else ""
    edits = [rename_key(config.text, key, KV_FIELD) for key in stray.keys]
    yield Fix(f"Rename to {KV_FIELD}{also}", (*edits, *more), safe=not more)


RULE = ConfigRule(
    "kv-misnamed",
    "warning",
    "The name of kv_namespaces is misspelled",
    _check,
    _fixes,
)
