"""Folding of a config: arrays of namespaces, and each entry that has several lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.text import Span

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(
    server: Server, params: types.FoldingRangeParams
) -> list[types.FoldingRange] | None:
    """Return the folding ranges of an open config: sections, arrays, entries."""
    uri = params.text_document.uri
    document, config = server.documents.get(uri), server.diagnostics.config(uri)
    if document is None or config is None:
        return None
    spans = [
        Span(base, base + section.body.length)
        for base, section in config.sections
        if section.header
    ]
    for environment in config.environments:
        for kv in environment.kv:
            if kv.definition.node is not None:
                spans.append(kv.span)
                spans += [entry.span for entry in kv.entries if entry.is_table]
    found: dict[tuple[int, int], types.FoldingRange] = {}
    for span in spans:
        start = document.index.position(span.start, document.encoding).line
        end = document.index.position(span.end, document.encoding).line
        if document.text[span.end - 1 : span.end] in ("]", "}"):
            end -= 1  # the closing bracket stays visible
        if end > start:
            found[start, end] = types.FoldingRange(start, end)
    return list(found.values())
