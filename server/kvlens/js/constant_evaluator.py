"""Evaluate arguments: literals, constants, also imported ones, and arithmetic on them.

A value that other code determines is "unknown", and never reported.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from kvlens.js.scopes import Declaration
from kvlens.js.syntax import Source, plain

if TYPE_CHECKING:
    from tree_sitter import Node

Kind = Literal[
    "string",  # value: str
    "text",  # a string whose value is not known; value: the least length in UTF-8 bytes
    "number",  # value: float
    "time",  # value: Time
    "boolean",  # value: bool
    "null",
    "undefined",
    "object",  # properties
    "array",  # items
    "instance",  # `new X()`; value: the name of the class
    "function",
    "unknown",
]

_STEPS = 20_000  # per value
_LONGEST = 2_000  # characters of a computed text; only the size of longer ones is known
_NESTED = 4  # objects in an imported one
_DEPTH = 40  # nesting of constants and operators
_MILLISECONDS = re.compile(r"(?:_MS|[a-z\d]Ms|_MILLIS(?:ECONDS)?|[a-z\d]Millis(?:econds)?)$")
_SECONDS = re.compile(r"(?:_S|_SECS?|_SECONDS?|[a-z\d]Secs?|[a-z\d]Seconds?)$")
_ARRAY_METHODS = {"map", "filter", "flatMap", "split", "slice", "concat", "flat", "toSorted"}
_SURE_ARRAY_METHODS = {"map", "filter", "flatMap", "split", "flat", "toSorted"}
_CHANGING = {"push", "unshift", "splice", "pop", "shift", "fill", "reverse", "sort", "copyWithin"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


_EMPTY: Mapping[str, Property] = MappingProxyType({})


class Time(NamedTuple):
    """A point in time that follows the clock: `now in milliseconds * scale + offset`."""

    scale: float  # 1: milliseconds; 0.001: seconds
    offset: float | None  # None: not known
    up: bool = False  # possibly rounded up

    @property
    def is_milliseconds(self) -> bool:
        """Whether it counts milliseconds."""
        return math.isclose(self.scale, 1)

    @property
    def is_seconds(self) -> bool:
        """Whether it counts seconds."""
        return math.isclose(self.scale, 0.001)


@dataclass(slots=True, eq=False)
class Property:
    """One property of an object literal."""

    name: str
    key: Node
    value: Value


@dataclass(slots=True, eq=False)
class Value:
    """The value of an expression."""

    kind: Kind
    node: Node  # the expression
    value: str | float | bool | Time | None = None
    properties: Mapping[str, Property] = field(default_factory=lambda: _EMPTY)
    items: tuple[Value, ...] = ()
    complete: bool = False  # of objects and arrays: all members are known
    unit: Literal["", "ms", "s"] = ""  # of a number, from how it is written or named
    thousand: bool = False  # a literal 1000
    source: Node | None = None  # where a constant gets its value
    foreign: bool = False  # another file determines it; its nodes are those of the use

    @property
    def number(self) -> float | None:
        """The number, or the number that a string converts to; None if it isn't one."""
        if self.kind == "number":
            assert isinstance(self.value, float)
            return self.value
        if self.kind == "string":
            assert isinstance(self.value, str)
            try:
                return float(self.value) if self.value.strip() else None
            except ValueError:
                return None
        return None


Found = tuple["ConstantEvaluator", "Declaration | Node"]
"""A constant of a source: its declaration, or the expression that a module exports."""


class ConstantEvaluator:
    """Evaluates expressions of one source.

    `imported` finds the constants of other sources: by the declaration of an import, and the name
    after it if the whole module is imported.
    """

    def __init__(
        self,
        source: Source,
        imported: Callable[[Declaration, str | None], Found | None] | None = None,
    ) -> None:
        self._source = source
        self._names = source.names
        self._imported = imported
        self._left = 0
        self._cut = False  # something was skipped because of the depth or the number of steps
        self._known: dict[tuple[int, int], Value] = {}  # see _start

    def value(self, node: Node, depth: int = 0) -> Value:
        """Return the value of a node."""
        if depth == 0:
            self._left = _STEPS
        inner = plain(node)
        self._left -= 1
        if depth > _DEPTH or self._left < 0:
            self._cut = True
            return Value("unknown", node)
        worker = _WORKERS.get(inner.type)
        if worker is None:
            return Value("unknown", node)
        found = worker(self, inner, depth)
        found.node = node  # parentheses and casts belong to the expression
        return found

    def string(self, node: Node) -> str:
        """Return the value of a string literal's node, or of part of a template."""
        parts = []
        for child in node.named_children:
            text = self._source.text_of(child)
            parts.append(_unescape(text) if child.type == "escape_sequence" else text)
        return "".join(parts)

    def _string(self, node: Node, depth: int) -> Value:
        return Value("string", node, self.string(node))

    def _template(self, node: Node, depth: int) -> Value:
        text, size, known = "", 0.0, True
        for child in node.named_children:
            if child.type == "template_substitution":
                inner = child.named_children
                part = self.value(inner[0], depth + 1) if len(inner) == 1 else None
                piece = _as_text(part) if part else None
                if piece is None or len(text) + len(piece) > _LONGEST:
                    known = False
                    size += _least(part) if part else 0
                    continue
            elif child.type == "escape_sequence":
                piece = _unescape(self._source.text_of(child))
            else:
                piece = self._source.text_of(child)
            text += piece
            size += len(piece.encode("utf-8", "replace"))
        return Value("string", node, text) if known else Value("text", node, size)

    def _number(self, node: Node, depth: int) -> Value:
        number = _parse_number(self._source.text_of(node))
        if number is None:
            return Value("unknown", node)
        return Value("number", node, number, thousand=number == 1000)

    def _word(self, node: Node, depth: int) -> Value:
        kind = node.type
        if kind in ("true", "false"):
            return Value("boolean", node, kind == "true")
        return Value("null" if kind == "null" else "undefined", node)

    def _object(self, node: Node, depth: int) -> Value:
        properties: dict[str, Property] = {}
        complete = True
        for child in node.named_children:
            if child.type == "pair":
                key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
                name = self._key(key) if key is not None else None
                if name is None or key is None or value is None:
                    complete = False
                else:
                    properties[name] = Property(name, key, self.value(value, depth + 1))
            elif child.type == "shorthand_property_identifier":
                name = self._source.text_of(child)
                properties[name] = Property(name, child, self.value(child, depth + 1))
            elif child.type == "method_definition":
                key = child.child_by_field_name("name")
                name = self._key(key) if key is not None else None
                if name is not None and key is not None:
                    properties[name] = Property(name, key, Value("function", child))
            elif child.type != "comment":
                complete = False  # a spread may override any property before it
                properties = {}
        return Value("object", node, properties=properties, complete=complete)

    def _key(self, key: Node) -> str | None:
        if key.type == "string":
            return self.string(key)
        if key.type in ("property_identifier", "number"):
            return self._source.text_of(key)
        return None

    def _array(self, node: Node, depth: int) -> Value:
        items = []
        complete = True
        for child in node.named_children:
            if child.type == "spread_element":
                complete = False
            elif child.type != "comment":
                items.append(self.value(child, depth + 1))
        return Value("array", node, items=tuple(items), complete=complete)

    def _function(self, node: Node, depth: int) -> Value:
        return Value("function", node)

    def _identifier(self, node: Node, depth: int) -> Value:
        name = self._source.text_of(node)
        declared = self._names.resolve(node)
        if declared is None:
            if name in ("NaN", "Infinity"):
                return Value("number", node, float(name.lower()[:3]))
            return Value("unknown", node)
        return self._declared(declared, name, node, depth)

    def _declared(self, declared: Declaration, name: str, node: Node, depth: int) -> Value:
        if declared.kind == "import":
            found = self._elsewhere(declared, None, depth)
            return _by_name(name, _placed(found, node)) if found else Value("unknown", node)
        if declared.kind not in ("const", "let", "var") or declared.path:
            return Value("unknown", node)
        start = declared.origin.child_by_field_name("value")
        if start is None:
            return Value("unknown", node)
        if declared.kind != "const" and self._assigned(declared):
            return Value("unknown", node)
        value = self._start(declared, start, depth)
        return _by_name(name, replace(value, node=node, source=start, thousand=False))

    def _elsewhere(self, declared: Declaration, member: str | None, depth: int) -> Value | None:
        """Return the value of an imported constant, or of a member of an imported module."""
        if self._imported is None or depth > _DEPTH:
            return None
        found = self._imported(declared, member)
        if found is None:
            return None
        evaluator, what = found
        evaluator._left = self._left
        if not isinstance(what, Declaration):
            return evaluator.value(what, depth + 1)
        if what.kind == "class":
            return evaluator._members_of(what.origin, depth + 1)
        return evaluator._declared(what, evaluator._names.text(what.node), what.node, depth + 1)

    def _members_of(self, node: Node, depth: int) -> Value | None:
        """Return the constants of an enum, or the constant static fields of a class."""
        found: dict[str, Property] = {}
        body = node.child_by_field_name("body")
        following: float | None = 0.0
        for member in body.named_children if body is not None else ():
            key = member.child_by_field_name("name") or member.child_by_field_name("property")
            start = member.child_by_field_name("value")
            if member.type in ("property_identifier", "enum_assignment"):
                key = key or member
                value = self.value(start, depth + 1) if start is not None else None
                if value is None and following is not None:
                    value = Value("number", member, following)
                is_number = value is not None and value.kind == "number"
                following = float(str(value.value)) + 1 if value and is_number else None
            elif key is None or start is None or not self._is_constant(member, key):
                continue
            else:
                value = self.value(start, depth + 1)
            name = self._source.text_of(key)
            if value is not None:
                found[name] = Property(name, key, value)
        return Value("object", node, properties=found)

    def _is_constant(self, member: Node, key: Node) -> bool:
        """Return whether a static field of a class keeps its value."""
        words = {child.type for child in member.children}
        if "static" not in words:
            return False
        if "readonly" in words:
            return True
        for node in self._names.nodes(self._source.text_of(key)):
            parent = node.parent
            whole = parent.parent if parent is not None else None
            if parent is None or whole is None or parent.type != "member_expression":
                continue
            if whole.type == "update_expression":
                return False
            left = whole.child_by_field_name("left")
            if whole.type.endswith("assignment_expression") and left and left.id == parent.id:
                return False
        return True

    def _holder(self, node: Node, member: str, depth: int) -> Value | None:
        """Return the object, enum or class that a name stands for, or the module's member."""
        declared = self._names.resolve(node)
        if declared is None:
            return None
        if declared.kind == "class":
            return self._members_of(declared.origin, depth + 1)
        if declared.kind == "import":
            whole = self._elsewhere(declared, member, depth + 1)
            if whole is not None:
                inner = Property(member, node, whole)
                return Value("object", node, properties={member: inner})
        return self._declared(declared, self._source.text_of(node), node, depth)

    def _start(self, declared: Declaration, start: Node, depth: int) -> Value:
        """Return the value of a variable, evaluated once: others may use it several times.

        A result that was cut because of its depth is kept for that depth only.
        """
        for key in ((start.id, -1), (start.id, depth)):
            if key in self._known:
                self._cut = self._cut or key[1] >= 0
                return self._known[key]
        before, self._cut = self._cut, False
        value = self.value(start, depth + 1)
        if value.kind in ("object", "array") and self._changed(declared):
            value = replace(value, properties={}, items=(), complete=False)
        self._known[start.id, depth if self._cut else -1] = value
        self._cut = self._cut or before
        return value

    def _assigned(self, declared: Declaration) -> bool:
        """Return whether a variable may be reassigned."""
        for node in self._names.references(declared):
            here: Node | None = node
            while here is not None and here.parent is not None:
                parent = here.parent
                if parent.type in ("assignment_expression", "augmented_assignment_expression"):
                    left = parent.child_by_field_name("left")
                    if left is not None and left.id == here.id:
                        return True
                    break
                if parent.type == "update_expression":
                    return True
                if parent.type == "for_in_statement":
                    left = parent.child_by_field_name("left")
                    if left is not None and left.id == here.id:
                        return True
                    break
                if not parent.type.endswith("pattern"):
                    break
                here = parent
        return False

    def _changed(self, declared: Declaration) -> bool:
        """Return whether a constant's object may be changed in place."""
        for node in self._names.references(declared):
            parent = node.parent
            if parent is None or parent.type not in ("member_expression", "subscript_expression"):
                continue
            whole = parent.parent
            while whole is not None and whole.type in ("member_expression", "subscript_expression"):
                parent, whole = whole, whole.parent
            if whole is None:
                continue
            left = whole.child_by_field_name("left")
            if whole.type.endswith("assignment_expression") and left is not None:
                if left.id == parent.id:
                    return True
            elif whole.type == "update_expression":
                return True
            elif whole.type == "unary_expression":
                if self._source.text_of(whole).startswith("delete"):
                    return True
            elif whole.type == "call_expression":
                name = parent.child_by_field_name("property")
                if name is not None and self._source.text_of(name) in _CHANGING:
                    return True
        return False

    def _member(self, node: Node, depth: int) -> Value:
        base, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if base is None or name is None:
            return Value("unknown", node)
        word = self._source.text_of(name)
        if base.type == "identifier":
            holder = self._source.text_of(base)
            if holder == "Number" and word in _NUMBERS and self._names.resolve(base) is None:
                return Value("number", node, _NUMBERS[word])
            value = self._holder(base, word, depth + 1)
            found = value.properties.get(word) if value and value.kind == "object" else None
            if value is not None and found is not None:
                if value.foreign or found.value.foreign:
                    return _by_name(word, _placed(found.value, node))
                followed = replace(found.value, source=found.value.source or found.value.node)
                return _by_name(word, replace(followed, thousand=False))
        elif base.type == "member_expression":
            value = self._member(base, depth + 1)
            found = value.properties.get(word) if value.kind == "object" else None
            if found is not None:
                if found.value.foreign:
                    return _by_name(word, _placed(found.value, node))
                return _by_name(word, replace(found.value, source=found.value.node, thousand=False))
        elif base.type == "this":
            return self._own_field(node, word, depth)
        return Value("unknown", node)

    def _own_field(self, node: Node, word: str, depth: int) -> Value:
        """Return the value of a `readonly` field of the enclosing class."""
        here = node.parent
        while here is not None and here.type != "class_body":
            here = here.parent
        for member in here.named_children if here is not None else ():
            if member.type != "public_field_definition":
                continue
            name, value = member.child_by_field_name("name"), member.child_by_field_name("value")
            if name is None or value is None or self._source.text_of(name) != word:
                continue
            if any(child.type == "readonly" for child in member.children):
                found = replace(self.value(value, depth + 1), source=value, thousand=False)
                return _by_name(word, found)
        return Value("unknown", node)

    def _unary(self, node: Node, depth: int) -> Value:
        inner, operator = node.child_by_field_name("argument"), node.child_by_field_name("operator")
        if inner is None or operator is None:
            return Value("unknown", node)
        if operator.type == "void":
            return Value("undefined", node)
        if operator.type == "typeof":
            return Value("text", node, 0.0)
        value = self.value(inner, depth + 1)
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
                return Value("time", node, Time(1, 0))
        return Value("unknown", node)

    def _binary(self, node: Node, depth: int) -> Value:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is None or right is None or operator is None:
            return Value("unknown", node)
        one, other = self.value(left, depth + 1), self.value(right, depth + 1)
        if one.kind == "time" or other.kind == "time":
            return _time_arithmetic(node, operator.type, one, other)
        if one.kind == other.kind == "number":
            return _arithmetic(node, operator.type, one, other)
        if operator.type == "+" and "string" in (one.kind, other.kind):
            first, second = _as_text(one), _as_text(other)
            if first is not None and second is not None and len(first) + len(second) <= _LONGEST:
                return Value("string", node, first + second)
        if operator.type == "+" and {"string", "text"} & {one.kind, other.kind}:
            return Value("text", node, _least(one) + _least(other))
        return Value("unknown", node)

    def _call(self, node: Node, depth: int) -> Value:
        function, given = (
            node.child_by_field_name("function"),
            node.child_by_field_name("arguments"),
        )
        if function is None or given is None:
            return Value("unknown", node)
        inner = [child for child in given.named_children if child.type != "comment"]
        if function.type == "identifier":
            return self._global_call(node, self._source.text_of(function), inner, depth)
        if function.type != "member_expression":
            return Value("unknown", node)
        base = function.child_by_field_name("object")
        name = function.child_by_field_name("property")
        if base is None or name is None:
            return Value("unknown", node)
        word = self._source.text_of(name)
        whole = f"{self._source.text_of(base)}.{word}" if base.type == "identifier" else word
        if whole == "Date.now":
            return Value("time", node, Time(1, 0))
        if whole == "JSON.stringify":
            return Value("text", node, 0.0)
        if whole in ("Object.keys", "Object.values", "Object.entries", "Array.from", "Array.of"):
            return Value("array", node)
        if whole in _ROUNDING and len(inner) == 1:
            return _rounded(node, whole, self.value(inner[0], depth + 1))
        if whole in ("Math.max", "Math.min"):
            return self._extreme(node, whole, inner, depth)
        if word in ("getTime", "valueOf") and not inner:
            value = self.value(base, depth + 1)
            if value.kind == "instance" and value.value == "Date":
                return Value("time", node, Time(1, 0))
        if word in ("toString", "toFixed", "padStart", "trim", "toISOString", "toLowerCase"):
            return Value("text", node, 0.0)
        if word in _SURE_ARRAY_METHODS and inner:
            return Value("array", node)
        if word in _ARRAY_METHODS and self.value(base, depth + 1).kind == "array":
            return Value("array", node)
        return Value("unknown", node)

    def _global_call(self, node: Node, name: str, inner: list[Node], depth: int) -> Value:
        if name == "String":
            return Value("text", node, 0.0)
        if name in ("Number", "parseInt", "parseFloat") and inner:
            value = self.value(inner[0], depth + 1)
            if value.kind == "time":
                return value if name != "parseInt" else _rounded(node, "Math.floor", value)
            if value.kind == "instance" and value.value == "Date" and name == "Number":
                return Value("time", node, Time(1, 0))
            number = value.number
            if number is not None and name == "Number":
                return Value("number", node, number)
        return Value("unknown", node)

    def _extreme(self, node: Node, whole: str, inner: list[Node], depth: int) -> Value:
        """Evaluate `Math.max(x, 60)` and the like: never below 60. Only known numbers count."""
        values = [self.value(each, depth + 1) for each in inner]
        numbers = [each.value for each in values if isinstance(each.value, float)]
        if len(numbers) == len(values) > 0 and all(each.kind == "number" for each in values):
            found = max(numbers) if whole == "Math.max" else min(numbers)
            return Value("number", node, found)
        return Value("unknown", node)

    def _new(self, node: Node, depth: int) -> Value:
        made = node.child_by_field_name("constructor")
        given = node.child_by_field_name("arguments")
        if made is None or made.type != "identifier" or self._names.resolve(made) is not None:
            return Value("unknown", node)
        name = self._source.text_of(made)
        if name == "Date" and given is not None and given.named_children:
            return Value("unknown", node)  # a date, but not now
        return Value("instance", node, name)


_WORKERS = {
    "string": ConstantEvaluator._string,
    "template_string": ConstantEvaluator._template,
    "number": ConstantEvaluator._number,
    "true": ConstantEvaluator._word,
    "false": ConstantEvaluator._word,
    "null": ConstantEvaluator._word,
    "undefined": ConstantEvaluator._word,
    "object": ConstantEvaluator._object,
    "array": ConstantEvaluator._array,
    "arrow_function": ConstantEvaluator._function,
    "function_expression": ConstantEvaluator._function,
    "identifier": ConstantEvaluator._identifier,
    "shorthand_property_identifier": ConstantEvaluator._identifier,
    "member_expression": ConstantEvaluator._member,
    "unary_expression": ConstantEvaluator._unary,
    "binary_expression": ConstantEvaluator._binary,
    "call_expression": ConstantEvaluator._call,
    "new_expression": ConstantEvaluator._new,
}
_NUMBERS = {"MAX_SAFE_INTEGER": 2.0**53 - 1, "NaN": math.nan}
_TO_WHOLE: dict[str, Callable[[float], int]] = {
    "Math.floor": math.floor,
    "Math.trunc": math.trunc,
    "Math.ceil": math.ceil,
}
_ROUNDING = {"Math.floor", "Math.trunc", "Math.round", "Math.ceil", "Math.abs"}


def _placed(value: Value, node: Node, depth: int = 0) -> Value:
    """Return a value of another source as that of an expression in this one."""
    if value.kind in ("function", "instance", "time"):
        return Value("unknown", node)
    known: Mapping[str, Property] = _EMPTY
    items: tuple[Value, ...] = ()
    if depth < _NESTED:
        items = tuple(_placed(each, node, depth + 1) for each in value.items)
        if value.properties:
            known = {
                name: Property(name, node, _placed(each.value, node, depth + 1))
                for name, each in value.properties.items()
            }
    complete = value.complete and depth < _NESTED
    return replace(
        value,
        node=node,
        properties=known,
        items=items,
        complete=complete,
        thousand=False,
        source=None,
        foreign=True,
    )


def _by_name(name: str, value: Value) -> Value:
    """Derive a constant's unit from its name."""
    if value.kind != "number":
        return value
    if _MILLISECONDS.search(name):
        return replace(value, unit="ms")
    if _SECONDS.search(name):
        return replace(value, unit="s")
    return value


def _parse_number(text: str) -> float | None:
    plain_text = text.replace("_", "").lower()
    try:
        if plain_text[:2] in ("0x", "0o", "0b"):
            return float(int(plain_text, 0))
        return float(plain_text)
    except (ValueError, OverflowError):
        return None  # a bigint, or half-typed


def _unescape(text: str) -> str:
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


def _as_text(value: Value | None) -> str | None:
    """Return a known value as a template writes it."""
    if value is None:
        return None
    if value.kind == "string":
        return str(value.value)
    if value.kind == "number" and isinstance(value.value, float):
        if value.value.is_integer() and abs(value.value) < 2**53:
            return str(int(value.value))
        return None
    if value.kind == "boolean" and value.value is not None:
        return "true" if value.value else "false"
    return value.kind if value.kind in ("null", "undefined") else None


def _least(value: Value) -> float:
    """Return the least number of UTF-8 bytes that a value has as text."""
    if value.kind == "text" and isinstance(value.value, float):
        return value.value
    text = _as_text(value)
    return float(len(text.encode("utf-8", "replace"))) if text is not None else 0.0


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
            return Value("unknown", node)
    time, number = one.value, other.value
    assert isinstance(time, Time)
    if other.kind != "number" or not isinstance(number, float):
        if operator == "+" and other.kind == "unknown":
            return Value("time", node, time._replace(offset=None))
        return Value("unknown", node)
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


def _rounded(node: Node, whole: str, value: Value) -> Value:
    if isinstance(value.value, Time):
        up = value.value.up or whole in ("Math.round", "Math.ceil")
        return replace(value, node=node, value=value.value._replace(up=up))
    if value.kind != "number" or not isinstance(value.value, float):
        return Value("unknown", node)
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
