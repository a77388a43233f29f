"""An expirationTtl that put() rejects. Runtime: 400 "Invalid expiration_ttl of …".

## What
`expirationTtl` of a `put()` is below 60 seconds, above 2147483647, or not a number. Constants and
arithmetic are followed, also a default such as `ttl ?? 30`, a bound such as `Math.min(ttl, 30)`,
and both sides of `short ? 10 : 30`. A value that comes from other code isn't guessed.

## Why
The call throws `KV PUT failed: 400 Invalid expiration_ttl of 30. Expiration TTL must be at least
60.` You often notice this late, because such keys are locks and caches that only some requests
write. A key can't live for less than a minute; for a shorter time, store the end time in the value.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.put("lock", "1", { expirationTtl: 30 });
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.put("lock", "1", { expirationTtl: 60 });
  },
};
```
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.js.calls import KvCall
from kvlens.js.constant_evaluator import Value
from kvlens.kv.limits import INT32_MAX, MIN_EXPIRATION_TTL
from kvlens.lint.base import CallRule, Context, Finding
from kvlens.lint.source_fix_helpers import in_seconds
from kvlens.lint.wording import digits, named, place, shown, whole


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    option = call.option("expirationTtl")
    if option is None:
        return
    value, number = option.value, option.value.number
    if number is None and (some := value.sometimes) is not None and some.number is not None:
        yield from _sometimes(call, value, some.number)
        return
    if number is None:
        if value.kind == "string":
            yield Finding(
                place(call, value),
                f"expirationTtl is {shown(value)}, which isn't a number: {call.title} throws. "
                f"Pass the lifetime of the key in seconds, {MIN_EXPIRATION_TTL} or more.",
            )
        return
    seconds = whole(number)
    if seconds < MIN_EXPIRATION_TTL:
        yield Finding(
            place(call, value),
            f"{named(call, option)} is {shown(value)}, and the minimum is {MIN_EXPIRATION_TTL} "
            f"seconds: {call.title} throws. Use {MIN_EXPIRATION_TTL} or more. For a shorter "
            f"lifetime, store a time in the value and compare it in the code.",
            data={"replace": str(MIN_EXPIRATION_TTL)},
        )
    elif seconds > INT32_MAX:
        in_seconds = digits(number // 1000)
        yield Finding(
            place(call, value),
            f"{named(call, option)} is {shown(value)}, and the maximum is {INT32_MAX}: "
            f"{call.title} throws. A TTL is in seconds; these milliseconds are {in_seconds}.",
            data={"replace": in_seconds, "divide": 1000},
        )


def _sometimes(call: KvCall, value: Value, number: float) -> Iterator[Finding]:
    """Report a default or a bound that put() rejects."""
    if whole(number) < MIN_EXPIRATION_TTL:
        yield Finding(
            place(call, value),
            f"expirationTtl is {digits(number)} or less here in some cases, and the minimum is "
            f"{MIN_EXPIRATION_TTL} seconds: {call.title} throws then. Use "
            f"{MIN_EXPIRATION_TTL} or more.",
        )


RULE = CallRule(
    "ttl-out-of-range",
    "error",
    "A TTL is below 60 seconds or above the limit of put()",
    frozenset({"put"}),
    _check,
    in_seconds,
)
