"""The protocol as pygls handles it, with a short way for what comes with every key stroke.

pygls keeps a text of its own for each document and takes every notification through a generator
and two futures made for the general case. This server keeps its own texts, so what the editor
says of them goes straight to plain functions.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from lsprotocol import types
from pygls.exceptions import FeatureNotificationError
from pygls.protocol import LanguageServerProtocol, lsp_method

TEXTS = frozenset(
    (types.TEXT_DOCUMENT_DID_OPEN, types.TEXT_DOCUMENT_DID_CHANGE, types.TEXT_DOCUMENT_DID_CLOSE)
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Edited:
    """The message `textDocument/didChange`."""

    params: dict[str, Any]  # DidChangeTextDocumentParams
    method: str = types.TEXT_DOCUMENT_DID_CHANGE
    jsonrpc: str = LanguageServerProtocol.VERSION


class Protocol(LanguageServerProtocol):
    """pygls' protocol without its texts, and with commands that a client can really cancel."""

    def handle_message(self, message: Any) -> None:
        """Handle one message; the texts' go straight to their handlers."""
        method = getattr(message, "method", None)
        if method in TEXTS and not self._shutdown:
            try:
                self.fm.features[method](message.params)
            except Exception as error:
                logger.exception("Failed to handle %s", method)
                self._server.report_server_error(error, FeatureNotificationError)
        else:
            super().handle_message(message)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Read a message into objects; a key stroke's stays JSON, which costs a tenth less."""
        if data.get("method") == types.TEXT_DOCUMENT_DID_CHANGE:
            return Edited(data["params"])
        return super().structure_message(data)

    def notify_json(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification whose params are JSON already."""
        self._send_data({"jsonrpc": self.VERSION, "method": method, "params": params})

    # pygls keeps texts in its own handlers of these, which are not wanted.

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Hand over a text that the editor opened."""
        self.fm.features[types.TEXT_DOCUMENT_DID_OPEN](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: Any) -> None:
        """Hand over the changes of a text."""
        self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Hand over that the editor closed a text."""
        self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE](params)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]  # a generator in pygls
        self, params: types.ExecuteCommandParams
    ) -> Any:
        """Run a command in a task of its own, so that a cancel reaches it."""
        return await self.fm.features[types.WORKSPACE_EXECUTE_COMMAND](params)
