"""Tests for a missing binding that only throw an error: `if (!env.CARTS) throw new Error("…")`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kvlens.js.scopes import FUNCTIONS
from kvlens.js.syntax import Source, outer
from kvlens.js.tree import ancestor, is_field

if TYPE_CHECKING:
    from tree_sitter import Node

_ERROR = re.compile(
    r"throw\s+(?:new\s+)?(?:\w*(?:Config|Binding|Env)\w*|Type|Range|Reference)?Error\("
)
_EMPTY = ("null", "undefined")


def only_throws(source: Source, node: Node) -> bool:
    """Return whether the test of a value that is here does nothing but throw an error.

    Other errors than the language's own may be an answer, such as `redirect()` of a framework.
    """
    here = outer(node)
    while (parent := here.parent) is not None and parent.type != "if_statement":
        operator = parent.child_by_field_name("operator")
        word = operator.type if operator is not None else ""
        is_negation = parent.type == "unary_expression" and word == "!" and here.type != parent.type
        is_empty = word in ("==", "===") and any(
            one.type in _EMPTY for one in parent.named_children
        )
        if not is_negation and not is_empty and word != "||":
            return False
        here = outer(parent)
    if parent is None or here.id == outer(node).id or not is_field(parent, "condition", here):
        return False
    if parent.child_by_field_name("alternative") is not None or _is_in_try(parent):
        return False
    body = parent.child_by_field_name("consequence")
    statements = [body] if body is not None else []
    if body is not None and body.type == "statement_block":
        statements = [child for child in body.named_children if child.type != "comment"]
    if not statements or _ERROR.match(source.text_of(statements[-1])) is None:
        return False
    return all(each.type == "expression_statement" for each in statements[:-1])


def _is_in_try(node: Node) -> bool:
    """Return whether a `catch` of the same function may handle an error."""
    around = ancestor(node, {"try_statement", *FUNCTIONS})
    while around is not None and around.type == "try_statement":
        body = around.child_by_field_name("body")
        if body is not None and body.start_byte <= node.start_byte < body.end_byte:
            return True
        around = ancestor(around, {"try_statement", *FUNCTIONS})
    return False
