"""A preview_id that is an empty string.

wrangler silently accepts it, and in dev prefers it to `id` even though it is empty: it uses `??`,
which keeps an empty string (workers-sdk, deploy-helpers' binding-utils).

## What
`preview_id` is an empty string. It isn't reported in a backup: below a folder such as
`shop.backup`.

## Why
wrangler silently accepts it. In `wrangler dev`, `preview_id` wins over `id` even if it's empty, so
the namespace is opened without a name: a put seems to succeed, and every get is `null`. KV Lens
ignores an empty `preview_id` and keeps the keys under `id`.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
preview_id = ""
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
```

*Quick fix: removes the field, or gives it a new id, which is enough for local keys.
`kvlens check --fix` removes it.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Config, Entry, Environment
from kvlens.lint.base import EntryRule, Finding
from kvlens.lint.deploys.fixtures import is_backup
from kvlens.lint.fix_helpers import new_preview_id
from kvlens.lint.wording import usable


def _check(entry: Entry) -> Iterator[Finding]:
    field = entry.get("preview_id")
    if field and usable(field) == "":
        yield Finding(
            field.value_span,
            "The preview_id is empty, and wrangler dev uses it instead of id. Enter an id, or "
            "remove the field.",
        )


def _is_meant(config: Config, environment: Environment, entry: Entry) -> bool:
    return is_backup(config.path)


RULE = EntryRule(
    "preview-id-empty",
    "warning",
    "A preview_id is an empty string",
    _check,
    new_preview_id,
    _is_meant,
)
