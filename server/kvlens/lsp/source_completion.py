"""Completion in code: the existing keys, and the bindings that the config declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.js.api import completing
from kvlens.lsp.bindings import owner_config
from kvlens.lsp.live_store import store_of
from kvlens.stores.base import StoreError
from kvlens.text import Span

if TYPE_CHECKING:
    from kvlens.lsp.server import Server

MOST = 200  # keys offered at a time; typing more narrows them down


async def answer(server: Server, params: types.CompletionParams) -> types.CompletionList | None:
    """Return keys inside `get("…")`, or bindings after `env.`."""
    uri = params.text_document.uri
    read = await server.sources.read(uri)
    if read is None:
        return None
    offset = read.offset(params.position)
    place = completing(read.source, offset, read.context)
    if place is None:
        return None
    typed = read.source.text[place.span.start : offset]
    where = read.range(Span(place.span.start, max(offset, place.span.end)))
    if place.kind == "binding":
        owner = server.sources.owner(server.path(uri))
        if owner is None:
            return None
        names = dict.fromkeys(n.binding for n in owner_config(server, owner).namespaces())
        items = [
            types.CompletionItem(
                label=name,
                kind=types.CompletionItemKind.Field,
                detail="KV namespace",
                text_edit=types.TextEdit(where, name),
            )
            for name in names
        ]
        return types.CompletionList(is_incomplete=False, items=items)
    live = await store_of(server, uri, place.binding)
    if live is None:
        return None
    try:
        page = await live.store.list(live.id, prefix=typed, limit=MOST)
    except StoreError:
        return None
    quote = read.source.text[place.span.start - 1 : place.span.start]
    items = [
        types.CompletionItem(
            label=key.name,
            kind=types.CompletionItemKind.Value,
            detail=key.metadata,
            text_edit=types.TextEdit(where, _escaped(key.name, quote)),
        )
        for key in page.keys
    ]
    return types.CompletionList(is_incomplete=not page.complete, items=items)


def _escaped(name: str, quote: str) -> str:
    """Escape a key for a literal with these quotes."""
    text = name.replace("\\", "\\\\").replace(quote, "\\" + quote) if quote else name
    text = text.replace("\n", "\\n").replace("\r", "\\r")
    return text.replace("${", "\\${") if quote == "`" else text
