"""The colors of the visible part of a config, which an editor shows first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.lsp.semantic_tokens import data_of

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(
    server: Server, params: types.SemanticTokensRangeParams
) -> types.SemanticTokens | None:
    """Return the tokens of a range."""
    data = await data_of(server, params.text_document.uri, params.range)
    return None if data is None else types.SemanticTokens(data)
