"""Evaluate calls of the platform's functions and methods: `Math.max(…)`, `text.repeat(9)`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from kvlens.js.constants.values import (
    LONGEST_TEXT,
    Kind,
    Time,
    Value,
    as_text,
    least_size,
    time_of_date,
)
from kvlens.js.platform import BODIES, LIST_NAME, READS

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.constants.evaluator import ConstantEvaluator

_DATE_SETTERS = {
    f"set{utc}{part}"
    for utc in ("", "UTC")
    for part in ("Date", "Month", "FullYear", "Hours", "Minutes", "Seconds", "Milliseconds")
} | {"setTime"}
_LONGEST_IN_V8 = 2**29  # characters of any string
_ARRAY_METHODS = {"map", "filter", "flatMap", "split", "slice", "concat", "flat", "toSorted"}
_SURE_ARRAY_METHODS = {"map", "filter", "flatMap", "split", "flat", "toSorted"}
_TO_WHOLE: dict[str, Callable[[float], int]] = {
    "Math.floor": math.floor,
    "Math.trunc": math.trunc,
    "Math.ceil": math.ceil,
}
_PROMISES = {"Promise.all", "Promise.allSettled", "Promise.any", "Promise.race", "Promise.resolve"}
_ROUNDING = {"Math.floor", "Math.trunc", "Math.round", "Math.ceil", "Math.abs"}


def global_call(
    evaluator: ConstantEvaluator, node: Node, name: str, inner: list[Node], depth: int
) -> Value:
    """Evaluate a call of a global function of the platform."""
    if name == "String":
        return Value("text", node, 0.0)
    if name == "fetch" and inner:
        return Value("promise", node, items=(Value("instance", node, "Response"),))
    if name in ("Number", "parseInt", "parseFloat") and inner:
        value = evaluator.value(inner[0], depth + 1)
        if value.kind == "time":
            return value if name != "parseInt" else _rounded(node, "Math.floor", value)
        if value.kind == "instance" and value.value == "Date" and name == "Number":
            return time_of_date(node, value)
        number = value.number
        if number is None:
            return Value("numeric", node, sometimes=value.sometimes)
        is_decimal = len(inner) == 1 or evaluator.value(inner[1], depth + 1).number == 10
        if name == "parseInt" and is_decimal and math.isfinite(number):
            return Value("number", node, float(math.trunc(number)))
        return Value("numeric" if name == "parseInt" else "number", node, number)
    return Value("unknown", node)


def method_call(
    evaluator: ConstantEvaluator, node: Node, base: Node, word: str, inner: list[Node], depth: int
) -> Value:
    """Evaluate a call of a method by its name, if only the platform has such a method."""
    is_global = base.type == "identifier" and evaluator.names.resolve(base) is None
    if is_global:
        found = _static_call(
            evaluator, node, f"{evaluator.source.text_of(base)}.{word}", inner, depth
        )
        if found is not None:
            return found
    if word in ("getTime", "valueOf") and not inner:
        value = evaluator.value(base, depth + 1)
        if value.kind == "instance" and value.value == "Date":
            return time_of_date(node, value)
        if word == "getTime":  # only a Date has it
            return Value("time", node, Time(1, None))
    if word.startswith("set") and inner:
        value = evaluator.value(base, depth + 1)
        if value.kind == "instance" and value.value == "Date" and word in _DATE_SETTERS:
            return Value("time", node, Time(1, None))
    if word in ("repeat", "padEnd", "padStart", "join") and inner:
        return _lengthened(evaluator, node, base, word, inner, depth)
    if word in ("toString", "toFixed", "padStart", "trim", "toISOString", "toLowerCase"):
        return Value("text", node, 0.0)
    if word == "split" and inner:
        return Value("array", node)
    if word in _SURE_ARRAY_METHODS and inner and LIST_NAME.search(evaluator.source.text_of(base)):
        return Value("array", node)
    if word in READS and not inner:
        return _read(evaluator, node, base, word, depth)
    if word in _ARRAY_METHODS and evaluator.value(base, depth + 1).kind == "array":
        return Value("array", node)
    if word == "clone" and not inner:
        value = evaluator.value(base, depth + 1)
        return (
            value if value.kind == "instance" and value.value in BODIES else Value("unknown", node)
        )
    return Value("unknown", node)


def _static_call(
    evaluator: ConstantEvaluator, node: Node, whole: str, inner: list[Node], depth: int
) -> Value | None:
    """Evaluate a call of a function that the platform has on an object."""
    if whole == "Date.now":
        return Value("time", node, Time(1, 0))
    if whole in ("Date.parse", "Date.UTC") and inner:
        return Value("time", node, Time(1, None))
    if whole == "JSON.stringify":
        return Value("text", node, 0.0)
    if whole == "JSON.parse" and inner:
        return Value("parsed", node)
    if whole in ("Object.keys", "Object.values", "Object.entries", "Array.from", "Array.of"):
        return Value("array", node)
    if whole in ("Object.fromEntries", "Object.groupBy"):
        return Value("object", node)
    if whole in ("Response.json", "Response.redirect"):
        return Value("instance", node, "Response")
    if whole in _PROMISES:
        kind: Kind = "array" if whole in ("Promise.all", "Promise.allSettled") else "unknown"
        return Value("promise", node, items=(Value(kind, node),))
    if whole == "Object.freeze" and len(inner) == 1:
        return evaluator.value(inner[0], depth + 1)
    if whole in _ROUNDING and len(inner) == 1:
        return _rounded(node, whole, evaluator.value(inner[0], depth + 1))
    if whole in ("Math.max", "Math.min"):
        return _extreme(evaluator, node, whole, inner, depth)
    if whole.startswith("Math."):
        return Value("numeric", node)
    if whole in ("Number.parseInt", "Number.parseFloat"):
        return global_call(evaluator, node, whole.partition(".")[2], inner, depth)
    return None


def _extreme(
    evaluator: ConstantEvaluator, node: Node, whole: str, inner: list[Node], depth: int
) -> Value:
    """Evaluate `Math.max(x, 60)` and the like: never below 60. Only known numbers count."""
    values = [evaluator.value(each, depth + 1) for each in inner]
    numbers = [each.value for each in values if isinstance(each.value, float)]
    if len(numbers) == len(values) > 0 and all(each.kind == "number" for each in values):
        found = max(numbers) if whole == "Math.max" else min(numbers)
        return Value("number", node, found)
    at_most = [each for each in values if each.kind == "number"]
    if whole == "Math.min" and at_most:
        least = min(at_most, key=lambda each: each.number or 0.0)
        return Value("numeric", node, sometimes=least)
    return Value("numeric", node)


def _lengthened(
    evaluator: ConstantEvaluator, node: Node, base: Node, word: str, inner: list[Node], depth: int
) -> Value:
    """Evaluate `"x".repeat(600)`, `id.padEnd(600)` and `["a", id].join(":")`."""
    value, first = evaluator.value(base, depth + 1), evaluator.value(inner[0], depth + 1)
    if word == "join":
        between = least_size(first) * max(0, len(value.items) - 1)
        is_list = value.kind == "array" and not value.foreign
        size = between + sum(map(least_size, value.items)) if is_list else 0.0
        return Value("text", node, size) if is_list else Value("unknown", node)
    wanted = first.value if first.kind == "number" else None
    if not isinstance(wanted, float) or not 0 <= wanted < _LONGEST_IN_V8:
        return Value("text", node, 0.0 if word == "repeat" else least_size(value))
    if word == "repeat":
        count, text = wanted // 1, as_text(value)
        if value.kind == "string" and text is not None and len(text) * count <= LONGEST_TEXT:
            return Value("string", node, text * int(count))
        is_text = value.kind in ("string", "text")
        return Value("text", node, least_size(value) * count if is_text else 0.0)
    filler = evaluator.value(inner[1], depth + 1) if len(inner) > 1 else None
    is_filled = filler is None or (filler.kind == "string" and bool(filler.value))
    return Value("text", node, max(least_size(value), wanted if is_filled else 0.0))


def _read(evaluator: ConstantEvaluator, node: Node, base: Node, word: str, depth: int) -> Value:
    """Evaluate a call that reads a body: `request.text()`."""
    value = evaluator.value(base, depth + 1)
    if not ((value.kind == "instance" and value.value in BODIES) or _is_hono(evaluator, base)):
        return Value("unknown", node)
    what = READS[word]
    if what == "text":
        inner = Value("text", node, 0.0)
    elif what in ("parsed", "object", "unknown"):
        inner = Value(what, node)
    else:
        inner = Value("instance", node, what)
    return Value("promise", node, items=(inner,))


def _is_hono(evaluator: ConstantEvaluator, base: Node) -> bool:
    """Return whether this is `c.req`, with a parameter `c`."""
    holder = base.child_by_field_name("object") if base.type == "member_expression" else None
    if holder is None or evaluator.source.text_of(base) not in ("c.req", "ctx.req", "context.req"):
        return False
    declared = evaluator.names.resolve(holder) if holder.type == "identifier" else None
    return declared is not None and declared.kind == "parameter"


def _rounded(node: Node, whole: str, value: Value) -> Value:
    if isinstance(value.value, Time):
        up = value.value.up or whole in ("Math.round", "Math.ceil")
        return replace(value, node=node, value=value.value._replace(up=up))
    if value.kind != "number" or not isinstance(value.value, float):
        return Value("numeric", node, sometimes=value.sometimes)
    if not math.isfinite(value.value):
        return replace(value, node=node)
    number = value.value
    if whole == "Math.round":
        number = math.floor(number + 0.5)
    elif whole == "Math.abs":
        number = abs(number)
    else:
        number = _TO_WHOLE[whole](number)
    return replace(value, node=node, value=float(number), thousand=False)
