"""A bulk get of too many keys, or of none. Runtime: 400 "You can request a maximum of 100 keys".

## What
A `get()` or `getWithMetadata()` with an array asks for more than 100 keys, or for none.

## Why
The call throws `You can request a maximum of 100 keys` or `You must request a minimum of 1 key`.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const values = await env.KV.get([]);
    return Response.json([...values]);
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const values = await env.KV.get(["cart:1", "cart:2"]);
    return Response.json([...values]);
  },
};
```
"""

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
