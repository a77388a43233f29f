"""The problems of one open config, for a client that asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(
    server: Server, params: types.DocumentDiagnosticParams
) -> types.RelatedFullDocumentDiagnosticReport:
    """Return what is known now; the client is told when the slow rules have more to say."""
    found = server.diagnostics.of(params.text_document.uri)
    return types.RelatedFullDocumentDiagnosticReport(items=found or [])
