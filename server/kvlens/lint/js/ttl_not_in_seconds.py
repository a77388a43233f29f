"""A TTL in milliseconds, or a point in time as a TTL: put() accepts it, and the key stays for
years.

Only clear cases are reported: a product with 1000, a name that says milliseconds, the clock, or a
literal that is a round time in milliseconds but not in seconds.

## What
`expirationTtl` or `cacheTtl` is obviously in milliseconds: it's multiplied by 1000, has a name such
as `TTL_MS`, or is a number such as 86400000 or 7 * 86400000. Or it's a point in time, such as
`Date.now()`, instead of a number of seconds from now.

## Why
The call succeeds, and the key stays a thousand times as long: a day becomes almost three years. You
don't notice until the namespace is full of keys that should have expired.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const DAY = 24 * 60 * 60 * 1000;
    await env.KV.put("session", "1", { expirationTtl: DAY });
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const DAY = 24 * 60 * 60;
    await env.KV.put("session", "1", { expirationTtl: DAY });
  },
};
```

*Quick fix: writes seconds. `kvlens check --fix` applies it where `* 1000` or a name says that it's
milliseconds, but not to a number such as 86400000, which could be meant.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.js.calls import KvCall
from kvlens.js.constants.values import Time, Value
from kvlens.kv.limits import INT32_MAX, MIN_EXPIRATION_TTL
from kvlens.lint.base import CallRule, Context, Finding
from kvlens.lint.milliseconds import is_default, is_round, to_divide
from kvlens.lint.source_fix_helpers import in_seconds
from kvlens.lint.wording import digits, duration, named, place, shown


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    for name in ("expirationTtl", "cacheTtl"):
        option = call.option(name)
        if option is None:
            continue
        value = option.value
        if isinstance(value.value, Time):
            yield from _time(call, name, value, value.value)
            continue
        number, some = value.number, value.sometimes
        if number is None and some is not None and is_default(some):
            yield from _default(call, name, value, some)
        if number is None or not MIN_EXPIRATION_TTL <= number <= INT32_MAX:
            continue
        if value.unit == "ms" or is_round(value, number):
            seconds = _seconds(number)
            yield Finding(
                place(call, value),
                f"{named(call, option)} is {shown(value)}, which looks like milliseconds; a TTL is "
                f"in seconds, so this is {duration(number)}. For {duration(number / 1000)} write "
                f"{seconds}.",
                data=to_divide(value, number, replace=seconds),
            )


def _default(call: KvCall, name: str, value: Value, some: Value) -> Iterator[Finding]:
    """Report a default in milliseconds, which put() accepts."""
    number = some.number or 0.0
    is_known = some.unit == "ms" or is_round(some, number)
    if is_known and MIN_EXPIRATION_TTL <= number <= INT32_MAX:
        yield Finding(
            place(call, value),
            f"{name} is {digits(number)} here in some cases, which looks like milliseconds; a TTL "
            f"is in seconds, so this is {duration(number)}. For {duration(number / 1000)} use "
            f"{_seconds(number)}.",
        )


def _seconds(number: float) -> str:
    return digits(number / 1000) if number % 1000 == 0 else digits(number // 1000)


def _time(call: KvCall, name: str, value: Value, time: Time) -> Iterator[Finding]:
    if not (time.is_seconds or time.is_milliseconds):
        return
    other = "" if name == "cacheTtl" else " To pass the time itself, use expiration."
    yield Finding(
        place(call, value),
        f"{name} is a point in time here, but has to be a number of seconds from now: "
        + ("the key would stay for over fifty years." if time.is_seconds else "the call throws.")
        + f" Pass a duration, without Date.now().{other}",
    )


RULE = CallRule(
    "ttl-not-in-seconds",
    "warning",
    "A TTL is in milliseconds, or is a point in time",
    frozenset({"put", "get", "getWithMetadata"}),
    _check,
    in_seconds,
)
