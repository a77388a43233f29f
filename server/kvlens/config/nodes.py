"""The tree that scanning a config gives: values with their places.

Every offset is relative to the node that holds it, so a node stays true when the text before
it grows, and a scanner can use it again from one keystroke to the next. Add up the offsets on
the way down to get a place in the file.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kvlens.memo import Memos

# The kinds of a node. "missing": nothing where a value belongs. "invalid": not a value.
KINDS = ("string", "integer", "float", "boolean", "datetime", "null", "array", "table")
BROKEN_KINDS = ("missing", "invalid")


class Part(NamedTuple):
    """One part of a key: its name, and where it is with its quotes."""

    name: str
    start: int
    end: int


class Member(NamedTuple):
    """One `key = value` of a table. Dotted keys have several parts."""

    key: tuple[Part, ...]
    offset: int  # of the value
    value: Node


class Node:
    """One value. Shared and never changed; `memos` holds what others derive from it alone."""

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
        self.broken = broken  # half-typed: not closed, or something in it could not be read
        self.members = members  # of a table
        self.items = items  # of an array: (offset, node)
        self.head = length if head is None else head  # how much to underline for the whole
        self.memos: Memos = {}

    def __repr__(self) -> str:
        inside = self.members or self.items or repr(self.value)
        return f"Node({self.kind}, {self.length}, {inside}{', broken' if self.broken else ''})"


class Section(NamedTuple):
    """A run of members under one header: `[a.b]`, `[[a.b]]`, or none at the top of a file."""

    header: tuple[Part, ...]  # relative to the section's start, as the body's members are
    is_array: bool
    body: Node  # a table; its head is the header
    path: tuple[str, ...] = ()  # the names in the header


Sections = list[tuple[int, Section]]
