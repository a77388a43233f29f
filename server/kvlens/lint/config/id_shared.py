"""One namespace in two environments. wrangler accepts it, and it may be intended: a hint.

## What
An environment has an `id` that the top level or an earlier environment has too. Placeholders don't
count.

## Why
Staging then writes where production reads. Some projects want exactly that, for data that the
Worker never writes, so this is only information, and you can [turn it off](README.md) for a line.

## Example
```toml
[[env.production.kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"

[[env.staging.kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
```

## Fix
```toml
[[env.production.kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"

[[env.staging.kv_namespaces]]
binding = "CARTS"
id = "06779da6940b431db6e566b4846d64db"
```
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Config, Entry
from kvlens.lint.base import ConfigRule, Finding, Related
from kvlens.lint.bindings_by_env import bindings_by_env
from kvlens.lint.ids import is_real
from kvlens.lint.wording import quoted


def _check(config: Config) -> Iterator[Finding]:
    seen: dict[str, tuple[str | None, Entry]] = {}  # id -> its first entry
    for environment, entries, _, _, _, by_id in bindings_by_env(config):
        fresh: dict[str, tuple[str | None, Entry]] = {}
        for value, place in by_id.items():
            if value is None:
                continue
            known = seen.get(value)
            if known is None:
                fresh[value] = environment.name, entries[place]
                continue
            name, other = known
            if not is_real(value) or other.base == entries[place].base:
                continue  # in code, one entry can be that of several modes
            field, earlier = entries[place].get("id"), other.get("id")
            assert field and earlier
            where = "the top level" if name is None else f"environment {quoted(name)}"
            yield Finding(
                field.value_span,
                f"The environment {quoted(environment.name or '')} uses the same namespace as "
                f"{where}: each reads what the other writes. Use a separate namespace for each.",
                related=(Related(earlier.value_span, f"the same id at {where}"),),
            )
        seen |= fresh


RULE = ConfigRule(
    "id-shared",
    "information",
    "Two environments use the same namespace",
    _check,
)
