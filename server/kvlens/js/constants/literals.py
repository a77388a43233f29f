"""Evaluate literals: strings, templates, numbers, objects and arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.js.constants.values import LONGEST_TEXT, Property, Value, as_text, least_size
from kvlens.js.syntax import Source

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.constants.evaluator import ConstantEvaluator

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def string_text(source: Source, node: Node) -> str:
    """Return the value of a string literal's node, or of part of a template."""
    parts = []
    for child in node.named_children:
        text = source.text_of(child)
        parts.append(unescaped(text) if child.type == "escape_sequence" else text)
    return "".join(parts)


def string(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate a string literal."""
    return Value("string", node, string_text(evaluator.source, node))


def template(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate a template; of unknown parts, only the size counts."""
    text, size, known = "", 0.0, True
    for child in node.named_children:
        if child.type == "template_substitution":
            inner = child.named_children
            part = evaluator.value(inner[0], depth + 1) if len(inner) == 1 else None
            piece = as_text(part) if part else None
            if piece is None or len(text) + len(piece) > LONGEST_TEXT:
                known = False
                size += least_size(part) if part else 0
                continue
        elif child.type == "escape_sequence":
            piece = unescaped(evaluator.source.text_of(child))
        else:
            piece = evaluator.source.text_of(child)
        text += piece
        size += len(piece.encode("utf-8", "replace"))
    return Value("string", node, text) if known else Value("text", node, size)


def number(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate a number literal."""
    number = number_of(evaluator.source.text_of(node))
    if number is None:
        return Value("unknown", node)
    return Value("number", node, number, thousand=number == 1000)


def word(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate `true`, `false`, `null` and `undefined`."""
    kind = node.type
    if kind in ("true", "false"):
        return Value("boolean", node, kind == "true")
    return Value("null" if kind == "null" else "undefined", node)


def object_literal(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate an object literal; what is spread in it may override what comes before."""
    properties: dict[str, Property] = {}
    complete = True
    for child in node.named_children:
        if child.type == "pair":
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            name = _key(evaluator, key, depth) if key is not None else None
            if name is None or key is None or value is None:
                complete, properties = False, {}  # it may override any property before it
            else:
                properties[name] = Property(name, key, evaluator.value(value, depth + 1))
        elif child.type == "shorthand_property_identifier":
            name = evaluator.source.text_of(child)
            properties[name] = Property(name, child, evaluator.value(child, depth + 1))
        elif child.type == "method_definition":
            key = child.child_by_field_name("name")
            name = _key(evaluator, key, depth) if key is not None else None
            if name is not None and key is not None:
                properties[name] = Property(name, key, Value("function", child))
        elif child.type != "comment":
            inner = _spread(evaluator, child, depth)
            if inner.kind != "object" or not inner.complete:
                complete = complete and inner.kind in ("null", "undefined")
                properties = {}  # it may override any property before it
            properties.update(inner.properties)
    return Value("object", node, properties=properties, complete=complete)


def array(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate an array literal."""
    items: list[Value] = []
    complete = True
    for child in node.named_children:
        if child.type == "spread_element":
            inner = _spread(evaluator, child, depth)
            items += inner.items if inner.kind == "array" else ()
            complete = complete and inner.kind == "array" and inner.complete
        elif child.type != "comment":
            items.append(evaluator.value(child, depth + 1))
    return Value("array", node, items=tuple(items), complete=complete)


def function(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate a function that is written as an expression."""
    return Value("function", node)


def regex(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate a regular expression."""
    return Value("instance", node, "RegExp")


def _spread(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Return the value that is spread in an object or an array."""
    inner = node.named_children[-1] if node.type == "spread_element" else None
    return evaluator.value(inner, depth + 1) if inner is not None else Value("unknown", node)


def _key(evaluator: ConstantEvaluator, key: Node, depth: int) -> str | None:
    if key.type == "string":
        return string_text(evaluator.source, key)
    if key.type in ("property_identifier", "number"):
        return evaluator.source.text_of(key)
    inner = key.named_children[0] if key.type == "computed_property_name" else None
    found = evaluator.value(inner, depth + 1) if inner is not None else None
    return str(found.value) if found is not None and found.kind == "string" else None


def number_of(text: str) -> float | None:
    """Return the number that a literal stands for; None for a bigint, or if it is half-typed."""
    plain_text = text.replace("_", "").lower()
    try:
        if plain_text[:2] in ("0x", "0o", "0b"):
            return float(int(plain_text, 0))
        return float(plain_text)
    except (ValueError, OverflowError):
        return None


def unescaped(text: str) -> str:
    """Return the characters that an escape sequence stands for."""
    body = text[1:]
    try:
        if body[:1] == "u":
            return chr(int(body[1:].strip("{}"), 16))
        if body[:1] == "x":
            return chr(int(body[1:], 16))
    except (ValueError, OverflowError):
        return body
    if body[:1] in ("\n", "\r", "\u2028", "\u2029"):
        return ""
    return _ESCAPES.get(body, body)
