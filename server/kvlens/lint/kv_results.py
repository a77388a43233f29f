"""Which call of KV an expression has the awaited result of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.js.analysis import Analysis
from kvlens.js.calls import KvCall
from kvlens.js.syntax import callee, first_parameter, plain
from kvlens.js.tree import ancestor

if TYPE_CHECKING:
    from tree_sitter import Node

_EACH = {"map", "forEach", "filter", "some", "every", "find", "flatMap"}
_CALLBACKS = {"arrow_function", "function_expression"}


def result_of(analysis: Analysis, node: Node) -> tuple[KvCall, bool] | None:
    """Return the call that an expression is the result of, and whether it is that of its `keys`."""
    node, is_keys = plain(node), False
    if node.type == "member_expression":
        base, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        is_keys = name is not None and analysis.source.text_of(name) == "keys"
        if base is None or not is_keys:
            return None
        node = plain(base)
    declared = analysis.source.names.resolve(node) if node.type == "identifier" else None
    if declared is not None:
        start = declared.origin.child_by_field_name("value")
        if declared.kind != "const" or declared.path not in ((), ("keys",)) or start is None:
            return None
        node, is_keys = plain(start), is_keys or bool(declared.path)
    if node.type == "await_expression":
        node = plain(node.named_children[-1])
    made = analysis.call_of(node) if node.type == "call_expression" else None
    is_awaited = made is not None and (made.fate == "awaited" or made.prefix == "await")
    return (made, is_keys) if made is not None and is_awaited else None


def is_listed_key(analysis: Analysis, node: Node) -> bool:
    """Return whether a variable is an element of the keys of a list: an object with the name."""
    node = plain(node)
    declared = analysis.source.names.resolve(node) if node.type == "identifier" else None
    if declared is None:
        return False
    listed: Node | None = None
    loop = declared.node.parent
    if loop is not None and loop.type == "for_in_statement":
        word, is_of = loop.child_by_field_name("kind"), any(c.type == "of" for c in loop.children)
        if word is not None and word.type == "const" and is_of:
            listed = loop.child_by_field_name("right")
    elif declared.kind == "parameter" and not declared.path:
        listed = _walked(analysis, declared.node)
    found = result_of(analysis, listed) if listed is not None else None
    return found is not None and found[1] and found[0].method == "list"


def _walked(analysis: Analysis, parameter: Node) -> Node | None:
    """Return the array whose elements the first parameter of a callback gets."""
    function = ancestor(parameter, _CALLBACKS)
    if function is None or first_parameter(function) != parameter:
        return None
    arguments = function.parent
    call = arguments.parent if arguments is not None and arguments.type == "arguments" else None
    member = callee(call) if call is not None else None
    name = member.child_by_field_name("property") if member is not None else None
    if member is None or name is None or analysis.source.text_of(name) not in _EACH:
        return None
    return member.child_by_field_name("object")
