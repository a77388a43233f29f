"""An element of `kv_namespaces` that isn't a table. Wrangler: V2 of its validation.

## What
An element of `kv_namespaces` is a string, a number, null or an array instead of a table.

## Why
wrangler stops with `"kv_namespaces" bindings should be objects`, and doesn't say which element. A
name alone isn't enough: a namespace needs at least a `binding` field.

## Example
```toml
kv_namespaces = ["CARTS"]
```

## Fix
```toml
kv_namespaces = [{ binding = "CARTS", id = "0f2ac74b498b48028cb68387c421e279" }]
```

*Quick fix: turns a name into a namespace, or removes the element. `kvlens check --fix` turns names
into namespaces where no environment lacks the bindings then.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.edit import Edit, literal, remove_entry
from kvlens.config.model import Config, Entry
from kvlens.js.identifiers import is_identifier
from kvlens.lint.base import EntryRule, Finding, Fix, Problem
from kvlens.lint.fix_helpers import entry_at, in_every_environment
from kvlens.lint.wording import described_value


def _check(entry: Entry) -> Iterator[Finding]:
    if entry.is_table or entry.broken:
        return
    node = entry.node
    yield Finding(
        entry.head,
        f"A namespace should be a table with a binding and an id, but this is "
        f"{described_value(node.kind, node.value)}.",
    )


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    found = entry_at(config, problem.span)
    if not found:
        return
    environment, entry = found
    name = str(entry.node.value)
    if entry.node.kind == "string" and is_identifier(name):
        key = '"binding":' if config.is_json else "binding ="
        edit = Edit(entry.span, f"{{ {key} {literal(name)} }}")
        listed = any(entry in kv.entries for kv in environment.kv)
        more = in_every_environment(config, environment.name, [name]) if listed else []
        yield Fix(f"Make it a namespace with the binding {literal(name)}", (edit, *more), not more)
    yield Fix("Remove it", remove_entry(config, entry))


RULE = EntryRule(
    "entry-not-table",
    "error",
    "An element of kv_namespaces is not a table",
    _check,
    _fixes,
)
