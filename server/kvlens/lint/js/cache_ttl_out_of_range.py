"""A cacheTtl that get() rejects. Runtime: 400 "Invalid cache_ttl of …".

Since November 2025, the minimum is 30; Miniflare 2 requires 60. From 30 to 59, it depends, so
nothing is reported.

## What
`cacheTtl` of a `get()` or `getWithMetadata()` is below 30 seconds, above 2147483647, or not a
number.

## Why
The call throws `Invalid cache_ttl of 10`. The minimum was 60 seconds until November 2025 and is 30
seconds now; Miniflare 2 requires 60. From 30 to 59 it depends on the runtime, so these values
aren't reported.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const value = await env.KV.get("config", { cacheTtl: 10 });
    return new Response(value);
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const value = await env.KV.get("config", { cacheTtl: 60 });
    return new Response(value);
  },
};
```
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.js.calls import KvCall
from kvlens.kv.limits import INT32_MAX, MIN_CACHE_TTL, STRICT_MIN_CACHE_TTL
from kvlens.lint.base import CallRule, Context, Finding
from kvlens.lint.milliseconds import to_divide
from kvlens.lint.source_fix_helpers import in_seconds
from kvlens.lint.wording import as_zero, named, place, shown, whole


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    option = call.option("cacheTtl")
    if option is None:
        return
    value, number = option.value, option.value.number
    if value.kind == "null":
        yield Finding(
            place(call, value),
            f"cacheTtl is null, which counts as 0: {call.title} throws. Leave it out.",
        )
    if number is None and value.kind != "string":
        return
    seconds = whole(number) if number is not None else 0.0
    if number is not None and (zero := as_zero(number)):
        yield Finding(
            place(call, value),
            f"{named(call, option)} is {shown(value)}{zero}: {call.title} throws. The maximum is "
            f"{INT32_MAX} seconds.",
        )
    elif seconds < MIN_CACHE_TTL:
        yield Finding(
            place(call, value),
            f"{named(call, option)} is {shown(value)}, and the minimum is {MIN_CACHE_TTL} "
            f"seconds: {call.title} throws. Use {STRICT_MIN_CACHE_TTL} or more, which every "
            f"version of the runtime accepts, or remove it.",
            data={"replace": str(STRICT_MIN_CACHE_TTL)},
        )
    elif seconds > INT32_MAX:
        yield Finding(
            place(call, value),
            f"{named(call, option)} is {shown(value)}, and the maximum is {INT32_MAX}: "
            f"{call.title} throws. A cacheTtl is in seconds.",
            data=to_divide(value, seconds),
        )


RULE = CallRule(
    "cache-ttl-out-of-range",
    "error",
    "A cacheTtl is below 30 seconds or above the limit of get()",
    frozenset({"get", "getWithMetadata"}),
    _check,
    in_seconds,
)
