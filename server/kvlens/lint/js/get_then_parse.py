"""A value that is parsed after it is read, where `get(key, "json")` does both.

## What
`JSON.parse()` gets what `await env.KV.get(key)` returned, directly. It isn't reported if the code
has a default other than `"null"`, or a reviver, as the two aren't the same then.

## Why
`get(key, "json")` returns the parsed value, and null if the key doesn't exist, as
`JSON.parse(null)` does. It needs no cast, and it's clear that the value is JSON. This rule is off
by default, because both work.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const cart = JSON.parse(await env.KV.get("cart:1"));
    return Response.json(cart);
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const cart = await env.KV.get("cart:1", "json");
    return Response.json(cart);
  },
};
```

*Quick fix: writes that. In TypeScript it keeps the type `any`. `kvlens check --fix` applies it.*
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.config.edit import Edit
from kvlens.js.calls import KvCall
from kvlens.js.syntax import arguments_of, callee, outer, plain
from kvlens.js.tree import is_field
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
from kvlens.lint.source_fix_helpers import node_at

if TYPE_CHECKING:
    from tree_sitter import Node

_TIGHT = frozenset(("member_expression", "subscript_expression", "call_expression"))
_TYPED = (".ts", ".tsx", ".mts", ".cts")


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    parse = _parse_of(call)
    if parse is None or not _is_of_text(call):
        return
    yield Finding(
        call.source.span(parse),
        f"The value is read as text and then parsed. {call.title} with the type json does both: "
        'pass "json" as its second argument.',
    )


def _is_of_text(call: KvCall) -> bool:
    """Return whether a get reads one key as text, without other options."""
    key, options = call.key, call.options
    if key is None or key.kind in ("array", "undefined") or len(call.argument_nodes) > 2:
        return False
    if call.prefix or call.node.child_by_field_name("type_arguments") is not None:
        return False
    return options is None or (options.kind == "string" and options.value == "text")


def _parse_of(call: KvCall) -> Node | None:
    """Return the `JSON.parse()` that gets exactly what a call returns."""
    waited = outer(call.node).parent
    if waited is None or waited.type != "await_expression":
        return None
    here = outer(waited)
    parent = here.parent
    if parent is not None and parent.type == "binary_expression" and is_field(parent, "left", here):
        operator, right = (parent.child_by_field_name(name) for name in ("operator", "right"))
        if operator is None or right is None or operator.type != "??":
            return None
        if call.folder.value(right).value != "null":
            return None
        here = outer(parent)
        parent = here.parent
    parse = parent.parent if parent is not None and parent.type == "arguments" else None
    function = callee(parse) if parse is not None and parse.type == "call_expression" else None
    if parse is None or function is None or arguments_of(parse) != [here]:
        return None
    base = plain(function).child_by_field_name("object")
    is_global = base is not None and call.source.names.resolve(base) is None
    return parse if is_global and call.source.text_of(function) == "JSON.parse" else None


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    source = context.analysis.source
    parse = node_at(source, problem.span)
    call = context.analysis.call_of(_read_in(parse)) if parse is not None else None
    given = call.node.child_by_field_name("arguments") if call is not None else None
    if parse is None or call is None or given is None:
        return
    key = source.text_of(call.argument_nodes[0])
    get = source.text[call.span.start : source.span(given).start]
    types = "<any>" if source.path.endswith(_TYPED) else ""
    new = f'await {get}{types}({key}, "json")'
    is_tight = parse.parent is not None and parse.parent.type in _TIGHT
    edit = Edit(problem.span, f"({new})" if is_tight else new)
    yield Fix('Write get(key, "json")', (edit,), safe=True)


def _read_in(parse: Node) -> Node:
    """Return the call that a parsed value comes from."""
    node = plain(next(iter(arguments_of(parse)), parse))
    if node.type == "binary_expression":
        node = plain(node.child_by_field_name("left") or node)
    return plain(node.named_children[-1]) if node.type == "await_expression" else node


RULE = CallRule(
    "get-then-parse",
    "information",
    "A value is read as text and parsed, which get() can do",
    frozenset({"get"}),
    _check,
    _fixes,
    off_by_default=True,
)
