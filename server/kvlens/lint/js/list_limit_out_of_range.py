"""A limit that list() rejects or ignores. Runtime: 400 "Invalid key_count_limit of …".

## What
`limit` of a `list()` is above 1000, below 1, or not a number.

## Why
Above 1000, the call throws `Invalid key_count_limit of 5000`. Today's runtime treats zero and
negative numbers as no limit, so a whole page comes back; Miniflare 2 throws.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const page = await env.KV.list({ prefix: "cart:", limit: 5000 });
    return Response.json(page.keys);
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const page = await env.KV.list({ prefix: "cart:", limit: 1000 });
    return Response.json(page.keys);
  },
};
```
"""

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
