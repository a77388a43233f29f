"""Hover in configs: what a field does, its store, and the current content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.config.fields import DOCS_URL, FIELDS, LIST_ABOUT
from kvlens.config.model import Entry, Environment
from kvlens.config.query import at
from kvlens.formatting import amount
from kvlens.lsp import source_hover
from kvlens.lsp.documents import to_range
from kvlens.lsp.markdown import code, inline
from kvlens.lsp.palette import NAMESPACE, PUT, links, subject
from kvlens.stores.base import StoreError

if TYPE_CHECKING:
    from kvlens.lsp.server import Server
    from kvlens.text import Span


async def answer(server: Server, params: types.HoverParams) -> types.Hover | None:
    """Return the hover text for a position in an open config."""
    uri = params.text_document.uri
    document, config = server.documents.get(uri), server.diagnostics.config(uri)
    if document is None or config is None:
        return await source_hover.answer(server, params)
    offset = document.offset(params.position)
    span: Span | None = None
    parts: list[str] = []
    place = at(config, offset)
    for environment in config.environments:
        for kv in environment.kv:
            if kv.key_span.start <= offset <= kv.key_span.end:
                span, parts = kv.key_span, [LIST_ABOUT, f"[Documentation]({DOCS_URL})"]
    if place is not None and place.entry is not None:
        if place.field is None and place.kind != "header":
            return None
        span = place.span
        parts = []
        info = FIELDS.get(place.field.name) if place.field else None
        if info:
            wanted = "required" if info.required else "optional"
            parts.append(f"**{info.name}** ({info.kind}, {wanted}): {info.about}")
        now = await _now(server, uri, place.entry)
        if now:
            binding, store_id = place.entry.text_of("binding"), place.entry.store_id
            if binding and store_id:  # first: an editor cuts off what is below the table
                named = subject(server, server.path(uri), store_id, binding, place.environment.name)
                parts.insert(0, links(server, named, {"Open": NAMESPACE, "Put Key…": PUT}))
            parts.append(now)
        parts.append(_stores(place.environment, place.entry))
    if span is None:
        return None
    text = "\n\n".join(part for part in parts if part)
    content = types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.Hover(content, to_range(document.index, span, document.encoding))


def _stores(environment: Environment, entry: Entry) -> str:
    """Return the table of who uses which id."""
    binding, id_ = entry.text_of("binding"), entry.text_of("id")
    if not binding:
        return ""
    remote = entry.get("remote")
    local = f"local {code(entry.store_id)}"
    if remote and remote.value is True:
        dev = f"the real namespace {code(id_)}" if id_ else "the real namespace"
    else:
        dev = local
    preview = entry.text_of("preview_id")
    cli = f"local {code(id_ or binding)}"
    if preview and id_:
        cli = f"`--preview`: local {code(preview)}, `--preview false`: {cli}"
    flag = f" --env {environment.name}" if environment.name else ""
    deployed = code(id_) if id_ else "made at the first deploy"
    rows = [
        "| who | namespace |",
        "|---|---|",
        f"| KV Lens | {local} |",
        f"| {code(f'wrangler dev{flag}')} | {dev} |",
        f"| {code(f'wrangler kv key{flag} --local')} | {cli} |",
        f"| {code(f'wrangler deploy{flag}')} | {deployed} |",
    ]
    return "\n".join(rows)


async def _now(server: Server, uri: str, entry: Entry) -> str:
    project = server.projects.get(server.path(uri))
    if project is None or project.emulator.state != "running" or not entry.store_id:
        return ""
    try:
        stats = await (await project.emulator.store()).stats(entry.store_id)
    except StoreError as error:
        return inline(error)
    return f"Now: {amount(stats.keys, stats.size)}."
