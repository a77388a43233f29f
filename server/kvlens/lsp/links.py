"""Links from a config to Cloudflare's documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.config.fields import DOCS_URL
from kvlens.lsp.documents import to_range

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(
    server: Server, params: types.DocumentLinkParams
) -> list[types.DocumentLink] | None:
    """Return links for the first `kv_namespaces` of the top level and of each environment."""
    uri = params.text_document.uri
    document, config = server.documents.get(uri), server.diagnostics.config(uri)
    if document is None or config is None:
        return None
    return [
        types.DocumentLink(
            to_range(document.index, kv.key_span, document.encoding),
            target=DOCS_URL,
            tooltip="Cloudflare's documentation of KV namespaces",
        )
        for environment in config.environments
        for kv in environment.kv[:1]
    ]
