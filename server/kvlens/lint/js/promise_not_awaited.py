"""A call without `await`: the runtime may end the request before the call is done.

## What
A call is a statement on its own, without `await`, `return`, `void`, `then()` or `ctx.waitUntil()`.
Or its promise is used as if it were the value: in a condition, in a comparison, with a property of
the result, in `JSON.parse()`.

## Why
The Worker may end when the response is sent, so a write that nothing waits for may not happen, and
its failure goes unnoticed. A promise in a condition is always true. `void` before a call says that
you don't need to wait.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    env.KV.put("last-visit", request.url);
    return new Response("ok");
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    ctx.waitUntil(env.KV.put("last-visit", request.url));
    return new Response("ok");
  },
};
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.calls import METHODS, KvCall
from kvlens.js.syntax import outer
from kvlens.lint.base import CallRule, Context, Finding
from kvlens.lint.source_fix_helpers import awaited

if TYPE_CHECKING:
    from tree_sitter import Node

_OF_PROMISES = {"then", "catch", "finally"}
_WANT_VALUES = {"JSON.parse", "parseInt", "parseFloat", "Number", "String", "atob"}
_LEFT = ("&&", "||", "??", "in", "instanceof")


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    if call.fate == "dropped":
        effect = "the write" if call.method in ("put", "delete") else "the read"
        yield Finding(
            call.span,
            f"{call.title} isn't awaited: the runtime may stop before {effect} is done, and "
            f"errors are lost. Add await before it, or pass it to ctx.waitUntil().",
            data={"await": call.is_in_async},
        )
    elif call.fate not in ("awaited", "returned", "void") and _is_taken_for_value(call):
        yield Finding(
            call.span,
            f"{call.title} returns a promise, which is used here like the value. Add await before "
            f"it.",
            data={"await": call.is_in_async},
        )


def _is_taken_for_value(call: KvCall) -> bool:
    here = outer(call.node)
    parent = here.parent
    if parent is None:
        return False
    if parent.type != "variable_declarator":
        return _wants_value(call, here)
    name = parent.child_by_field_name("name")
    if name is None:
        return False
    if name.type == "object_pattern":
        return True  # a promise has none of the properties of a result
    names = call.source.names
    declared = names.resolve(name) if name.type == "identifier" else None
    if declared is None or declared.kind != "const":
        return False
    uses = names.references(declared)
    return bool(uses) and all(_wants_value(call, use) for use in uses)


def _wants_value(call: KvCall, node: Node) -> bool:
    """Return whether a promise makes no sense in an expression."""
    here = outer(node)
    parent = here.parent
    if parent is None:
        return False
    kind = parent.type
    if kind == "member_expression":
        name = parent.child_by_field_name("property")
        return name is not None and call.source.text_of(name) not in _OF_PROMISES
    if kind == "template_substitution":
        return True
    if kind == "unary_expression":
        operator = parent.child_by_field_name("operator")
        return operator is not None and operator.type == "!"
    if kind in ("if_statement", "while_statement", "ternary_expression"):
        condition = parent.child_by_field_name("condition")
        return condition is not None and condition.id == here.id
    if kind == "binary_expression":
        operator = parent.child_by_field_name("operator")
        return operator is not None and operator.type not in _LEFT
    if kind == "arguments" and parent.parent is not None:
        function = parent.parent.child_by_field_name("function")
        return function is not None and call.source.text_of(function) in _WANT_VALUES
    return False


RULE = CallRule(
    "promise-not-awaited",
    "warning",
    "The promise of a call isn't awaited",
    frozenset(METHODS),
    _check,
    awaited,
)
