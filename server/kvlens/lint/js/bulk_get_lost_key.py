"""Keys that are missing in the Map of a bulk get: those like array indexes, and __proto__.

Observed in workerd: it copies only the named properties of the response.

## What
A `get()` or `getWithMetadata()` with an array asks for a key that is a whole number, such as `"7"`,
or for `__proto__`.

## Why
The Map that the runtime returns has no entry for such a key, not even null: workerd builds it from
an object's properties and skips those that are indexes. A `get()` with a single key instead of an
array finds the value.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const carts = await env.KV.get(["7", "8"]);
    return Response.json([...carts]);
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const carts = await env.KV.get(["cart:7", "cart:8"]);
    return Response.json([...carts]);
  },
};
```
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
