"""A bulk get of too many keys, or of none. Runtime: 400 "You can request a maximum of 100 keys"."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.js.calls import KvCall
from kvlens.kv.limits import MAX_BULK_KEYS
from kvlens.lint.base import CallRule, Context, Finding
from kvlens.lint.wording import place


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    keys = call.key
    if keys is None or keys.kind != "array":
        return
    count = len(keys.items)
    if count > MAX_BULK_KEYS:
        yield Finding(
            place(call, keys),
            f"{call.title} throws: it has {count} keys, and the limit is {MAX_BULK_KEYS}. Read "
            f"them in groups of {MAX_BULK_KEYS}.",
        )
    elif keys.complete and not count:
        yield Finding(
            place(call, keys),
            f"{call.title} throws, because its array of keys is empty. Add at least one key.",
        )


RULE = CallRule(
    "bulk-get-size",
    "error",
    "A bulk get has no keys, or more than 100",
    frozenset({"get", "getWithMetadata"}),
    _check,
)
