"""What functions return, by their types and their `return` statements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.annotations import typed
from kvlens.js.scopes import FUNCTIONS
from kvlens.js.values import NOTHING, OTHER, Env, Promised, Value, join, settled

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow

_MOST_RETURNS = 4_000  # nodes of a function that are searched for `return`
_NOT_RETURNING = {
    *FUNCTIONS,
    "class_declaration",
    "class",
    "expression_statement",
    "lexical_declaration",
    "variable_declaration",
    "interface_declaration",
}


def return_value(flow: Flow, function: Node) -> Value | None:
    """Return what a function returns, a promise if it is async."""
    return flow.once("returned", function, lambda: _return_value(flow, function))


def _return_value(flow: Flow, function: Node) -> Value | None:
    by_type: Value | None = None
    kind = function.child_by_field_name("return_type")
    if kind is not None:
        by_type = flow.types.value(kind)
    elif function.type in FUNCTIONS:
        by_type = flow.types.documented_return(function)
    is_async = any(child.type == "async" for child in function.children)
    if by_type in (OTHER, Promised(OTHER)) or isinstance(settled(by_type), Env):
        return by_type
    body = function.child_by_field_name("body")
    if body is None:
        return by_type
    if body.type != "statement_block":
        value = flow.value(body)
    else:
        value = join(flow.value(each) for each in _returns(body))
    if value == NOTHING:
        return by_type
    inner = typed(settled(value), settled(by_type)) if by_type is not None else settled(value)
    if by_type is not None and inner is None:
        return by_type
    if is_async or isinstance(value, Promised):
        return Promised(inner) if inner is not None else by_type
    return inner


def _returns(body: Node) -> Iterator[Node]:
    """Yield what a function's `return` statements return."""
    cursor = body.walk()
    left = _MOST_RETURNS
    while left:
        left -= 1
        node = cursor.node
        goes_in = node is not None and node.type not in _NOT_RETURNING
        if node is not None and node.type == "return_statement":
            value = next((c for c in node.named_children if c.type != "comment"), None)
            if value is not None:
                yield value
            goes_in = False
        if goes_in and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent() or cursor.depth == 0:
                return
