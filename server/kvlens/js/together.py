"""What `Promise.all([…])` gives for one of its promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.js.scopes import Declaration
from kvlens.js.syntax import Source, callee, outer
from kvlens.js.tree import is_field

if TYPE_CHECKING:
    from tree_sitter import Node


def value_together(source: Source, promise: Node) -> Declaration | None:
    """Return the variable `value` of `const [value] = await Promise.all([promise])`."""
    item = outer(promise)
    array = item.parent
    given = outer(array).parent if array is not None and array.type == "array" else None
    call = given.parent if given is not None and given.type == "arguments" else None
    function = callee(call) if call is not None else None
    awaited = outer(call).parent if call is not None else None
    if array is None or awaited is None or function is None:
        return None
    if source.text_of(function) != "Promise.all" or awaited.type != "await_expression":
        return None
    holder = outer(awaited).parent
    if holder is None or not is_field(holder, "value", outer(awaited)):
        return None
    pattern = holder.child_by_field_name("name")
    if pattern is None or pattern.type != "array_pattern":
        return None
    before = [each for each in array.children if each.end_byte <= item.start_byte]
    if any(each.type == "spread_element" for each in before):
        return None
    variable = _item(pattern, sum(each.type == "," for each in before))
    is_name = variable is not None and variable.type == "identifier"
    return source.names.resolve(variable) if variable is not None and is_name else None


def _item(pattern: Node, place: int) -> Node | None:
    """Return an item of an array pattern, which may have holes."""
    for each in pattern.children:
        if place == 0 and each.is_named and each.type != "comment":
            return each
        place -= each.type == ","
    return None
