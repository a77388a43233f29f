"""An expirationTtl that put() refuses. Runtime: 400 "Invalid expiration_ttl of …"."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.js.calls import KvCall
from kvlens.kv.limits import INT32_MAX, MIN_EXPIRATION_TTL
from kvlens.lint.base import CallRule, Context, Finding
from kvlens.lint.source_fix_helpers import in_seconds
from kvlens.lint.wording import digits, named, place, shown, whole


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    option = call.option("expirationTtl")
    if option is None:
        return
    value, number = option.value, option.value.number
    if number is None:
        if value.kind == "string":
            yield Finding(
                place(call, value),
                f"expirationTtl is {shown(value)}, which isn't a number: {call.title} throws. "
                f"Give the seconds that the key should live, {MIN_EXPIRATION_TTL} or more.",
            )
        return
    seconds = whole(number)
    if seconds < MIN_EXPIRATION_TTL:
        yield Finding(
            place(call, value),
            f"{named(call, option)} is {shown(value)}, and a key lives for at least "
            f"{MIN_EXPIRATION_TTL} seconds: {call.title} throws. Use {MIN_EXPIRATION_TTL} or more; "
            "a shorter life needs a time in the value that the code compares.",
            data={"replace": str(MIN_EXPIRATION_TTL)},
        )
    elif seconds > INT32_MAX:
        in_seconds = digits(number // 1000)
        yield Finding(
            place(call, value),
            f"{named(call, option)} is {shown(value)}, and the most that {call.title} takes is "
            f"{INT32_MAX}: it throws. A TTL is in seconds; these milliseconds are {in_seconds}.",
            data={"replace": in_seconds, "divide": 1000},
        )


RULE = CallRule(
    "ttl-out-of-range",
    "error",
    "A TTL is below 60 seconds or above what put() takes",
    frozenset({"put"}),
    _check,
    in_seconds,
)
