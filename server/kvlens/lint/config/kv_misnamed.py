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

*Quick fix: renames it, in all its headers. `kvlens check --fix` applies it where no environment
lacks the bindings then.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.edit import rename_key
from kvlens.config.model import KV_FIELD, Config
from kvlens.lint.base import ConfigRule, Finding, Fix, Problem, Related
from kvlens.lint.fix_helpers import in_every_environment
from kvlens.lint.misplaced_lists import MisplacedList, in_scope, means_kv, misplaced_lists
from kvlens.lint.wording import quoted
from kvlens.memo import memo
from kvlens.text import Span


@memo
def _misnamed(config: Config) -> dict[Span, MisplacedList]:
    """Return the lists under a wrong name, each by where it is reported."""
    return {
        found.keys[0]: found
        for found in misplaced_lists(config)
        if found.name != KV_FIELD and in_scope(found.path) and not found.broken
        if means_kv(found.name) or (found.kind == "array" and found.looks_like_kv)
    }


def _check(config: Config) -> Iterator[Finding]:
    for found in _misnamed(config).values():
        where = ".".join(found.path) or "the top level"
        yield Finding(
            found.keys[0],
            f"wrangler doesn't know {quoted(found.name)} at {where}, and ignores it. Did you mean "
            f"{quoted(KV_FIELD)}?",
            related=tuple(Related(key, "and here") for key in found.keys[1:]),
        )


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    found = _misnamed(config).get(problem.span)
    if found is None or found.kind != "array":
        return
    scope = config.environment(found.environment)
    known = () if scope is None else scope.previews if "previews" in found.path else scope.kv
    if any(not (found.headers and kv.definition.elements) for kv in known):
        return  # a second list under the name would make the file invalid
    bindings = [name for entry in found.entries if (name := entry.text_of("binding"))]
    more = [] if found.path else in_every_environment(config, None, bindings)
    also = ", and add its bindings to every environment" if more else ""
    edits = [rename_key(config.text, key, KV_FIELD) for key in found.keys]
    yield Fix(f"Rename to {KV_FIELD}{also}", (*edits, *more), safe=not more)


RULE = ConfigRule(
    "kv-misnamed",
    "warning",
    "The name of kv_namespaces is misspelled",
    _check,
    _fixes,
)
