"""A limit that list() refuses or does not keep. Runtime: 400 "Invalid key_count_limit of …"."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.js.calls import KvCall
from kvlens.kv.limits import MAX_LIST_KEYS
from kvlens.lint.base import CallRule, Context, Finding
from kvlens.lint.source_fix_helpers import in_seconds
from kvlens.lint.wording import named, place, shown, whole


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    option = call.option("limit")
    if option is None:
        return
    value, number = option.value, option.value.number
    if number is None and value.kind != "string":
        return
    limit = whole(number) if number is not None else 0.0
    if limit > MAX_LIST_KEYS:
        yield Finding(
            place(call, value),
            f"{named(call, option)} is {shown(value)}, and the maximum is {MAX_LIST_KEYS}: "
            f"{call.title} throws. Use {MAX_LIST_KEYS} or less, and the cursor to get more keys.",
            data={"replace": str(MAX_LIST_KEYS)},
        )
    elif limit < 1:
        yield Finding(
            place(call, value),
            f"{named(call, option)} is {shown(value)}, and should be from 1 to {MAX_LIST_KEYS}: "
            f"the runtime returns a whole page instead, and Miniflare 2 throws.",
        )


RULE = CallRule(
    "list-limit-out-of-range",
    "error",
    "The limit of a list is below 1 or above 1000",
    frozenset({"list"}),
    _check,
    in_seconds,
)
