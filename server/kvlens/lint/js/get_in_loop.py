"""Single gets of many keys, where one bulk get reads up to 100 of them.

## What
A loop over keys awaits a `get()` of each, as in `for (const key of keys) await env.KV.get(key)` and
`Promise.all(keys.map((key) => env.KV.get(key)))`. It isn't reported if the loop ends early, if the
get depends on a condition or on something else that the loop computes, if a key may already be an
array of keys, or if it reads a stream or an `ArrayBuffer`, which a bulk get doesn't return.

## Why
Each `get()` is a request: one after another they are slow, and all of them count toward the limit
of operations that a Worker has for each request. `get()` with an array of up to 100 keys is a
single operation. This rule is off by default, because a few keys are read fast enough either way.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const keys = ["cart:ann", "cart:bob"];
    const carts = await Promise.all(keys.map((key) => env.KV.get(key)));
    return Response.json(carts);
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const keys = ["cart:ann", "cart:bob"];
    const carts = await env.KV.get(keys);
    return Response.json(Object.fromEntries(carts));
  },
};
```

*Quick fix: reads the keys of `Promise.all(keys.map((key) => env.KV.get(key)))` with one get. It
doesn't split more than 100 keys.*
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from kvlens.config.edit import Edit
from kvlens.js.calls import KvCall
from kvlens.js.scopes import FUNCTIONS, Scopes
from kvlens.js.syntax import Source, arguments_of, callee, outer, plain
from kvlens.js.tree import is_field
from kvlens.kv.limits import MAX_BULK_KEYS
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
from kvlens.memo import memo

if TYPE_CHECKING:
    from tree_sitter import Node

_TOGETHER = ("Promise.all", "Promise.allSettled")
_CONDITIONS = frozenset(
    (
        "if_statement", "switch_statement", "ternary_expression", "try_statement",
        "for_statement", "for_in_statement", "while_statement", "do_statement",
    )
)  # fmt: skip
_LEAVING = frozenset(("break_statement", "return_statement", "throw_statement"))
_WAITING = frozenset(("await_expression", "yield_expression"))
_BULK = ("text", "json")
_GROUPS = re.compile(r"chunk|batch|group|slice|page|part|bulk", re.IGNORECASE)
_SEVERAL = re.compile(rf"{_GROUPS.pattern}|list|set|array|s\Z", re.IGNORECASE)


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    loop = _loop(call)
    if loop is None or not _is_bulk_able(call):
        return
    key = call.argument_nodes[0]
    if not _follows(call, key, loop) or _may_be_several(call, key, loop):
        return
    yield Finding(
        call.span,
        f"Each {call.title} of this loop is a request of its own. Call {call.method}() once with "
        f"an array of up to {MAX_BULK_KEYS} keys: it returns a Map.",
    )


def _is_bulk_able(call: KvCall) -> bool:
    """Return whether a get of several keys takes what this one takes."""
    key, options = call.key, call.options
    if key is None or key.kind == "array" or len(call.argument_nodes) > 2:
        return False
    if options is None:
        return True
    if options.kind == "string":
        return options.value in _BULK
    kind = call.option("type")
    is_known = options.kind == "object" and options.complete
    return is_known and (kind is None or kind.value.value in _BULK)


def _may_be_several(call: KvCall, key: Node, loop: Node) -> bool:
    """Return whether a key may be an array of keys already, by the names in the code."""
    inner = plain(key)
    if inner.type != "identifier":
        return False
    mapped = _together(loop)
    keys = loop.child_by_field_name("right") if mapped is None else mapped[0]
    if keys is not None and _GROUPS.search(call.source.text_of(keys)):
        return True
    return bool(_SEVERAL.search(call.source.text_of(inner)))


def _loop(call: KvCall) -> Node | None:
    """Return the loop, or the function for each key, that reads a key each time it runs."""
    here = outer(call.node)
    while (parent := here.parent) is not None:
        if parent.type in FUNCTIONS:
            return parent if _is_for_each_key(call, parent) else None
        if parent.type == "for_in_statement" and is_field(parent, "body", here):
            is_of = any(child.type == "of" for child in parent.children)
            waits = any(child.type == "await" for child in parent.children)
            is_awaited = call.fate == "awaited"
            body = here
            return (
                parent
                if is_of and is_awaited and not waits and not _once(call, body, _leaves)
                else None
            )
        if parent.type in _CONDITIONS or _is_right_of_condition(parent, here):
            return None
        here = parent
    return None


def _is_for_each_key(call: KvCall, function: Node) -> bool:
    """Return whether this is the function in `Promise.all(keys.map(…))`."""
    together = _together(function) if call.fate in ("awaited", "returned") else None
    if together is None or _name_of(call, together[1]) not in _TOGETHER:
        return False
    return not _once(call, function, _leaves_early)


def _together(function: Node) -> tuple[Node, Node] | None:
    """Return `keys.map` and `Promise.all(keys.map(…))` around the function for each key."""
    mapped = _call_with(function)
    name = callee(mapped) if mapped is not None else None
    together = _call_with(mapped) if mapped is not None else None
    word = name.child_by_field_name("property") if name is not None else None
    if name is None or together is None or word is None or word.text != b"map":
        return None
    return name, together


def _call_with(argument: Node) -> Node | None:
    """Return the call whose first argument an expression is."""
    here = outer(argument)
    call = here.parent.parent if here.parent is not None else None
    is_call = call is not None and call.type == "call_expression"
    return call if call is not None and is_call and arguments_of(call)[:1] == [here] else None


def _name_of(call: KvCall, other: Node) -> str:
    function = callee(other)
    return call.source.text_of(function) if function is not None else ""


def _once(call: KvCall, node: Node, look: Callable[[Node], bool]) -> bool:
    """Look at a loop or function once: it may be around many calls."""
    known = _known(call.source)
    if node.id not in known:
        known[node.id] = look(node)
    return known[node.id]


@memo
def _known(source: Source) -> dict[int, bool]:
    """Return what was found out about the loops and functions of a source, to add to."""
    return {}


def _leaves_early(function: Node) -> bool:
    """Return whether a function has another `return` before its last statement, or throws."""
    body = function.child_by_field_name("body")
    if body is None or body.type != "statement_block" or not body.named_children:
        return False
    last = body.named_children[-1]
    return any(_leaves(child) for child in body.named_children if child != last)


def _leaves(node: Node) -> bool:
    """Return whether a statement may end the loop or function around it."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one.type in _LEAVING:
            return True
        waiting += [child for child in one.named_children if child.type not in FUNCTIONS]
    return False


def _is_right_of_condition(parent: Node, here: Node) -> bool:
    operator = parent.child_by_field_name("operator")
    if parent.type != "binary_expression" or operator is None:
        return False
    return operator.type in ("&&", "||", "??") and is_field(parent, "right", here)


def _follows(call: KvCall, key: Node, loop: Node) -> bool:
    """Return whether a key is made of what the loop goes through, and of nothing else in it."""
    names = call.source.names
    is_of_loop = False
    waiting = [key]
    while waiting:
        node = waiting.pop()
        if node.type in _WAITING or node.type in FUNCTIONS:
            return False
        waiting += node.named_children
        if node.type != "identifier":
            continue
        declared = names.resolve(node)
        if declared is None:
            continue
        if _is_variable_of(loop, declared.node):
            is_of_loop = True
        elif loop.start_byte <= declared.node.start_byte < loop.end_byte:
            return False  # what the loop computes
        elif declared.kind in ("let", "var") and _is_set_in(names, node, loop):
            return False
    return is_of_loop


def _is_variable_of(loop: Node, name: Node) -> bool:
    """Return whether a loop or function declares this as its variable or first parameter."""
    if loop.type == "for_in_statement":
        holder = loop.child_by_field_name("left")
    else:
        parameters = loop.child_by_field_name("parameters")
        holder = loop.child_by_field_name("parameter")
        if parameters is not None and parameters.named_children:
            holder = parameters.named_children[0]
    return holder is not None and holder.start_byte <= name.start_byte < holder.end_byte


def _is_set_in(names: Scopes, node: Node, loop: Node) -> bool:
    declared = names.resolve(node)
    for use in names.references(declared) if declared is not None else ():
        parent = use.parent
        if parent is None or not loop.start_byte <= use.start_byte < loop.end_byte:
            continue
        if parent.type.endswith(("assignment_expression", "update_expression")):
            left = parent.child_by_field_name("left")
            if left is None or left == use:
                return True
    return False


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    """Read the keys of `Promise.all(keys.map((key) => KV.get(key)))` with one get."""
    call = context.analysis.call_at(problem.span)
    function = _loop(call) if call is not None else None
    together = _together(function) if function is not None else None
    if call is None or function is None or together is None:
        return
    body = function.child_by_field_name("body")
    key, keys = plain(call.argument_nodes[0]), together[0].child_by_field_name("object")
    inner = plain(body) if body is not None else None
    if inner is not None and inner.type == "await_expression":
        inner = plain(inner.named_children[-1])
    if inner != call.node or keys is None or keys.type != "identifier":
        return  # it does more than a get
    declared = call.source.names.resolve(key) if key.type == "identifier" else None
    if declared is None or declared.path or not _is_variable_of(function, declared.node):
        return
    source = call.source
    if _name_of(call, together[1]) != "Promise.all" or source.names.occurrences("found"):
        return
    many = source.text_of(keys)
    (start, end), (first, last) = call.span, source.span(call.argument_nodes[0])
    get = f"{source.text[start:first]}{many}{source.text[last:end]}"
    new = f"{get}.then((found) => {many}.map((key) => found.get(key) ?? null))"
    yield Fix("Read all keys with one get()", (Edit(source.span(together[1]), new),))


RULE = CallRule(
    "get-in-loop",
    "information",
    "A loop gets keys one by one, which one bulk get reads",
    frozenset({"get", "getWithMetadata"}),
    _check,
    _fixes,
    off_by_default=True,
)
