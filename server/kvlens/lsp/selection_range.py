"""What to select when a selection grows: value, field, entry, list, and so on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.config.model import Config
from kvlens.config.nodes import Node as ConfigNode
from kvlens.js.syntax import Source
from kvlens.lsp.documents import to_range
from kvlens.text import Span

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(
    server: Server, params: types.SelectionRangeParams
) -> list[types.SelectionRange] | None:
    """Return the ranges around each position in a config or a source, the smallest first."""
    uri = params.text_document.uri
    document, config = server.documents.get(uri), server.diagnostics.config(uri)
    if document is not None and config is not None:
        index, encoding, code = document.index, document.encoding, None
    elif (read := await server.sources.read(uri)) is not None:
        index, encoding, code = read.lines, read.encoding, read.source
    else:
        return None
    found = []
    for position in params.positions:
        offset = index.offset(position.line, position.character, encoding)
        if code is not None:
            spans = _around_in_code(code, offset)
        else:
            assert config is not None
            spans = _around(config, offset)
        chain: types.SelectionRange | None = None
        for span in sorted(set(spans), key=_size):
            chain = types.SelectionRange(to_range(index, span, encoding), chain)
        found.append(chain or types.SelectionRange(types.Range(position, position)))
    return found


def _around_in_code(source: Source, offset: int) -> Iterator[Span]:
    """Yield what the parser has around an offset: a name, its expression, statement, function."""
    yield Span(0, len(source.text))
    at = source.offsets.byte(offset)
    node = source.root.named_descendant_for_byte_range(at, at)
    while node is not None:
        yield source.span(node)
        node = node.parent


def _size(span: Span) -> int:
    return span.start - span.end  # the largest first: each one is the parent of the next


def _around(config: Config, offset: int) -> Iterator[Span]:
    """Yield what is around an offset: the text, its section, and the values and fields there."""
    yield Span(0, len(config.text))
    start, section = config.section_around(offset)
    if config.is_toml:
        last = section.body.length
        yield from _if_around(offset, [Span(start, start + last)])
    yield from _inside(section.body, start, offset)


def _inside(node: ConfigNode, start: int, offset: int) -> Iterator[Span]:
    for member in node.members:
        at = start + member.offset
        end = at + max(member.value.length, 0)
        first, last = member.key[0], member.key[-1]
        whole = Span(start + first.start, end)
        if not whole.start <= offset <= whole.end:
            continue
        keys = [Span(start + part.start, start + part.end) for part in member.key]
        path = Span(start + first.start, start + last.end)
        yield from _if_around(offset, [whole, path, *keys])
        yield from _value(member.value, at, offset)
    for where, item in node.items:
        yield from _value(item, start + where, offset)


def _value(node: ConfigNode, start: int, offset: int) -> Iterator[Span]:
    span = Span(start, start + max(node.length, 0))
    if span.start <= offset <= span.end:
        yield span
        if node.kind == "string" and span.end - span.start >= 2 and not node.broken:
            yield from _if_around(offset, [Span(span.start + 1, span.end - 1)])
        yield from _inside(node, start, offset)


def _if_around(offset: int, spans: Iterable[Span]) -> Iterator[Span]:
    for span in spans:
        if span.start <= offset <= span.end:
            yield span
