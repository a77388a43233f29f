"""The parts of a document, and what a conversion couldn't keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Kind = Literal[
    "string", "integer", "float", "boolean", "datetime", "null", "array", "table", "call", "name"
]
Comments = list[str | None]
"""Lines of comments, without the mark that begins them; None is a blank line."""


class Notice(NamedTuple):
    """What the other language has no equivalent for, and its line in the original, from 1."""

    line: int
    message: str


@dataclass
class Value:
    """One value. Numbers and dates are the text that JSON has for them, or "inf" and "nan"."""

    kind: Kind
    value: str | bool | None = None
    elements: list[Element] = field(default_factory=list)
    """The members of a table, the items of an array, or the one argument of a call of `value`."""
    head: list[str] = field(default_factory=list)
    """The comments right after the opening bracket, or on the line of a header."""
    end: Comments = field(default_factory=list)
    """The comments after the last element."""
    compact: bool = False
    """Whether it was on one line."""

    def get(self, name: str) -> Element | None:
        """Return the last member with a name: it is the one that counts."""
        return next((one for one in reversed(self.elements) if one.name == name), None)

    @property
    def has_comments(self) -> bool:
        """Whether there are comments anywhere inside."""
        return any(True for _ in self.comments())

    def comments(self) -> Iterator[str]:
        """Yield the comments inside, in order."""
        yield from self.head
        for element in self.elements:
            yield from lines(element.above)
            yield from element.value.comments()
            yield from element.after
        yield from lines(self.end)


@dataclass
class Element:
    """A member of a table, or an item of an array, with its comments."""

    value: Value
    name: str | None = None  # of a member
    line: int = 0
    """Where it is in the original, from 1."""
    above: Comments = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    """The comments that follow on the same line."""


@dataclass
class Document:
    """A whole config."""

    root: Value
    head: Comments = field(default_factory=list)
    foot: Comments = field(default_factory=list)
    newline: str = "\n"


def lines(comments: Comments) -> list[str]:
    """Return comments without the blank lines."""
    return [line for line in comments if line is not None]


def text_value(text: str) -> Value:
    """Return a string."""
    return Value("string", text)


def table_of(elements: list[Element], *, compact: bool = False) -> Value:
    """Return a table."""
    return Value("table", elements=elements, compact=compact)


def as_data(value: Value) -> object:
    """Return a value without comments, to compare it."""
    if value.kind in ("table", "call"):
        return value.value, {one.name: as_data(one.value) for one in value.elements}
    if value.kind == "array":
        return [as_data(one.value) for one in value.elements]
    return value.kind, value.value
