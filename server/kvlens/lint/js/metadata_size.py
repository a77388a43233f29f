"""Metadata over 1024 bytes. Runtime: 413 "Metadata length of … exceeds limit of 1024."

## What
The `metadata` of a `put()` has more than 1024 bytes as JSON, by what the code says of it: its
literals, constants, and texts that `repeat()` and `padEnd()` make.

## Why
The call throws `Metadata length of 2012 exceeds limit of 1024.`

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const preview = "-".repeat(2000);
    await env.KV.put("page", await request.text(), { metadata: { preview } });
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const preview = "-".repeat(200);
    await env.KV.put("page", await request.text(), { metadata: { preview } });
  },
};
```
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from kvlens.js.calls import KvCall
from kvlens.js.constants.values import Value
from kvlens.kv.limits import MAX_METADATA_SIZE
from kvlens.lint.base import CallRule, Context, Finding
from kvlens.lint.wording import digits, place

_LEFT_OUT = ("undefined", "function")  # of an object's JSON
_DATE = 26  # bytes, with quotes


class _Size(NamedTuple):
    """The size of a value's JSON, in bytes."""

    least: int
    exact: bool = False


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    option = call.option("metadata")
    size = _size(option.value) if option is not None else _Size(0)
    if option is None or size.least <= MAX_METADATA_SIZE:
        return
    yield Finding(
        place(call, option.value),
        f"The metadata is {'' if size.exact else 'at least '}{size.least} bytes as JSON, and the "
        f"limit is {MAX_METADATA_SIZE}: {call.title} throws. Store most of it in the value, and "
        f"keep in the metadata what lists need.",
    )


def _size(value: Value) -> _Size:
    kind, what = value.kind, value.value
    if kind == "string":
        return _Size(_bytes(json.dumps(what, ensure_ascii=False)), exact=True)
    if kind == "text" and isinstance(what, float):
        return _Size(int(what) + 2)
    if kind == "number" and isinstance(what, float):
        return _Size(len(digits(what)), exact=True)
    if kind in ("null", "boolean"):
        return _Size(4, exact=kind == "null" or what is True)
    if kind == "object":
        return _size_of_object(value)
    if kind == "array":
        items = [_size(each) for each in value.items]
        least = sum(max(each.least, 1) for each in items) + max(len(items) - 1, 0) + 2
        return _Size(least, value.complete and all(each.exact for each in items))
    if kind == "instance":
        return _Size(_DATE if what == "Date" else 2)
    return _Size(0 if kind in ("unknown", *_LEFT_OUT) else 1)


def _size_of_object(value: Value) -> _Size:
    if "toJSON" in value.properties:
        return _Size(0)
    least, count, exact = 2, 0, value.complete
    for name, each in value.properties.items():
        inner = _size(each.value)
        exact = exact and (inner.exact or each.value.kind in _LEFT_OUT)
        if inner.least:  # what isn't known may be undefined
            least += _bytes(json.dumps(name, ensure_ascii=False)) + 1 + inner.least
            count += 1
    return _Size(least + max(count - 1, 0), exact)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


RULE = CallRule(
    "metadata-size",
    "error",
    "The metadata of put() has more than 1024 bytes",
    frozenset({"put"}),
    _check,
)
