"""A preview_id that isn't a string. Wrangler: V6 of its validation.

## What
`preview_id` is a number, null, a table or another value instead of a string.

## Why
wrangler stops with `bindings should, optionally, have a string "preview_id" field`.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
preview_id = false
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
preview_id = "carts-preview"
```

*Quick fix: removes the field, or gives it a new id, which is enough for local keys.
`kvlens check --fix` removes it.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Entry
from kvlens.lint.base import EntryRule, Finding
from kvlens.lint.fix_helpers import new_preview_id
from kvlens.lint.wording import described, wrong_kind


def _check(entry: Entry) -> Iterator[Finding]:
    field = entry.get("preview_id")
    if field and wrong_kind(field, "string"):
        yield Finding(
            field.value_span,
            f"preview_id should be a string, but is {described(field)}: "
            "write the id in quotes, or remove the field.",
        )


RULE = EntryRule(
    "preview-id-not-string",
    "error",
    "A preview_id is not a string",
    _check,
    new_preview_id,
)
