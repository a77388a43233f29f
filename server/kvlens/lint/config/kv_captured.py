"""Namespaces that end up in another table. Wrangler: V15 and V16 of its validation.

In TOML, every line after a header belongs to that header's table. In `[vars]`, wrangler silently
makes the list an environment variable; elsewhere, it warns of an unexpected field.

## What
`kv_namespaces` is a field of another table: of `[vars]`, `[dev]`, `[site]`, `[env.NAME.vars]` or
any other that is neither the top level nor an environment. In TOML every line below a header
belongs to that header's table, even after blank lines.

## Why
Nothing is bound, and `env.CARTS` is undefined in the Worker. In `[vars]`, wrangler treats the list
as an environment variable called `kv_namespaces` and reports nothing. In other tables it warns
about an unexpected field.

## Example
```toml
name = "shop"

[vars]
CURRENCY = "EUR"

kv_namespaces = [{ binding = "CARTS", id = "0f2ac74b498b48028cb68387c421e279" }]
```

```jsonc
{ "vars": { "kv_namespaces": [{ "binding": "CARTS", "id": "0f2ac74b498b48028cb68387c421e279" }] } }
```

## Fix
Put it above the first header, or give it its own header:

```toml
name = "shop"
kv_namespaces = [{ binding = "CARTS", id = "0f2ac74b498b48028cb68387c421e279" }]

[vars]
CURRENCY = "EUR"
```

```toml
name = "shop"

[vars]
CURRENCY = "EUR"

[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
```

*Quick fix: moves the list to the top level, or to the environment around it.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.convert import move_list
from kvlens.config.edit import list_path
from kvlens.config.model import KV_FIELD, Config
from kvlens.lint.base import ConfigRule, Finding, Fix, Problem, Related
from kvlens.lint.fix_helpers import spread
from kvlens.lint.misplaced_lists import Stray, in_scope, strays
from kvlens.memo import memo
from kvlens.text import Span


@memo
def _captured(config: Config) -> dict[Span, Stray]:
    """Return the captured lists, each by where it is reported."""
    return {
        stray.keys[0]: stray
        for stray in strays(config)
        if stray.kind == "array" and not stray.broken
        if stray.name == KV_FIELD and not in_scope(stray.path) and stray.looks_like_kv
    }


def _check(config: Config) -> Iterator[Finding]:
    for stray in _captured(config).values():
        table = ".".join(stray.path)
        effect = "isn't a list of namespaces there, and wrangler binds none"
        if stray.path[-1] == "vars":
            effect = "is an environment variable there, and wrangler binds no namespace"
        yield Finding(
            stray.keys[0],
            f"{KV_FIELD} is inside {table}, so it {effect}. {_way_out(config, stray)}",
            related=tuple(Related(key, "and here") for key in stray.keys[1:]),
        )


def _way_out(config: Config, stray: Stray) -> str:
    if stray.path == ("env",):
        return "Name the environment: env.NAME.kv_namespaces."
    home = "the top level" if stray.environment is None else f'environment "{stray.environment}"'
    if config.is_json:
        return f"Move it to {home}."
    path = list_path(stray.environment)
    if stray.headers:
        return f"Write [[{path}]]."
    if stray.environment is None:
        return f"Move it above the first [header], or write [[{path}]] for each namespace."
    return f"Move it below [{path.removesuffix('.' + KV_FIELD)}], or write [[{path}]] for each."


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    stray = _captured(config).get(problem.span)
    if stray is None or stray.path == ("env",):
        return
    edits = move_list(config, stray.environment, stray.headers, stray.table, stray.entries)
    if edits is None:
        return
    home = "the top level" if stray.environment is None else f"env.{stray.environment}"
    bindings = [name for entry in stray.entries if (name := entry.text_of("binding"))]
    more = spread(config, stray.environment, bindings)
    also = ", its bindings to every environment" if more else ""
    yield Fix(f"Move {KV_FIELD} to {home}{also}", (*edits, *more), safe=not more)


RULE = ConfigRule(
    "kv-captured",
    "warning",
    "kv_namespaces is inside a table where wrangler ignores it",
    _check,
    _fixes,
)
