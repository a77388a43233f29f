"""A namespace without a binding for the Worker to use. Wrangler: V3 of its validation.

## What
A namespace has no `binding` field, or its value is an empty string.

## Why
The binding is the name that the Worker uses for the namespace: `env.CARTS`. If it's missing,
wrangler stops. wrangler silently accepts an empty one, and the Worker then has a namespace that
no code can name.

## Example
```toml
[[kv_namespaces]]
id = "0f2ac74b498b48028cb68387c421e279"
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
```

*Quick fix: adds the binding that the same namespace has elsewhere in the file, or `KV`.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.edit import Edit, add_field, literal
from kvlens.config.model import Config, Entry
from kvlens.lint.base import EntryRule, Finding, Fix, Problem
from kvlens.lint.fix_helpers import entry_at, free_binding, in_every_environment
from kvlens.lint.wording import usable
from kvlens.memo import memo


def _check(entry: Entry) -> Iterator[Finding]:
    if not entry.is_table:
        return
    field = entry.get("binding")
    if field is None and not entry.broken:
        yield Finding(
            entry.head,
            "This namespace has no binding. Add the name that the Worker uses for it, "
            'such as binding "MY_KV" for env.MY_KV.',
        )
    elif field and usable(field) == "":
        yield Finding(
            field.value_span,
            "The binding is empty. Enter the name that the Worker uses for the namespace, "
            'such as "MY_KV" for env.MY_KV.',
        )


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    found = entry_at(config, problem.span)
    if not found:
        return
    environment, entry = found
    name = _known_name(config, entry) or free_binding(config)
    field = entry.get("binding")
    if field:
        edit = Edit(field.value_span, literal(name))
    else:
        edit = add_field(config, entry, "binding", literal(name), first=True)
    listed = any(entry in kv.entries for kv in environment.kv)
    more = in_every_environment(config, environment.name, [name]) if listed else []
    also = ", in every environment" if more else ""
    yield Fix(f'Add binding "{name}"{also}', (edit, *more))


def _known_name(config: Config, entry: Entry) -> str | None:
    """Return the binding that the same namespace has elsewhere in the config."""
    return _bindings(config).get(entry.store_id)


@memo
def _bindings(config: Config) -> dict[str | None, str]:
    """Return the binding of each id, the first where it has several."""
    return {namespace.id: namespace.binding for namespace in reversed(config.namespaces())}


RULE = EntryRule(
    "binding-missing",
    "error",
    "A namespace has no binding, or an empty one",
    _check,
    _fixes,
)
