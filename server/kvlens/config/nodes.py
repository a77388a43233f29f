"""The tree of a scanned config: values with their offsets.

Every offset is relative to its parent node, so a node stays valid when the text before it changes,
and a scanner can reuse it from one keystroke to the next. To get an offset in the file, add up the
offsets from the root.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kvlens.memo import Memos
from kvlens.text import Span

# The kinds of a node. "missing": no value where one is expected. "invalid": not a value.
KINDS = ("string", "integer", "float", "boolean", "datetime", "null", "array", "table")
BROKEN_KINDS = ("missing", "invalid")


class Part(NamedTuple):
    """One part of a key: its name, and its offsets including quotes."""

    name: str
    start: int
    end: int


class Member(NamedTuple):
    """One `key = value` of a table. Dotted keys have several parts."""

    key: tuple[Part, ...]
    offset: int  # of the value
    value: Node


class Node:
    """One value. Shared and never changed; `memos` has what others derive from it only."""

    __slots__ = ("broken", "head", "items", "kind", "length", "members", "memos", "value")

    def __init__(
        self,
        kind: str,
        length: int,
        value: Any = None,
        *,
        broken: bool = False,
        members: tuple[Member, ...] = (),
        items: tuple[tuple[int, Node], ...] = (),
        head: int | None = None,
    ) -> None:
        self.kind = kind
        self.length = length
        self.value = value  # of a scalar: str, int, float, bool; the raw text of a datetime
        self.broken = broken  # half-typed: not closed, or something in it couldn't be parsed
        self.members = members  # of a table
        self.items = items  # of an array: (offset, node)
        self.head = length if head is None else head  # length to underline for the whole value
        self.memos: Memos = {}

    def __repr__(self) -> str:
        inside = self.members or self.items or repr(self.value)
        return f"Node({self.kind}, {self.length}, {inside}{', broken' if self.broken else ''})"


class CodeList(Node):
    """The namespaces of one Worker in code: its value is the object with all bindings."""

    __slots__ = ("is_missing", "last")

    last: Span | None  # its last property, empty without any; None if it isn't a literal
    is_missing: bool  # the Worker has no `env` yet: this is the Worker's own object


class Section(NamedTuple):
    """A run of members under one header: `[a.b]`, `[[a.b]]`, or no header at the top of a file."""

    header: tuple[Part, ...]  # relative to the section's start, like the body's members
    is_array: bool
    body: Node  # a table; its head is the header
    path: tuple[str, ...] = ()  # the names in the header


Sections = list[tuple[int, Section]]
