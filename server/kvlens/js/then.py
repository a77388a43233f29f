"""What a callback of `then()` gets: the value of a promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.js.scopes import FUNCTIONS, Declaration
from kvlens.js.syntax import Source, arguments_of, call_of, callee, first_parameter, outer, plain
from kvlens.js.tree import ancestor

if TYPE_CHECKING:
    from tree_sitter import Node


def value_of(source: Source, promise: Node) -> Declaration | None:
    """Return the parameter `value` of `promise.then((value) => …)`."""
    member = outer(promise).parent
    name = member.child_by_field_name("property") if member is not None else None
    if member is None or name is None or source.text_of(name) != "then":
        return None
    call = call_of(member)
    given = arguments_of(call) if call is not None else []
    function = plain(given[0]) if given else None
    first = first_parameter(function) if function is not None else None
    if function is None or function.type not in FUNCTIONS or first is None:
        return None
    return source.names.resolve(first) if first.type == "identifier" else None


def promise_of(source: Source, value: Declaration) -> Node | None:
    """Return the promise whose value a parameter is."""
    function = ancestor(value.node, FUNCTIONS) if value.kind == "parameter" else None
    given = outer(function).parent if function is not None else None
    call = given.parent if given is not None and given.type == "arguments" else None
    member = callee(call) if call is not None else None
    promise = member.child_by_field_name("object") if member is not None else None
    return promise if promise is not None and value_of(source, promise) == value else None
