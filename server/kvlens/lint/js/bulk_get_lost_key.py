"""Keys that vanish from the Map of a bulk get: those like array indexes, and __proto__.

Seen in workerd: it copies the answer's named properties only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kvlens.js.calls import KvCall
from kvlens.kv.limits import MAX_BULK_KEYS
from kvlens.lint.base import CallRule, Context, Finding
from kvlens.lint.wording import place, quoted

_INDEX = re.compile(r"(?:0|[1-9]\d{0,9})\Z")


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    keys = call.key
    if keys is None or keys.kind != "array":
        return
    for item in keys.items[:MAX_BULK_KEYS]:
        name = item.value if item.kind == "string" else None
        if isinstance(name, str) and (name == "__proto__" or _is_index(name)):
            yield Finding(
                place(call, item),
                f"{call.title} returns a Map without the key {quoted(name)}: the runtime drops "
                f"keys that are whole numbers. Read it with a separate get(), or add a prefix to "
                f"the key.",
            )


def _is_index(name: str) -> bool:
    return bool(_INDEX.match(name)) and int(name) < 2**32 - 1


RULE = CallRule(
    "bulk-get-lost-key",
    "warning",
    "A bulk get loses keys that are whole numbers",
    frozenset({"get", "getWithMetadata"}),
    _check,
)
