"""Every place in a file that names the binding, the id or the key at a position."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.config.model import Config
from kvlens.config.query import at as at_config
from kvlens.js.api import at, keys, references
from kvlens.lsp.documents import to_range
from kvlens.text import Span

if TYPE_CHECKING:
    from kvlens.lsp.server import Server
    from kvlens.lsp.sources import Read

READ, WRITE, TEXT = (
    types.DocumentHighlightKind.Read,
    types.DocumentHighlightKind.Write,
    types.DocumentHighlightKind.Text,
)
_IDS = ("id", "preview_id")  # either may name the same namespace


async def answer(
    server: Server, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight] | None:
    """Return the places: keys as read or written, everything else as text."""
    uri = params.text_document.uri
    document, config = server.documents.get(uri), server.diagnostics.config(uri)
    if document is not None and config is not None:
        found = _in_config(config, document.offset(params.position))
        return [
            types.DocumentHighlight(to_range(document.index, span, document.encoding), TEXT)
            for span in found
        ]
    read = await server.sources.read(uri)
    if read is None:
        return None
    offset = read.offset(params.position)
    return [types.DocumentHighlight(read.range(span), kind) for span, kind in _in(read, offset)]


def _in_config(config: Config, offset: int) -> Iterator[Span]:
    place = at_config(config, offset)
    field = place.field if place else None
    if field is None or not isinstance(field.value, str) or field.name not in ("binding", *_IDS):
        return
    names = _IDS if field.name in _IDS else ("binding",)
    for environment in config.environments:
        for kv in (*environment.kv, *environment.previews):
            for entry in kv.entries:
                for other in entry.fields:
                    if other.name in names and other.value == field.value:
                        yield other.value_span


def _in(read: Read, offset: int) -> Iterator[tuple[Span, types.DocumentHighlightKind]]:
    place = at(read.source, offset, read.context)
    if place is None:
        return
    if place.kind == "key":
        for other in keys(read.source, read.context):
            if (other.name, other.binding) == (place.name, place.binding) and other.call:
                yield other.span, WRITE if other.call.method in ("put", "delete") else READ
    elif place.binding:
        for use in references(read.source, place.binding, read.context):
            yield use.span, TEXT
