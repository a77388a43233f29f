"""An id that is an empty string. Wrangler: V4 of its validation.

## What
`id` is an empty string. It isn't reported in a backup: below a folder such as `shop.backup`.

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

from kvlens.config.model import Config, Entry, Environment
from kvlens.lint.base import EntryRule, Finding
from kvlens.lint.deploys.fixtures import is_backup
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


def _is_meant(config: Config, environment: Environment, entry: Entry) -> bool:
    return is_backup(config.path)


RULE = EntryRule(
    "id-empty",
    "error",
    "An id is an empty string",
    _check,
    without_field("id", safe=True),
    _is_meant,
)
