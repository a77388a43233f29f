"""The colors of a config that have changed since the editor got them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.lsp.semantic_tokens import data_of, remember

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(
    server: Server, params: types.SemanticTokensDeltaParams
) -> types.SemanticTokensDelta | types.SemanticTokens | None:
    """Return one edit of the tokens that were sent, or all of them if these aren't known."""
    document = server.documents.get(params.text_document.uri)
    data = await data_of(server, params.text_document.uri)
    if document is None or data is None:
        return None
    known, before = document.sent_tokens
    result = remember(document, data)
    if known != params.previous_result_id:
        return types.SemanticTokens(data, result)
    return types.SemanticTokensDelta(edits(before, data), result)


def edits(before: list[int], after: list[int]) -> list[types.SemanticTokensEdit]:
    """Return the edit that makes the numbers before into those after; none if they are the same.

    >>> edits([1, 2, 3, 4], [1, 5, 4])
    [SemanticTokensEdit(start=1, delete_count=2, data=[5])]
    """
    shorter = min(len(before), len(after))
    start = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    end = next(
        (at for at in range(shorter - start) if before[-1 - at] != after[-1 - at]), shorter - start
    )
    if start == len(before) == len(after):
        return []
    edit = types.SemanticTokensEdit(
        start, len(before) - start - end, after[start : len(after) - end]
    )
    return [edit]
