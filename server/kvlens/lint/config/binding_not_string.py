"""A binding that isn't a string. Wrangler: V3 of its validation.

## What
`binding` is a number, true or false, a table or another value instead of a string.

## Why
wrangler stops with `bindings should have a string "binding" field`.

## Example
```toml
[[kv_namespaces]]
binding = 1
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
```

*Quick fix: writes a string.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.edit import Edit, literal
from kvlens.config.model import Config, Entry
from kvlens.js.identifiers import is_identifier
from kvlens.lint.base import EntryRule, Finding, Fix, Problem
from kvlens.lint.fix_helpers import entry_at, free_binding, in_every_environment
from kvlens.lint.wording import described, wrong_kind


def _check(entry: Entry) -> Iterator[Finding]:
    field = entry.get("binding")
    if field and wrong_kind(field, "string"):
        yield Finding(
            field.value_span,
            f"binding should be a string, but is {described(field)}: "
            'write the name that the Worker uses, such as "MY_KV".',
        )


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    found = entry_at(config, problem.span)
    if not found:
        return
    environment, entry = found
    field = entry.get("binding")
    assert field
    inside = config.text[slice(*field.value_span)].strip("[] \t\r\n\"'")
    likely = field.kind == "array" and is_identifier(inside)
    name = free_binding(config, inside if likely else "KV")
    listed = any(entry in kv.entries for kv in environment.kv)
    more = in_every_environment(config, environment.name, [name]) if listed else []
    also = ", in every environment" if more else ""
    yield Fix(f'Write "{name}"{also}', (Edit(field.value_span, literal(name)), *more))


RULE = EntryRule(
    "binding-not-string",
    "error",
    "A binding is not a string",
    _check,
    _fixes,
)
