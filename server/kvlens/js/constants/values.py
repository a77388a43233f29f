"""What an expression is known to be: a constant, or at least its kind, size or unit."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

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
    "numeric",  # a number that isn't known
    "instance",  # an object of a class of the platform; value: the name of the class
    "custom",  # an object of a class of the file; value: the name of the class
    "promise",  # items: what it resolves to
    "parsed",  # what parsing JSON returns
    "function",
    "unknown",
]
NUMERIC: tuple[Kind, ...] = ("number", "numeric")
LONGEST_TEXT = 2_000  # characters of a computed text; only the size of longer ones is known
_NESTED = 4  # objects in an imported one
_MILLISECONDS = re.compile(r"(?:_MS|[a-z\d]Ms|_MILLIS(?:ECONDS)?|[a-z\d]Millis(?:econds)?)$")
_SECONDS = re.compile(r"(?:_S|_SECS?|_SECONDS?|[a-z\d]Secs?|[a-z\d]Seconds?)$")

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
    complete: bool = False  # of objects and arrays: all members are known; of a Date: it is now
    unit: Literal["", "ms", "s"] = ""  # of a number, from how it is written or named
    thousand: bool = False  # a literal 1000
    source: Node | None = None  # where a constant gets its value
    foreign: bool = False  # another file determines it; its nodes are those of the use
    sometimes: Value | None = None  # what it is in some cases, if it isn't known in all of them

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


def as_text(value: Value | None) -> str | None:
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


def least_size(value: Value) -> float:
    """Return the least number of UTF-8 bytes that a value has as text."""
    if value.kind == "text" and isinstance(value.value, float):
        return value.value
    text = as_text(value)
    return float(len(text.encode("utf-8", "replace"))) if text is not None else 0.0


def time_of_date(node: Node, date: Value) -> Value:
    """Return the milliseconds of a Date."""
    return Value("time", node, Time(1, 0 if date.complete else None))


def placed_at(value: Value, node: Node, depth: int = 0) -> Value:
    """Return a value of another source as that of an expression in this one."""
    if value.kind in ("function", "instance", "custom", "promise", "parsed", "time"):
        return Value("unknown", node)
    known: Mapping[str, Property] = _EMPTY
    items: tuple[Value, ...] = ()
    if depth < _NESTED:
        items = tuple(placed_at(each, node, depth + 1) for each in value.items)
        if value.properties:
            known = {
                name: Property(name, node, placed_at(each.value, node, depth + 1))
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


def with_named_unit(name: str, value: Value) -> Value:
    """Derive a constant's unit from its name."""
    if value.kind != "number":
        return value
    if _MILLISECONDS.search(name):
        return replace(value, unit="ms")
    if _SECONDS.search(name):
        return replace(value, unit="s")
    return value
