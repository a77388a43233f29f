"""Evaluate operators: arithmetic on numbers, texts and times, choices, and defaults."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from kvlens.js.constants.values import (
    LONGEST_TEXT,
    NUMERIC,
    Kind,
    Time,
    Value,
    as_text,
    least_size,
    time_of_date,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.constants.evaluator import ConstantEvaluator

_OF_NUMBERS = {"-", "*", "/", "%", "**", "|", "&", "^", "<<", ">>", ">>>"}
_COMPARISONS = {"==", "===", "!=", "!==", "<", "<=", ">", ">=", "in", "instanceof"}

_WORDS = re.compile(rb"[\w$.]+")


def unary(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate an operator before its operand, such as `-x`."""
    inner, operator = node.child_by_field_name("argument"), node.child_by_field_name("operator")
    if inner is None or operator is None:
        return Value("unknown", node)
    if operator.type == "void":
        return Value("undefined", node)
    if operator.type == "typeof":
        return Value("text", node, 0.0)
    value = evaluator.value(inner, depth + 1)
    if operator.type == "!":
        return Value("boolean", node) if value.kind != "unknown" else Value("unknown", node)
    if value.kind == "number" and isinstance(value.value, float):
        if operator.type == "-":
            return Value("number", node, -value.value)
        if operator.type == "+":
            return value
    if operator.type == "+":
        if value.kind == "time":
            return value
        if value.kind == "instance" and value.value == "Date":
            return time_of_date(node, value)
        return Value("numeric", node)
    if operator.type == "-" and value.kind == "numeric":
        return Value("numeric", node)
    return Value("unknown", node)


def update(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate `x++` and the like."""
    inner = node.child_by_field_name("argument")
    is_number = inner is not None and evaluator.value(inner, depth + 1).kind in NUMERIC
    return Value("numeric" if is_number else "unknown", node)


def ternary(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate a choice: of numbers the smallest one, of an object or nothing the object."""
    parts = [node.child_by_field_name(name) for name in ("consequence", "alternative")]
    values = [evaluator.value(part, depth + 1) for part in parts if part is not None]
    objects = [value for value in values if value.kind == "object" and value.properties]
    if len(objects) == 1 and any(map(_is_nothing, values)):
        return _if_chosen(objects[0], node)
    kind: Kind = "numeric" if all(value.kind in NUMERIC for value in values) else "unknown"
    possible = [value if value.kind == "number" else value.sometimes for value in values]
    numbers = [each for each in possible if each is not None and each.kind == "number"]
    least = min(numbers, key=lambda each: each.number or 0.0, default=None)
    return Value(kind, node, sometimes=least)


def _if_chosen(chosen: Value, choice: Node) -> Value:
    """Return an object without the properties whose values the choice depends on."""
    condition = choice.child_by_field_name("condition")
    words = set(_WORDS.findall(condition.text or b"")) if condition is not None else set()
    known = {
        name: each
        for name, each in chosen.properties.items()
        if _text_of_value(each.key) not in words
    }
    return replace(chosen, properties=known, complete=False)


def _text_of_value(key: Node) -> bytes:
    pair = key.parent
    value = pair.child_by_field_name("value") if pair is not None else None
    return (value or key).text or b""


def _is_nothing(value: Value) -> bool:
    """Return whether this is `undefined`, `null` or `{}`."""
    is_empty = value.kind == "object" and value.complete and not value.properties
    return is_empty or value.kind in ("undefined", "null")


def binary(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate an operator between two operands."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = node.child_by_field_name("operator")
    if left is None or right is None or operator is None:
        return Value("unknown", node)
    one, other = evaluator.value(left, depth + 1), evaluator.value(right, depth + 1)
    if operator.type in _COMPARISONS:
        return Value("boolean", node)
    if operator.type in ("??", "||"):
        is_known = one.kind not in ("unknown", "numeric", "null", "undefined", "parsed")
        if is_known and (operator.type == "??" or (one.kind == "number" and one.value)):
            return replace(one)
        kind: Kind = "numeric" if one.kind in NUMERIC and other.kind in NUMERIC else "unknown"
        return Value(kind, node, sometimes=other if one.kind in ("unknown", "numeric") else None)
    if operator.type == "&&":
        return Value("unknown", node)
    if one.kind == "time" or other.kind == "time":
        return _time_arithmetic(node, operator.type, one, other)
    if one.kind == other.kind == "number":
        return _arithmetic(node, operator.type, one, other)
    if operator.type == "+" and "string" in (one.kind, other.kind):
        first, second = as_text(one), as_text(other)
        if first is not None and second is not None and len(first) + len(second) <= LONGEST_TEXT:
            return Value("string", node, first + second)
    if operator.type == "+" and {"string", "text"} & {one.kind, other.kind}:
        return Value("text", node, least_size(one) + least_size(other))
    known = [each.kind in NUMERIC for each in (one, other)]
    if all(known) or (operator.type in _OF_NUMBERS and any(known)):
        return Value("numeric", node)
    return Value("unknown", node)


def _arithmetic(node: Node, operator: str, one: Value, other: Value) -> Value:
    first, second = one.value, other.value
    assert isinstance(first, float)
    assert isinstance(second, float)
    milliseconds = "ms" in (one.unit, other.unit)
    try:
        if operator == "+":
            result = first + second
        elif operator == "-":
            result = first - second
        elif operator == "*":
            result = first * second
            by_thousand = (one.thousand and _is_minutes(second)) or (
                other.thousand and _is_minutes(first)
            )
            milliseconds = (milliseconds or by_thousand) and min(abs(first), abs(second)) >= 1
        elif operator == "/":
            result = first / second
            milliseconds = one.unit == "ms" and other.unit != "ms" and second != 1000
        elif operator == "%":
            result = math.fmod(first, second)
        elif operator == "**":
            result = math.pow(first, second)
        else:
            return Value("unknown", node)
    except (ArithmeticError, ValueError):
        return Value("unknown", node)
    return Value("number", node, result, unit="ms" if milliseconds else "")


def _is_minutes(number: float) -> bool:
    return number > 0 and number % 60 == 0


def _time_arithmetic(node: Node, operator: str, one: Value, other: Value) -> Value:
    if isinstance(other.value, Time):
        if operator in ("+", "*") and one.kind == "number":
            one, other = other, one
        else:
            return Value("numeric" if operator in _OF_NUMBERS else "unknown", node)
    time, number = one.value, other.value
    assert isinstance(time, Time)
    if other.kind != "number" or not isinstance(number, float):
        if operator == "+" and other.kind in ("unknown", "numeric"):
            return Value("time", node, time._replace(offset=None))
        return Value("numeric" if operator in _OF_NUMBERS else "unknown", node)
    offset = time.offset
    if operator in ("+", "-"):
        moved = None if offset is None else offset + (number if operator == "+" else -number)
        return Value("time", node, time._replace(offset=moved))
    if operator in ("*", "/") and number > 0:
        by = number if operator == "*" else 1 / number
        return Value(
            "time",
            node,
            time._replace(scale=time.scale * by, offset=None if offset is None else offset * by),
        )
    if operator in ("|", ">>", ">>>") and number == 0:
        return Value("time", node, time)
    return Value("unknown", node)
