"""put() of a value that it can't store. Runtime: TypeError "KV put() accepts only strings, …".

## What
`put()` gets an object, an array, a Map, a Date, a Blob, a function or a similar value.

## Why
The call throws `KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams
as values.`

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const cart = { items: [] };
    await env.KV.put("cart:1", cart);
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const cart = { items: [] };
    await env.KV.put("cart:1", JSON.stringify(cart));
  },
};
```
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.js.calls import KvCall
from kvlens.js.constant_evaluator import Value
from kvlens.lint.base import CallRule, Context, Finding
from kvlens.lint.source_fix_helpers import wrapped
from kvlens.lint.wording import place

# Platform classes that are neither bytes nor a stream.
_CLASSES = {
    "Map", "Set", "WeakMap", "WeakSet", "Date", "Error", "RegExp", "Object", "Array", "URL",
    "URLSearchParams", "FormData", "Headers", "Request", "Response", "Blob", "File", "Promise",
}  # fmt: skip
_BODIES = {"Request", "Response", "Blob", "File"}


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    value = call.stored
    what = _named(value) if value is not None else None
    if value is None or what is None:
        return
    if value.kind == "function":
        way_out = "Store what it returns."
    elif value.kind == "instance" and value.value in _BODIES:
        way_out = "Store its arrayBuffer() or text()."
    else:
        way_out = "Store the text that JSON.stringify() returns, and read it with the type json."
    yield Finding(
        place(call, value),
        f"The value is {what}, and put() accepts only strings, ArrayBuffers, their views and "
        f"streams: {call.title} throws. {way_out}",
        data={"wrap": "JSON.stringify"} if value.kind in ("object", "array") else None,
    )


def _named(value: Value) -> str | None:
    if value.kind == "instance":
        return f"a {value.value}" if value.value in _CLASSES else None
    return {"object": "an object", "array": "an array", "function": "a function"}.get(value.kind)


RULE = CallRule(
    "put-value-type",
    "error",
    "put() is called with an object, an array or another value that it can't store",
    frozenset({"put"}),
    _check,
    wrapped,
)
