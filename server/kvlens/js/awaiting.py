"""Where the grammar of JavaScript allows `await`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.js.scopes import FUNCTIONS
from kvlens.js.tree import is_field

if TYPE_CHECKING:
    from tree_sitter import Node

_FIELDS = frozenset(("field_definition", "public_field_definition"))


def may_await(node: Node) -> bool:
    """Return whether `await` is allowed at a node: in an async function's body, or outside of all.

    Not in a parameter's default, in the value of a class field or in a static block, whatever is
    around them (ECMAScript, early errors of "Async Function Definitions" and "Class Definitions").
    """
    here = node
    while (parent := here.parent) is not None:
        if parent.type in FUNCTIONS and not is_field(parent, "name", here):
            is_body = is_field(parent, "body", here)
            return is_body and any(child.type == "async" for child in parent.children)
        if parent.type == "class_static_block":
            return False
        if parent.type in _FIELDS and is_field(parent, "value", here):
            return False
        here = parent
    return True
