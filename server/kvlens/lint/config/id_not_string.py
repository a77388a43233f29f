"""An id that isn't a string. Wrangler: V4 of its validation.

## What
`id` is a number, null, a table or another value instead of a string.

## Why
wrangler stops with `bindings should have a string "id" field`. An id that has only digits
needs quotes too.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
id = 12345678901234567890
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
```

*Quick fix: removes the field.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Entry
from kvlens.lint.base import EntryRule, Finding
from kvlens.lint.fix_helpers import without_field
from kvlens.lint.wording import described, wrong_kind


def _check(entry: Entry) -> Iterator[Finding]:
    field = entry.get("id")
    if field and wrong_kind(field, "string"):
        yield Finding(
            field.value_span,
            f"id should be a string, but is {described(field)}: "
            "write the namespace's 32 hexadecimal digits in quotes.",
        )


RULE = EntryRule(
    "id-not-string",
    "error",
    "An id is not a string",
    _check,
    without_field("id"),
)
