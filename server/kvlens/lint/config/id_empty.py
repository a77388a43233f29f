"""An id that is an empty string. Wrangler: V4 of its validation.

## What
`id` is an empty string.

## Why
wrangler stops with `bindings should have a string "id" field`, although there is a string.
Templates often leave the quotes empty for you to fill in.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
id = ""
```

## Fix
Use the id that `wrangler kv namespace list` shows, or leave the field out. Without it,
`wrangler dev` works immediately, and `wrangler deploy` creates a namespace.

```toml
[[kv_namespaces]]
binding = "CARTS"
```

*Quick fix: removes the field. `kvlens check --fix` applies it.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Entry
from kvlens.lint.base import EntryRule, Finding
from kvlens.lint.fix_helpers import without_field
from kvlens.lint.wording import usable


def _check(entry: Entry) -> Iterator[Finding]:
    field = entry.get("id")
    if field and usable(field) == "":
        yield Finding(
            field.value_span,
            "The id is empty, which wrangler refuses. Enter the namespace's id, or remove the "
            "field to have a namespace created on deploy.",
        )


RULE = EntryRule(
    "id-empty",
    "error",
    "An id is an empty string",
    _check,
    without_field("id", safe=True),
)
