"""What functions pass on: `cache(() => env.CARTS)`, and the project's `<T>(make: () => T) => T`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.values import Function, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow


def passed_on(flow: Flow, value: Value | None, name: str, given: list[Node]) -> Value | None:
    """Return what a call passes on of its arguments, for the function's value and its name.

    A function of a library is known by its name, one of the project by its types.
    """
    if not given:
        return None
    if isinstance(value, Function):
        return _by_types(flow, value, given)
    if name in conventions.MEMOISING:
        found = flow.value(given[0])
        return found if isinstance(found, Function) else None
    return None


def _by_types(flow: Flow, function: Function, given: list[Node]) -> Value | None:
    """Return the argument, or what it returns, that has the generic type of what is returned."""
    owner, node = function.flow, function.node
    names, kind = node.child_by_field_name("type_parameters"), _inner(node, "return_type")
    if names is None or kind is None:
        return None
    generic = {owner.text(each).split()[0] for each in names.named_children}
    if not any(owner.text(each) in generic for each in _types(kind)):
        return None
    for each, parameter in zip(given, _parameters(node), strict=False):
        by_type = _inner(parameter, "type")
        if by_type is None or each.type == "spread_element":
            return None
        if owner.text(by_type) == owner.text(kind):
            return flow.value(each)
        made = _inner(by_type, "return_type") if by_type.type == "function_type" else None
        if made is not None and owner.text(made) == owner.text(kind):
            return flow.members.returned(flow.value(each))
    return None


def _inner(node: Node, field: str) -> Node | None:
    """Return a type of a function or a parameter, without its colon."""
    kind = node.child_by_field_name(field)
    if kind is not None and kind.type == "type_annotation":
        return kind.named_children[0] if kind.named_children else None
    return kind


def _parameters(function: Node) -> list[Node]:
    every = function.child_by_field_name("parameters")
    return [each for each in every.named_children if each.type != "comment"] if every else []


def _types(kind: Node) -> Iterator[Node]:
    """Yield the names of types in a type."""
    waiting = [kind]
    while waiting:
        node = waiting.pop()
        if node.type == "type_identifier":
            yield node
        waiting += node.named_children
