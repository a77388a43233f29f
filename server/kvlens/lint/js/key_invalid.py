"""A key that namespaces reject, or that isn't the intended one.

Runtime: TypeError "Key name cannot be empty.", "… is not allowed as a key name.", 414 above 512
bytes. A key that isn't a string is converted to one: "undefined", "[object Object]".

## What
A key is empty, is `.` or `..`, has more than 512 bytes in UTF-8, is missing, or isn't a string:
`undefined`, `null`, an object, an array in `put()`. A key is also too long if its fixed part alone
is: that of a template or a concatenation, or of `repeat()`, `padEnd()` and `join()`.

## Why
The runtime throws `Key name cannot be empty.`, `"." is not allowed as a key name.` or `UTF-8
encoded length of 513 exceeds key length limit of 512.` Other values are
converted to a string without an error, so the key `undefined` or `[object Object]` is read and
written.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.put("", "value");
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.put("value", "value");
  },
};
```
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.js.calls import KvCall
from kvlens.js.constants.values import Value
from kvlens.kv.limits import MAX_BULK_KEYS, MAX_KEY_SIZE
from kvlens.lint.base import CallRule, Context, Finding
from kvlens.lint.kv_results import is_listed_key
from kvlens.lint.wording import place, quoted

_METHODS = frozenset({"get", "getWithMetadata", "put", "delete"})
_NOT_KEYS = {
    "undefined": 'undefined, which becomes the key "undefined"',
    "null": 'null, which becomes the key "null"',
    "object": 'an object, which becomes the key "[object Object]"',
    "function": "a function, which becomes a key of its source text",
}


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    key = call.key
    if key is None:
        yield Finding(
            call.method_span,
            f"{call.title} has no key, and throws. Pass the key as the first argument.",
        )
        return
    if key.kind == "array":
        if call.method == "put":
            yield Finding(
                place(call, key),
                "The key is an array, which becomes one key with commas in it. "
                "put() writes one key: call it once for each key.",
            )
        elif call.method != "delete":  # it has its own rule
            for item in key.items[:MAX_BULK_KEYS]:
                yield from _wrong(call, item)
        return
    if key.kind == "unknown" and is_listed_key(context.analysis, key.node):
        yield Finding(
            place(call, key),
            f'The key is an object of list(), which becomes the key "[object Object]". Pass its '
            f"name to {call.title}: {call.source.text_of(key.node)}.name.",
        )
        return
    yield from _wrong(call, key)


def _wrong(call: KvCall, key: Value) -> Iterator[Finding]:
    if key.kind == "text" and isinstance(key.value, float) and key.value > MAX_KEY_SIZE:
        yield Finding(place(call, key), _too_long(call, f"at least {key.value:.0f}"))
    elif key.kind in _NOT_KEYS:
        yield Finding(
            place(call, key),
            f"The key is {_NOT_KEYS[key.kind]}: a key is a string. Pass the name of the key to "
            f"{call.title}.",
        )
    elif key.kind == "string" and isinstance(key.value, str):
        size = len(key.value.encode("utf-8", "replace"))
        if not key.value:
            message = f"The key is empty, and {call.title} throws. Give it a name."
        elif key.value in (".", ".."):
            message = (
                f"{quoted(key.value)} isn't allowed as a key name, and {call.title} throws. Add a "
                f"prefix or a suffix."
            )
        elif size > MAX_KEY_SIZE:
            message = _too_long(call, str(size))
        else:
            return
        yield Finding(place(call, key), message)


def _too_long(call: KvCall, size: str) -> str:
    return (
        f"The key is {size} bytes in UTF-8, and the limit is {MAX_KEY_SIZE}: {call.title} throws. "
        f"Shorten it, or hash the long part."
    )


RULE = CallRule(
    "key-invalid",
    "error",
    "A key is empty, reserved, too long or not a string",
    _METHODS,
    _check,
)
