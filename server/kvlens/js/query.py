"""Find what is at a position in a source, for hovers, completion, definitions and renames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from kvlens.js.analysis import Analysis, BindingUse
from kvlens.js.calls import KvCall
from kvlens.js.constants.values import Value
from kvlens.js.reader import edited
from kvlens.js.renames import references
from kvlens.js.syntax import plain
from kvlens.kv.limits import MAX_BULK_KEYS
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_QUOTES = "\"'`"
_NAMING = ("identifier", "property_identifier", "shorthand_property_identifier", "string")


@dataclass(frozen=True)
class CursorTarget:
    """What is at a position.

    binding: the name of a binding of any type, read from `env` (`use`).
    alias: a variable that holds a binding, before a method.
    key: the key of a call; `name` is its value and `span` the text inside the quotes, or the
        whole expression if the key is a constant (`literal` is False then).
    method: the name of a method of a namespace.
    """

    kind: Literal["binding", "alias", "key", "method"]
    name: str
    span: Span
    binding: str | None  # None: a namespace by its type, its binding not known
    is_kv: bool  # certainly a namespace, not another type of binding
    call: KvCall | None = None
    use: BindingUse | None = None
    literal: bool = True


def at(analysis: Analysis, offset: int) -> CursorTarget | None:
    """Return what is at an offset, in code points; at the end of a name, that name."""
    for place in _places(analysis, offset):
        if place.span.start <= offset <= place.span.end:
            return place
    return None


def keys(analysis: Analysis) -> Iterator[CursorTarget]:
    """Yield the keys of all calls that are certainly of a namespace, for inlays."""
    for call in analysis.certain_calls:
        yield from _keys(analysis, call)


def completing(analysis: Analysis, offset: int) -> CursorTarget | None:
    """Return what is being typed at an offset: a key, or the name of a binding or a method.

    The text may be half-typed there: open quotes and brackets count as closed at the offset. `name`
    is the part before the offset; a half-typed binding isn't one yet.
    """
    place = _completing(analysis, offset)
    if place is not None:
        return place
    text = analysis.source.text
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    quote = open_quote(line)
    for closing in (f"{quote})", quote) if quote else ("_",):
        source = edited(analysis.source, offset, closing)
        place = _completing(Analysis(source, analysis.declared, modules=analysis.modules), offset)
        if place is not None:
            return replace(place, span=Span(place.span.start, offset))
    return None


def _completing(analysis: Analysis, offset: int) -> CursorTarget | None:
    place = _method(analysis, offset) or at(analysis, offset)
    if place is None or place.kind == "alias" or not place.literal:
        return None
    if "\n" in analysis.source.text[place.span.start : place.span.end]:
        return None
    binding = None if place.kind == "binding" else place.binding
    return replace(place, name=analysis.source.text[place.span.start : offset], binding=binding)


def _method(analysis: Analysis, offset: int) -> CursorTarget | None:
    """Return the member of a namespace at an offset, which may be the beginning of a method."""
    node = _name_node(analysis, analysis.source.offsets.byte(offset))
    is_member = node is not None and node.type == "property_identifier"
    member = node.parent if node is not None and is_member else None
    holder = member.child_by_field_name("object") if member is not None else None
    access = analysis.resolver.namespace(holder) if holder is not None else None
    if node is None or access is None or not (access.typed or analysis.is_kv(access.binding or "")):
        return None
    name, span = analysis.source.text_of(node), analysis.source.span(node)
    return CursorTarget("method", name, span, access.binding, is_kv=True)


def open_quote(line: str) -> str:
    """Return the quote that is open at the end of a line, if any."""
    quote = ""
    escaped = False
    for letter in line:
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = True
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in _QUOTES:
            quote = letter
    return quote


def _places(analysis: Analysis, offset: int) -> Iterator[CursorTarget]:
    byte = analysis.source.offsets.byte(offset)
    for call in analysis.calls:
        if not call.node.start_byte <= byte <= call.node.end_byte:
            continue
        yield from _keys(analysis, call)
        is_kv = _is_kv(analysis, call)
        yield CursorTarget("method", call.method, call.method_span, call.binding, is_kv, call)
        receiver = plain(call.receiver)
        if receiver.type == "identifier" and call.access.how in ("alias", "destructured", "typed"):
            span = analysis.source.span(receiver)
            name = analysis.source.text_of(receiver)
            yield CursorTarget("alias", name, span, call.binding, is_kv, call)
    for use in analysis.uses:
        if use.span.start <= offset <= use.span.end:
            yield CursorTarget(
                "binding", use.name, use.span, use.name, analysis.is_kv(use.name), use=use
            )
    word = _word(analysis, byte)
    if word:
        for use in references(analysis, word):
            if use.span.start <= offset <= use.span.end:
                yield CursorTarget("binding", word, use.span, word, analysis.is_kv(word), use=use)


def _word(analysis: Analysis, byte: int) -> str | None:
    """Return the name or string at a byte, which may name a binding in a type or an object."""
    node = _name_node(analysis, byte)
    return analysis.source.text_of(node).strip("\"'") if node is not None else None


def _name_node(analysis: Analysis, byte: int) -> Node | None:
    for start in (byte, byte - 1):
        node = analysis.source.root.descendant_for_byte_range(max(start, 0), max(start, 0))
        if node is not None and node.type.startswith(_NAMING):
            return node
    return None


def _keys(analysis: Analysis, call: KvCall) -> Iterator[CursorTarget]:
    if call.method == "list" or not call.argument_nodes:
        return
    # only the first argument: the others may be half-typed, or long
    value = call.folder.value(call.argument_nodes[0])
    for each in value.items[:MAX_BULK_KEYS] if value.kind == "array" else (value,):
        place = _key(analysis, call, each)
        if place is not None:
            yield place


def _key(analysis: Analysis, call: KvCall, value: Value) -> CursorTarget | None:
    node = plain(value.node)
    span = analysis.source.span(node)
    is_kv = _is_kv(analysis, call)
    if node.type in ("string", "template_string") and not _has_substitution(node):
        inner = Span(span.start + 1, max(span.end - 1, span.start + 1))
        name = str(value.value) if value.kind == "string" else ""
        return CursorTarget("key", name, inner, call.binding, is_kv, call)
    if value.kind == "string":
        return CursorTarget("key", str(value.value), span, call.binding, is_kv, call, literal=False)
    return None


def _has_substitution(node: Node) -> bool:
    return any(child.type == "template_substitution" for child in node.named_children)


def _is_kv(analysis: Analysis, call: KvCall) -> bool:
    return call.access.typed or (call.binding is not None and analysis.is_kv(call.binding))
