"""Namespaces that end up in another table. Wrangler: V15 and V16 of its validation.

In TOML, every line after a header belongs to that header's table. In `[vars]`, wrangler silently
makes the list an environment variable; elsewhere, it warns of an unexpected field.

## What
`kv_namespaces` is a field of another table: of `[vars]`, `[dev]`, `[site]`, `[env.NAME.vars]` or
any other that is neither the top level nor an environment. In TOML every line below a header
belongs to that header's table, even after blank lines. A misspelled name, such as `kv-namespaces`,
counts too. In `[vars]`, a namespace is found in any form: as a table, as JSON in a string, under
another name, or as the variables `binding` and `id`.

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

*Quick fix: moves the list to the top level, or to the environment around it. `kvlens check --fix`
applies it where no environment lacks the bindings then.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.convert import move_list
from kvlens.config.edit import Edit, list_path
from kvlens.config.model import KV_FIELD, Config
from kvlens.lint.base import ConfigRule, Finding, Fix, Problem, Related
from kvlens.lint.fix_helpers import in_every_environment
from kvlens.lint.misplaced_lists import MisplacedList, in_scope, means_kv, misplaced_lists
from kvlens.lint.namespaces_in_vars import InVars, namespaces_in_vars
from kvlens.memo import memo
from kvlens.text import Span


@memo
def _captured(config: Config) -> dict[Span, MisplacedList]:
    """Return the captured lists, each by where it is reported."""
    return {
        found.keys[0]: found
        for found in misplaced_lists(config)
        if found.kind == "array" and not found.broken
        if means_kv(found.name) and not in_scope(found.path) and found.looks_like_kv
    }


def _check(config: Config) -> Iterator[Finding]:
    for found in _captured(config).values():
        table = ".".join(found.path)
        effect = "isn't a list of namespaces there, and wrangler binds none"
        if found.path[-1] == "vars":
            effect = "is an environment variable there, and wrangler binds no namespace"
        name = "" if found.name == KV_FIELD else f" The name is misspelled, too: use {KV_FIELD}."
        yield Finding(
            found.keys[0],
            f"{found.name} is inside {table}, so it {effect}.{name} {_way_out(config, found)}",
            related=tuple(Related(key, "and here") for key in found.keys[1:]),
        )
    for span, variable in namespaces_in_vars(config).items():
        if span not in _captured(config):
            yield Finding(span, _said(config, variable))


def _said(config: Config, variable: InVars) -> str:
    path = list_path(variable.environment)
    table = path.replace(KV_FIELD, "vars")
    what = f"{variable.name} is inside {table}, so it is an environment variable"
    if variable.is_flat:
        what = f"binding and id are inside {table}, so they are environment variables"
    way_out = f"Move it into the list {path}" if config.is_json else f"Write [[{path}]] above them"
    if not config.is_json and not variable.is_flat:
        way_out = f"Write [[{path}]], with binding and id below it"
    return f"{what} there, and wrangler binds no namespace. {way_out}."


def _way_out(config: Config, found: MisplacedList) -> str:
    if found.path == ("env",):
        return "Name the environment: env.NAME.kv_namespaces."
    home = "the top level" if found.environment is None else f'environment "{found.environment}"'
    if config.is_json:
        return f"Move it to {home}."
    path = list_path(found.environment)
    if found.headers:
        return f"Write [[{path}]]."
    if found.environment is None:
        return f"Move it above the first [header], or write [[{path}]] for each namespace."
    return f"Move it below [{path.removesuffix('.' + KV_FIELD)}], or write [[{path}]] for each."


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    found = _captured(config).get(problem.span)
    if variable := namespaces_in_vars(config).get(problem.span):
        yield from _own_header(config, problem.span, variable)
    if found is None or found.path == ("env",):
        return
    edits = move_list(config, found.environment, found.headers, found.table, found.entries)
    if edits is None:
        return
    home = "the top level" if found.environment is None else f"env.{found.environment}"
    bindings = [name for entry in found.entries if (name := entry.text_of("binding"))]
    more = in_every_environment(config, found.environment, bindings)
    also = ", its bindings to every environment" if more else ""
    yield Fix(f"Move {KV_FIELD} to {home}{also}", (*edits, *more), safe=not more)


def _own_header(config: Config, name: Span, variable: InVars) -> Iterator[Fix]:
    """Write `[[kv_namespaces]]` for the header `[vars.KV]` or `[[vars.KV]]` of a namespace."""
    base, section = config.section_around(name.start)
    if config.is_json or variable.is_flat or not section.header or not variable.binding:
        return
    if base + section.header[-1].start != name.start:
        return
    path, more = list_path(variable.environment), []
    if variable.environment is None:
        more = in_every_environment(config, None, [variable.binding])
    header = Edit(Span(base, base + section.body.head), f"[[{path}]]")
    yield Fix(f"Write [[{path}]]", (header, *more), safe=not more)


RULE = ConfigRule(
    "kv-captured",
    "warning",
    "kv_namespaces is inside a table where wrangler ignores it",
    _check,
    _fixes,
)
