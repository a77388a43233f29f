"""The result of a list used as an array. Runtime: TypeError "… is not iterable".

## What
What `list()` returns is iterated, spread, or used like an array: `for (const key of await
env.KV.list())`, `page.map(…)`, `page.length`.

## Why
`list()` returns an object, `{ keys, list_complete, cursor }`, which isn't iterable and has no
methods of arrays: the loop throws `TypeError: … is not iterable`, and `page.length` is undefined.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    for (const key of await env.KV.list({ prefix: "cart:", limit: 10 })) {
      console.log(key.name);
    }
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    for (const key of (await env.KV.list({ prefix: "cart:", limit: 10 })).keys) {
      console.log(key.name);
    }
  },
};
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.config.edit import Edit
from kvlens.js.calls import KvCall
from kvlens.js.scopes import is_assigned
from kvlens.js.syntax import callee, outer
from kvlens.js.tree import is_field
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
from kvlens.lint.source_fix_helpers import given, node_at, opening_parenthesis

if TYPE_CHECKING:
    from tree_sitter import Node

_OF_ARRAYS = {
    *("at", "concat", "every", "filter", "find", "findIndex", "findLast", "flatMap", "forEach"),
    *("includes", "indexOf", "join", "length", "map", "pop", "push", "reduce", "reverse", "shift"),
    *("slice", "some", "sort", "splice", "toSorted"),
}
_ITERATING = ("Array.from", "Set", "Map", "Promise.all")


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    result = _result(call)
    if result is not None:
        for node in _used(call, result):
            use = _use(call, node)
            if use is not None:
                yield Finding(
                    call.source.span(node),
                    f"{call.title} returns an object, which {use}. The page's keys are in its "
                    f"property keys.",
                    data={"keys": True},
                )
    elif call.fate == "kept" and _is_iterated(outer(call.node)):
        yield Finding(
            call.span,
            f"{call.title} returns a promise of an object, which isn't iterable: the code throws. "
            f"Await it; the page's keys are in its property keys.",
            data={"keys": True, "await": True} if call.is_in_async else None,
        )


def _result(call: KvCall) -> Node | None:
    """Return the expression that is the awaited result, with its parentheses."""
    if call.prefix == "await":
        return outer(call.node)
    parent = outer(call.node).parent
    return outer(parent) if parent is not None and parent.type == "await_expression" else None


def _used(call: KvCall, result: Node) -> Iterator[Node]:
    """Yield the result where it is used, also by the name of a variable that only holds it."""
    yield result
    names, declarator = call.source.names, result.parent
    if declarator is None or declarator.type != "variable_declarator":
        return
    name = declarator.child_by_field_name("name")
    declared = names.resolve(name) if name is not None and name.type == "identifier" else None
    if declared is None or declared.origin != declarator or is_assigned(names, declared):
        return  # nor is it followed if it is declared again, to hold other results
    uses = names.references(declared)
    if not any(_function(call, use) == "Array.isArray" for use in uses):
        yield from uses


def _use(call: KvCall, node: Node) -> str | None:
    """Return what is wrong with a use of the result, if anything."""
    here = outer(node)
    parent = here.parent
    if parent is None:
        return None
    if parent.type == "variable_declarator":
        name = parent.child_by_field_name("name")
        is_array = name is not None and name.type == "array_pattern"
        return "isn't iterable: this throws" if is_array else None
    if parent.type == "member_expression" and is_field(parent, "object", here):
        name = parent.child_by_field_name("property")
        word = call.source.text_of(name) if name is not None else ""
        return f"has no {word}, as arrays have" if word in _OF_ARRAYS else None
    if parent.type == "subscript_expression" and is_field(parent, "object", here):
        index = parent.child_by_field_name("index")
        is_number = index is not None and index.type == "number"
        return "has no items" if is_number else None
    if _is_iterated(here) or _function(call, here) in _ITERATING:
        return "isn't iterable: this throws"
    return None


def _is_iterated(node: Node) -> bool:
    parent = node.parent
    if parent is None:
        return False
    if parent.type == "for_in_statement":
        is_of = any(child.type == "of" for child in parent.children)
        return is_of and is_field(parent, "right", node)
    holder = parent.parent if parent.type == "spread_element" else None
    return holder is not None and holder.type in ("array", "arguments")


def _function(call: KvCall, node: Node) -> str:
    """Return the function that gets an expression as its first argument, as it is written."""
    parent = outer(node).parent
    whole = parent.parent if parent is not None and parent.type == "arguments" else None
    if parent is None or whole is None or parent.named_children[0].id != outer(node).id:
        return ""
    function = callee(whole)
    return call.source.text_of(function) if function is not None else ""


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    if not given(problem, "keys"):
        return
    source = context.analysis.source
    text, node = source.text[slice(*problem.span)], node_at(source, problem.span)
    opening = opening_parenthesis(source, node) if node is not None else "("
    if given(problem, "await"):
        text = f"{opening}await {text})"
    elif node is None or node.type not in ("identifier", "parenthesized_expression"):
        text = f"{opening}{text})"
    yield Fix("Use its keys", (Edit(problem.span, f"{text}.keys"),))


RULE = CallRule(
    "list-not-array",
    "error",
    "The result of a list is used as an array",
    frozenset({"list"}),
    _check,
    _fixes,
)
