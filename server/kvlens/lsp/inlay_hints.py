"""Inlay hints in code: keys that are read but aren't in the local store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.js.api import keys
from kvlens.lsp.live_store import store_of
from kvlens.lsp.palette import PUT, command, subject
from kvlens.stores.base import StoreError
from kvlens.text import Span
from kvlens.visible import one_line

if TYPE_CHECKING:
    from kvlens.lsp.server import Server

NO_SUCH_KEY = "no such key"
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
            missing = not await live.has(place.name)
            rest = await live.missing(place.name, place.binding or "") if missing else ""
        except StoreError:
            return None
        if missing:
            at = place.span.end + (1 if place.literal else 0)
            where = read.range(Span(at, at)).start
            tooltip = one_line(f'"{place.name}"{rest}')
            label: str | list[types.InlayHintLabelPart] = NO_SUCH_KEY
            if server.has_palette:
                binding = place.binding or ""
                named = subject(server, live.config, live.id, binding, live.environment, place.name)
                create = command("Create the key", PUT, named)
                label = [types.InlayHintLabelPart(NO_SUCH_KEY, tooltip=tooltip, command=create)]
            hints.append(types.InlayHint(where, label, tooltip=tooltip, padding_left=True))
    return hints
