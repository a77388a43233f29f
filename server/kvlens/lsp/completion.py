"""Completion in configs, even in half-typed text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.config.complete import Proposal, complete
from kvlens.lsp import source_completion
from kvlens.lsp.documents import Document, to_range

if TYPE_CHECKING:
    from kvlens.lsp.server import Server

KINDS = {
    "field": types.CompletionItemKind.Property,
    "value": types.CompletionItemKind.Value,
    "snippet": types.CompletionItemKind.Snippet,
}


async def answer(server: Server, params: types.CompletionParams) -> types.CompletionList | None:
    """Return the completions at a position in an open config."""
    uri = params.text_document.uri
    document, config = server.documents.get(uri), server.diagnostics.config(uri)
    if document is None or config is None:
        return await source_completion.answer(server, params)
    offset = document.offset(params.position)
    others = [project.config for project in server.projects if str(project.path) != config.path]
    found = complete(config, offset, others)
    items = [_item(document, proposal, order) for order, proposal in enumerate(found)]
    return types.CompletionList(is_incomplete=False, items=items)


def _item(document: Document, proposal: Proposal, order: int) -> types.CompletionItem:
    place = to_range(document.index, proposal.span, document.encoding)
    written = document.text[slice(*proposal.span)]
    quoted = written[:1] in ('"', "'")
    snippet = types.InsertTextFormat.Snippet
    return types.CompletionItem(
        label=proposal.label,
        kind=KINDS[proposal.kind],
        detail=proposal.detail or None,
        documentation=proposal.about or None,
        sort_text=f"{order:03}",
        # The filter text is the replaced text, including quotes and brackets.
        filter_text=written[:1] + proposal.label if quoted else None,
        insert_text_format=snippet if proposal.snippet else types.InsertTextFormat.PlainText,
        text_edit=types.TextEdit(place, proposal.text),
    )
