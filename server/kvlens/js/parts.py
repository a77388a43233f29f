"""The part of a source around an edit whose calls can be checked without the other calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.js.scopes import FUNCTIONS
from kvlens.js.syntax import Source
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node

Part = tuple[int, int]
"""The bytes where a part starts and ends."""


def part_around(source: Source, place: Span) -> Part:
    """Return the part that a place is in: a function, or else statements of the top level.

    That function is the outermost one. One in a call isn't a part: the call may be one of KV.
    """
    start, end = source.offsets.byte(place.start), source.offsets.byte(place.end)
    here = source.root.descendant_for_byte_range(start, end)
    function: Node | None = None
    while here is not None and here.parent is not None:
        if here.type in FUNCTIONS:
            function = here
        elif here.type in ("call_expression", "new_expression"):
            function = None
        here = here.parent
    if function is not None:
        return function.byte_range
    for child in source.root.children:
        if child.end_byte < start:
            continue
        if child.start_byte > end:
            break
        start, end = min(start, child.start_byte), max(end, child.end_byte)
    return start, end
