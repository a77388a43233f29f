"""Check whether a position can be renamed: only a binding can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.lsp.bindings import named_at
from kvlens.lsp.documents import to_range

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(
    server: Server, params: types.PrepareRenameParams
) -> types.PrepareRenamePlaceholder | None:
    """Return the binding's range and name."""
    found = await named_at(server, params.text_document.uri, params.position)
    if found is None:
        return None
    named, index = found
    place = to_range(index, named.span, server.documents.encoding)
    return types.PrepareRenamePlaceholder(range=place, placeholder=named.name)
