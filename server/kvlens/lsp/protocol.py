"""The protocol as pygls handles it, with a short way for what comes with every key stroke.

pygls keeps a text of its own for each document and takes every notification through a generator
and two futures made for the general case. This server keeps its own texts, so what the editor
says of them goes straight to plain functions.
"""

from __future__ import annotations

import logging
from typing import Any

from lsprotocol import types
from pygls.exceptions import FeatureNotificationError
from pygls.protocol import LanguageServerProtocol, lsp_method

TEXTS = frozenset(
    (types.TEXT_DOCUMENT_DID_OPEN, types.TEXT_DOCUMENT_DID_CHANGE, types.TEXT_DOCUMENT_DID_CLOSE)
)

logger = logging.getLogger(__name__)


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

    # pygls keeps texts in its own handlers of these, which are not wanted.

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Hand over a text that the editor opened."""
        self.fm.features[types.TEXT_DOCUMENT_DID_OPEN](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
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
