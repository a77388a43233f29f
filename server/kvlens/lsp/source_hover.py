"""Hover in code: the current value of a key, and what a binding is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.formatting import amount, human_size, until
from kvlens.js.api import at
from kvlens.kv.values import valid_json
from kvlens.lsp.live_store import Live, store_of
from kvlens.lsp.markdown import block, code, inline
from kvlens.lsp.palette import COPY, NAMESPACE, OPEN, PUT, links, subject
from kvlens.stores.base import StoreError

if TYPE_CHECKING:
    from kvlens.lsp.server import Server

SHOWN = 1_000  # characters of a value


async def answer(server: Server, params: types.HoverParams) -> types.Hover | None:
    """Return the hover text for a key or binding in a source, from the local store."""
    uri = params.text_document.uri
    read = await server.sources.read(uri)
    if read is None:
        return None
    place = at(read.source, read.offset(params.position), read.context)
    if place is None or not place.is_kv:
        return None
    live = await store_of(server, uri, place.binding)
    if live is None:
        return None
    try:
        binding, key = place.binding or "", place.name if place.kind == "key" else None
        named = subject(server, live.config, live.id, binding, live.environment, key)
        if key is not None:
            text, exists = await _key(live, binding, key)
            shown = {"Open": OPEN, "Edit": PUT, "Copy": COPY} if exists else {"Create": PUT}
        else:
            shown = {"Open": NAMESPACE, "Put Key…": PUT}
            stats = await live.store.stats(live.id)
            where = f"env.{inline(live.environment)}" if live.environment else "the top level"
            text = f"**{inline(place.binding)}**: KV namespace of {where}\n\n"
            text += f"Local {code(live.id)}: {amount(stats.keys, stats.size)}."
        if way := links(server, named, shown):
            text += f"\n\n{way}"
    except StoreError as error:
        text = inline(error)
    content = types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.Hover(content, read.range(place.span))


async def _key(live: Live, binding: str, key: str) -> tuple[str, bool]:
    """Return what a key holds, and whether it exists."""
    entry = await live.store.get(live.id, key)
    if entry is None:
        return f"{code(key)}{await live.missing(key, inline(binding))}", False
    facts = [human_size(len(entry.value))]
    if entry.expiration is not None:
        facts.append(f"expires {until(entry.expiration - await live.store.time())}")
    if entry.metadata is not None:
        facts.append(f"metadata {code(entry.metadata)}")
    return f"{_fenced(entry.value)}\n\n{inline(binding)}, {', '.join(facts)}", True


def _fenced(value: bytes) -> str:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return "Binary: `" + value[:32].hex(" ") + ("…`" if len(value) > 32 else "`")
    language = ""
    try:
        text = valid_json(json.loads(text), indent=2, ensure_ascii=False)
        language = "json"
    except ValueError:
        pass
    if len(text) > SHOWN:
        text = text[:SHOWN] + "…"
    return block(text, language)
