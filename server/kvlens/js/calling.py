"""The call of a KV method whose arguments are being typed at a position."""

from __future__ import annotations

from typing import NamedTuple

from kvlens.js.analysis import Analysis
from kvlens.js.calls import KvCall, Method
from kvlens.js.query import open_quote
from kvlens.js.reader import edited


class Calling(NamedTuple):
    """A method, and which argument is being typed, from 0."""

    method: Method
    argument: int


def calling(analysis: Analysis, offset: int) -> Calling | None:
    """Return the innermost call of a namespace whose brackets are around an offset.

    Open quotes and brackets count as closed at the offset.
    """
    text = analysis.source.text
    quote = open_quote(text[text.rfind("\n", 0, offset) + 1 : offset])
    for closing in ("", quote or "_", f"{quote})", f"{quote}}})"):
        read = analysis
        if closing:
            read = Analysis(edited(analysis.source, offset, closing), analysis.declared)
        if (found := _around(read, offset)) is not None:
            return found
    return None


def _around(analysis: Analysis, offset: int) -> Calling | None:
    byte = analysis.source.offsets.byte(offset)
    inner: KvCall | None = None
    for call in analysis.certain_calls:
        given = call.node.child_by_field_name("arguments")
        if given is None or given.type != "arguments" or given.children[-1].type != ")":
            continue
        inside = given.start_byte < byte < given.end_byte
        if inside and (inner is None or call.node.start_byte > inner.node.start_byte):
            inner = call
    given = inner.node.child_by_field_name("arguments") if inner else None
    if inner is None or given is None:
        return None
    before = [child for child in given.children if child.end_byte <= byte and child.type == ","]
    return Calling(inner.method, len(before))
