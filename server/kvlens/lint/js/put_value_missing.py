"""put() of undefined or null: the runtime stores the word, and Miniflare 2 throws.

## What
`put()` gets `undefined` or `null` as its value, or no value at all.

## Why
The runtime stores the text `undefined` or `null`, which is truthy when you read it back. Miniflare
2 throws.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.put("cart:1", null);
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.delete("cart:1");
  },
};
```
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.js.calls import KvCall
from kvlens.lint.base import CallRule, Context, Finding
from kvlens.lint.wording import place, quoted


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    value = call.stored
    if value is None and call.key is not None:
        yield Finding(
            call.method_span,
            f"{call.title} has a key but no value. Pass a value; it can be an empty string.",
        )
    elif value is not None and value.kind in ("undefined", "null"):
        word = value.kind
        yield Finding(
            place(call, value),
            f"The value is {word}, and the runtime stores the text {quoted(word)}; Miniflare 2 "
            "throws. To remove the key, use delete(). To store an empty value, pass an empty "
            "string.",
        )


RULE = CallRule(
    "put-value-missing",
    "warning",
    "put() is called with undefined, null or no value",
    frozenset({"put"}),
    _check,
)
