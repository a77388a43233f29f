"""Promises that are used like the value that they give."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kvlens.js.analysis import Analysis
from kvlens.js.calls import KvCall
from kvlens.js.syntax import callee, outer
from kvlens.js.tree import is_field
from kvlens.lint.source_fix_helpers import PROMISE_METHODS

if TYPE_CHECKING:
    from tree_sitter import Node

_WANT_VALUES = {
    "JSON.parse", "JSON.stringify", "parseInt", "parseFloat", "Number", "String", "atob",
    "Response", "Response.json",
}  # fmt: skip
_HONO = re.compile(r"(?:c|ctx|context)\.(?:json|text|body)\Z")
_LOGICAL = ("&&", "||", "??")
_OF_OBJECTS = ("in", "instanceof")
_OF_VALUES = ("!", "typeof", "-", "+", "~")
_CONDITIONAL = {"if_statement", "while_statement", "do_statement", "ternary_expression"}
_NESTING = ("object", "pair", "array")


def is_taken_for_value(call: KvCall, analysis: Analysis) -> bool:
    """Return whether code uses the promise of a call as if it were the value."""
    here = outer(call.node)
    parent = here.parent
    function = callee(call.node)
    if parent is None or function is None:
        return False
    optional = "?." in call.source.text_of(function)
    if parent.type != "variable_declarator":
        return _wants_value(analysis, here, optional=optional)
    name = parent.child_by_field_name("name")
    if name is None:
        return False
    if name.type in ("object_pattern", "array_pattern"):
        return True  # a promise has none of the properties of a result, and isn't iterable
    names = call.source.names
    declared = names.resolve(name) if name.type == "identifier" else None
    if declared is None or declared.kind != "const":
        return False
    uses = names.references(declared)
    if any(_is_negated(use) for use in uses):
        return True  # a promise is never missing
    return bool(uses) and all(_wants_value(analysis, use, optional=optional) for use in uses)


def _is_negated(node: Node) -> bool:
    parent = outer(node).parent
    operator = parent.child_by_field_name("operator") if parent is not None else None
    if parent is None or operator is None:
        return False
    if parent.type == "unary_expression":
        return operator.type == "!"
    right = parent.child_by_field_name("right")
    return operator.type in ("==", "===") and right is not None and right.type == "null"


def _wants_value(analysis: Analysis, node: Node, *, optional: bool) -> bool:
    """Return whether a promise makes no sense in an expression.

    `optional`: it may be undefined instead, so that `kv?.get("k") ?? null` makes sense.
    """
    source = analysis.source
    here = outer(node)
    parent = here.parent
    nested = False
    while parent is not None and parent.type in _NESTING:
        nested, here, parent = True, parent, parent.parent
    if nested and (parent is None or parent.type != "arguments"):
        return False
    if parent is None:
        return False
    kind = parent.type
    if kind == "member_expression":
        name = parent.child_by_field_name("property")
        return name is not None and source.text_of(name) not in PROMISE_METHODS
    if kind == "template_substitution":
        return True
    if kind == "spread_element":
        return not nested
    if kind == "unary_expression":
        operator = parent.child_by_field_name("operator")
        return operator is not None and operator.type in _OF_VALUES
    if _is_condition(parent, here):
        return True
    if kind == "binary_expression":
        operator = parent.child_by_field_name("operator")
        if operator is None or operator.type in _OF_OBJECTS:
            return False
        if operator.type in _LOGICAL and is_field(parent, "right", here):
            whole = outer(parent)
            return whole.parent is not None and _is_condition(whole.parent, whole)
        return operator.type not in _LOGICAL or not optional
    if kind == "arguments" and parent.parent is not None:
        function = callee(parent.parent)
        if function is None or parent.parent.type not in ("call_expression", "new_expression"):
            return False
        text = source.text_of(function)
        if not nested and analysis.call_of(parent.parent) is not None:
            return True  # a key or a value
        return text in _WANT_VALUES or bool(_HONO.match(text))
    return False


def _is_condition(parent: Node, here: Node) -> bool:
    """Return whether an expression is what a statement or `? :` tests."""
    if parent.type == "switch_statement":
        return is_field(parent, "value", here)
    return parent.type in _CONDITIONAL and is_field(parent, "condition", here)
