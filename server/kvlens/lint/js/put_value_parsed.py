"""put() of parsed JSON: it throws unless the JSON is a string.

## What
`put()` gets what `JSON.parse()`, `await request.json()` or `get(key, "json")` returned, without
`JSON.stringify()`. It isn't reported if the code checks or declares that the value is a string.

## Why
Parsed JSON is almost always an object or an array, and `put()` throws for both. `get(key, "json")`
parses the value when you read it, but nothing turns it into text when you store it.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const cart = await request.json();
    await env.KV.put("cart:1", cart);
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const cart = await request.json();
    await env.KV.put("cart:1", JSON.stringify(cart));
  },
};
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.calls import KvCall
from kvlens.js.constants.values import Value
from kvlens.js.syntax import plain
from kvlens.lint.base import CallRule, Context, Finding
from kvlens.lint.source_fix_helpers import wrapped
from kvlens.lint.wording import place

if TYPE_CHECKING:
    from tree_sitter import Node

_SAYS_STRING = re.compile(r"\b(?:string|String)\b")


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    value = call.stored
    if value is None or not (value.kind == "parsed" or _is_read_as_json(call, value, context)):
        return
    if _is_string(call, value.node):
        return
    yield Finding(
        place(call, value),
        f"The value is parsed JSON, and put() doesn't accept objects and arrays: {call.title} "
        "throws unless it's a string. Store the text that JSON.stringify() returns.",
        data={"wrap": "JSON.stringify"},
    )


def _is_read_as_json(call: KvCall, value: Value, context: Context) -> bool:
    """Return whether the value is what a get() of one key with the type json returned."""
    start = _start(call, value.node)
    if start is None:
        return False
    inner = plain(start)
    if inner.type == "await_expression" and inner.named_children:
        inner = plain(inner.named_children[-1])
    read = context.analysis.call_of(inner)
    if read is None or read.method != "get" or read.fate != "awaited" or read.options is None:
        return False
    if read.key is None or read.key.kind == "array":
        return False
    kind = read.option("type")
    return "json" in (read.options.value, kind.value.value if kind is not None else None)


def _start(call: KvCall, node: Node) -> Node | None:
    """Return the expression, or what the constant was set to."""
    inner = plain(node)
    if inner.type != "identifier":
        return inner
    declared = call.source.names.resolve(inner)
    if declared is None or declared.kind != "const" or declared.path:
        return None
    return declared.origin.child_by_field_name("value")


def _is_string(call: KvCall, node: Node) -> bool:
    """Return whether the code says somewhere that a value is a string."""
    if _SAYS_STRING.search(call.source.text_of(node)):
        return True
    inner = plain(node)
    if inner.type != "identifier":
        return False
    declared = call.source.names.resolve(inner)
    if declared is None:
        return False
    if _SAYS_STRING.search(call.source.text_of(declared.origin)):
        return True
    for use in call.source.names.references(declared):
        parent = use.parent
        if parent is not None and parent.type == "unary_expression":
            operator = parent.child_by_field_name("operator")
            if operator is not None and operator.type == "typeof":
                return True
    return False


RULE = CallRule(
    "put-value-parsed",
    "warning",
    "put() is called with parsed JSON, which may be an object",
    frozenset({"put"}),
    _check,
    wrapped,
)
