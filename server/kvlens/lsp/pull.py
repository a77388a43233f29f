"""The problems of one open config, for a client that pulls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(server: Server, params: types.DocumentDiagnosticParams) -> dict[str, Any]:
    """Return the known problems as a full DocumentDiagnosticReport in JSON.

    The client is asked to pull again when the slow rules find more.
    """
    return {"kind": "full", "items": server.diagnostics.of(params.text_document.uri) or []}
