"""What the type of a function says of its parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.syntax import outer
from kvlens.js.tree import ancestor
from kvlens.js.values import Env, Function, Generic, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow


def values_by_type(
    flow: Flow, value: Value | None, kind: Node, place: int
) -> Iterator[Value | None]:
    """Yield what the type of a function says of its parameter."""
    if isinstance(value, Function):
        found = annotated(value.flow, value.node, place)
        if found is not None:
            yield found
        return
    text = flow.text(kind).lstrip(": ")
    name = text.split("<")[0]
    if name in conventions.CONTEXT_FUNCTIONS and place == 0:
        inner = next((c for c in kind.named_children if c.type == "generic_type"), kind)
        yield Generic(flow, inner, "Context")
    elif name.startswith("ExportedHandler") and name.endswith("Handler") and place == 1:
        yield Env()


def annotated(flow: Flow, function: Node, place: int) -> Value | None:
    """Return what the annotation of a function's parameter says."""
    parameters = function.child_by_field_name("parameters")
    every = [
        each
        for each in (parameters.named_children if parameters is not None else ())
        if each.type != "comment"
    ]
    if place >= len(every):
        return None
    kind = every[place].child_by_field_name("type")
    return flow.types.value(kind) if kind is not None else None


def values_by_return_type(flow: Flow, function: Node, place: int) -> Iterator[Value | None]:
    """Yield what a function gets that another one returns: by that one's return type."""
    owner = ancestor(
        function,
        {"arrow_function", "function_declaration", "method_definition", "function_expression"},
    )
    kind = owner.child_by_field_name("return_type") if owner is not None else None
    if kind is not None:
        yield from values_by_type(flow, flow.types.value(kind), kind, place)


def cast_of(node: Node) -> Node | None:
    """Return the type that an expression is asserted to be of: `x satisfies T`."""
    parent = node.parent
    while parent is not None and parent.type == "parenthesized_expression":
        parent = parent.parent
    if parent is None or parent.type not in ("satisfies_expression", "as_expression"):
        return None
    return parent.named_children[-1]


def annotation_of(record: Node) -> Node | None:
    """Return the type of the variable that an object initializes."""
    parent = outer(record).parent
    if parent is None or parent.type != "variable_declarator":
        return None
    return parent.child_by_field_name("type")
