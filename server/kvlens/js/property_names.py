"""The names of members that keys and expressions stand for: `"a"`, `[NAME]`, `[x ? "a" : "b"]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.js.constants.literals import string_text
from kvlens.js.scopes import Declaration
from kvlens.js.syntax import plain

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow

_MOST_NAMES = 8  # that an index may be


def property_name(flow: Flow, key: Node) -> str | None:
    """Return the name of a member in an object, a pattern, a class or a type."""
    if key.type in ("property_identifier", "private_property_identifier", "identifier"):
        return flow.text(key)
    if key.type == "string":
        return string_text(flow.source, key)
    if key.type == "computed_property_name" and key.named_children:
        return constant_text(flow, key.named_children[0])
    return None


def constant_text(flow: Flow, node: Node) -> str | None:
    """Return the text that an expression always has."""
    if node.type == "string":
        return string_text(flow.source, node)
    value = flow.constants.value(node)
    return str(value.value) if value.kind == "string" else None


def possible_texts(flow: Flow, node: Node) -> list[str]:
    """Return the texts that an expression may be; none if there are others."""
    node = plain(node) if node.type == "parenthesized_expression" else node
    word = constant_text(flow, node)
    if word is not None:
        return [word]
    found: list[str] = []
    if node.type == "ternary_expression":
        parts = [node.child_by_field_name(name) for name in ("consequence", "alternative")]
        each = [possible_texts(flow, part) for part in parts if part is not None]
        found = [text for texts in each for text in texts] if all(each) else []
    elif node.type == "as_expression":
        found = flow.types.texts(node.named_children[-1])
    elif node.type == "identifier":
        declared = flow.names.resolve(node)
        found = _texts_of_variable(flow, declared) if declared is not None else []
    return found if len(found) <= _MOST_NAMES else []


def _passed_texts(flow: Flow, declared: Declaration) -> list[str]:
    """Return the texts that all known calls pass for a parameter; none if one passes another."""
    from kvlens.js.passed_values import passed_values  # late: it follows modules, which need this

    found: dict[str, None] = {}
    for source, node in passed_values(flow.source, declared, flow.program.modules):
        caller = flow.program.flow(source.path)
        word = constant_text(caller, node) if caller is not None else None
        if word is None or len(found) > _MOST_NAMES:
            return []
        found[word] = None
    return list(found)


def _texts_of_variable(flow: Flow, declared: Declaration) -> list[str]:
    kind = declared.origin.child_by_field_name("type") if not declared.path else None
    found = flow.types.texts(kind) if kind is not None else []
    if declared.kind == "parameter" and not found:
        return _passed_texts(flow, declared)
    if kind is not None:
        return found
    right = declared.origin.child_by_field_name("right")
    if declared.origin.type != "for_in_statement" or right is None or declared.kind != "other":
        return []
    if right.named_child_count > _MOST_NAMES:
        return []
    left = declared.origin.child_by_field_name("left")
    value = flow.constants.value(right)
    if left is None or left.type != "identifier" or value.kind != "array" or not value.complete:
        return []
    every = [each.value for each in value.items if each.kind == "string"]
    return [str(each) for each in every] if len(every) == len(value.items) else []
