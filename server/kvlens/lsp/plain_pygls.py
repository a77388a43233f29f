"""The server on pygls' own transport, converter and documents, with KVLENS_PLAIN_PYGLS=1.

Slower, and without the checks of `fast_pygls.messages`, the limits and the watchdog. It measures
the gain of the fast path (`make bench`), and is the fallback if a new pygls breaks it.
"""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from kvlens.lsp.protocol import ServerProtocol


class StdioServer(LanguageServer):
    """The interface of `fast_pygls.transport.StdioServer`, with pygls alone."""

    protocol: ServerProtocol
    exit_code = 0

    def __init__(self, name: str, version: str) -> None:
        super().__init__(name, version, protocol_cls=ServerProtocol)

    def watch_parent(self, process: int | None) -> None:
        """Do nothing: pygls ends with standard input."""

    def feature(self, feature_name: str, options: Any | None = None) -> Any:
        """Register a handler. The one for document changes gets JSON, as on the fast path."""
        register = super().feature(feature_name, options)
        if feature_name != types.TEXT_DOCUMENT_DID_CHANGE:
            return register

        def with_json(handler: Any) -> Any:
            def handle(params: types.DidChangeTextDocumentParams) -> None:
                handler(self.protocol._converter.unstructure(params))

            return register(handle)

        return with_json
