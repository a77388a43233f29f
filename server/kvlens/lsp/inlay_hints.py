"""Inlay hints in code: keys that are read but aren't in the local store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.js.api import keys
from kvlens.lsp.live_store import store_of
from kvlens.stores.base import StoreError
from kvlens.text import Span
from kvlens.visible import one_line

if TYPE_CHECKING:
    from kvlens.lsp.server import Server

MOST = 100  # keys looked up for one response


async def answer(server: Server, params: types.InlayHintParams) -> list[types.InlayHint] | None:
    """Return a hint after each missing key of a `get`; nothing without an emulator."""
    uri = params.text_document.uri
    read = await server.sources.read(uri)
    if read is None:
        return None
    start, end = read.offset(params.range.start), read.offset(params.range.end)
    hints = []
    for place in keys(read.source, read.context)[:MOST]:
        reads = place.call is not None and place.call.method in ("get", "getWithMetadata")
        if not reads or not place.name or not start <= place.span.end <= end:
            continue
        live = await store_of(server, uri, place.binding)
        if live is None:
            continue
        try:
            missing = await live.store.get(live.id, place.name) is None
        except StoreError:
            return None
        if missing:
            at = place.span.end + (1 if place.literal else 0)
            where = read.range(Span(at, at)).start
            hints.append(
                types.InlayHint(
                    where,
                    "no such key",
                    tooltip=one_line(f'"{place.name}" is not in the local {place.binding} now.'),
                    padding_left=True,
                )
            )
    return hints
