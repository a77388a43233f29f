"""A namespace among the unsafe bindings. Wrangler: V21 of its validation, also a warning.

## What
`unsafe.bindings` has an entry of the type `kv_namespace`.

## Why
`unsafe` passes a binding to the API unchanged, for types that wrangler doesn't know. It knows KV,
so wrangler warns, nothing checks the entry, and `wrangler dev` has no local namespace for it.

## Example
```toml
[[unsafe.bindings]]
name = "CARTS"
type = "kv_namespace"
namespace_id = "0f2ac74b498b48028cb68387c421e279"
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
```

*Quick fix: declares it in `kv_namespaces`. `kvlens check --fix` applies it where no environment
lacks the bindings then.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.edit import (
    Edit,
    add_member,
    list_path,
    literal,
    remove_field,
    remove_item,
    rename_key,
)
from kvlens.config.model import Config, Entry, Environment, elements
from kvlens.config.tables import Definition
from kvlens.lint.base import ConfigRule, Finding, Fix, Problem
from kvlens.lint.fix_helpers import in_every_environment
from kvlens.memo import memo
from kvlens.text import Span

TYPE = "kv_namespace"


_Found = tuple[Environment, Definition, int, Entry]


@memo
def _by_place(config: Config) -> dict[Span, _Found]:
    """Return the namespaces among the unsafe bindings, each by where it is reported."""
    return {field.value_span: found for found in _all(config) if (field := found[3].get("type"))}


def _all(config: Config) -> Iterator[_Found]:
    for environment in config.environments:
        for unsafe in environment.table.get("unsafe"):
            for definition in unsafe.table.get("bindings") if unsafe.table else ():
                for index, entry in enumerate(elements(definition)):
                    if entry.text_of("type") == TYPE:
                        yield environment, definition, index, entry


def _check(config: Config) -> Iterator[Finding]:
    for span, (environment, *_) in _by_place(config).items():
        yield Finding(
            span,
            "A KV namespace doesn't need an unsafe binding. Declare it in "
            f"{list_path(environment.name)}, where it's checked and works in dev too.",
        )


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    found = _by_place(config).get(problem.span)
    name = found[3].text_of("name") if found else None
    if not found or not name:
        return
    environment, definition, index, entry = found
    top = environment.name is None
    more = in_every_environment(config, None, [name]) if top else []
    title = f"Declare it in {list_path(environment.name)}"
    edits: tuple[Edit, ...]
    if definition.elements:
        edits = tuple(_as_section(config, environment, entry))
    elif environment.kv or definition.node is None or not config.is_json:
        return
    else:
        value = entry.text_of("namespace_id")
        inside = f'"binding": {literal(name)}'
        inside += f', "id": {literal(value)}' if value else ""
        scope = environment.table.parts[0]
        edits = (
            *remove_item(config, definition.base, definition.node, index),
            add_member(config, *scope, "kv_namespaces", f"[{{ {inside} }}]"),
        )
    yield Fix(title, (*edits, *more), safe=not more)


def _as_section(config: Config, environment: Environment, entry: Entry) -> Iterator[Edit]:
    if any(not kv.definition.elements for kv in environment.kv):
        return
    base, section = config.section_around(entry.base)
    if base == entry.base:
        start, end = section.header[0].start, section.header[-1].end
        yield Edit(Span(base + start, base + end), list_path(environment.name))
    for field in entry.fields:
        if field.name == "type":
            yield from remove_field(config, entry, field)
        elif field.name in ("name", "namespace_id"):
            wanted = "binding" if field.name == "name" else "id"
            yield rename_key(config.text, field.key_span, wanted)


RULE = ConfigRule(
    "unsafe-kv",
    "warning",
    "A namespace is declared as an unsafe binding",
    _check,
    _fixes,
)
