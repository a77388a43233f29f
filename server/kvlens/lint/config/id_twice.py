"""One namespace under two bindings of the same environment.

wrangler accepts it, and it may be intended, with keys separated by prefix: a hint.

## What
Two namespaces of one environment have different bindings and the same `id`. Placeholders don't
count. It isn't reported if a comment there says that they are shared, or a name such as
`SHARED_KV`.

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
from kvlens.lint.shared_on_purpose import is_shared_on_purpose
from kvlens.lint.wording import listed, quoted

_MOST = 20  # bindings of one id that are shown


def _check(config: Config) -> Iterator[Finding]:
    for env in bindings_by_env(config):
        groups: dict[int, list[int]] = {}  # the first of each id -> the later ones
        for first, later in duplicates(env.ids):
            name, known = env.bindings[later], env.bindings[first]
            if name and known and name != known and is_real(env.ids[later]):
                groups.setdefault(first, []).append(later)
        for first, others in groups.items():
            places = [first, *others]
            if is_shared_on_purpose(config, *(env.entries[at] for at in places[:_MOST])):
                continue
            names = [str(env.bindings[at]) for at in places]
            fields = [env.entries[at].get("id") for at in places[: _MOST + 1]]
            related = (
                Related(field.value_span, f"{quoted(name)} has the same id")
                for field, name in zip(fields, names, strict=False)
                if field is not None and field is not fields[1]
            )
            span = fields[1].value_span if fields[1] is not None else env.entries[others[0]].span
            yield Finding(
                span,
                f"{listed(names)} have the same id and so are one namespace: each overwrites the "
                "keys of the other. Use a separate id for each.",
                related=tuple(related),
            )


RULE = ConfigRule(
    "id-twice",
    "information",
    "Two bindings of one environment have the same id",
    _check,
    off_by_default=True,  # nearly always intended, with keys separated by prefix
)
