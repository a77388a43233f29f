"""One namespace under two bindings of the same environment.

wrangler accepts it, and it may be intended, with keys separated by prefix: a hint.

## What
Two namespaces of one environment have different bindings and the same `id`. Placeholders don't
count.

## Why
Both names reach the same keys: what you put through one is overwritten, listed and deleted through
the other. That can be intended if all keys have a prefix; more often an id was pasted twice.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"

[[kv_namespaces]]
binding = "PRICES"
id = "0f2ac74b498b48028cb68387c421e279"
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"

[[kv_namespaces]]
binding = "PRICES"
id = "06779da6940b431db6e566b4846d64db"
```
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Config
from kvlens.lint.base import ConfigRule, Finding, Related
from kvlens.lint.bindings_by_env import bindings_by_env, duplicates
from kvlens.lint.ids import is_real
from kvlens.lint.wording import quoted


def _check(config: Config) -> Iterator[Finding]:
    for env in bindings_by_env(config):
        for first, later in duplicates(env.ids):
            name, known = env.bindings[later], env.bindings[first]
            if not name or not known or name == known or not is_real(env.ids[later]):
                continue
            field, earlier = env.entries[later].get("id"), env.entries[first].get("id")
            assert field and earlier
            yield Finding(
                field.value_span,
                f"{quoted(name)} and {quoted(known)} have the same id and so are one namespace: "
                f"each overwrites the keys of the other. Use a separate id for each.",
                related=(Related(earlier.value_span, f"{quoted(known)} has the same id"),),
            )


RULE = ConfigRule(
    "id-twice",
    "information",
    "Two bindings of one environment have the same id",
    _check,
    off_by_default=True,  # nearly always intended, with keys separated by prefix
)
