"""Links from a config to Cloudflare's documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.config.fields import DOCS_URL, ENVIRONMENTS_URL
from kvlens.lsp.documents import to_range

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(
    server: Server, params: types.DocumentLinkParams
) -> list[types.DocumentLink] | None:
    """Return a link on each `kv_namespaces` and on each environment that has some."""
    uri = params.text_document.uri
    document, config = server.documents.get(uri), server.diagnostics.config(uri)
    if document is None or config is None:
        return None
    spans = []
    for environment in config.environments:
        kv = environment.kv
        spans += [(known.key_span, DOCS_URL, "Workers KV namespaces") for known in kv]
        if kv and environment.key_span:
            spans.append((environment.key_span, ENVIRONMENTS_URL, "environments"))
    return [
        types.DocumentLink(
            to_range(document.index, span, document.encoding),
            target=url,
            tooltip=f"Cloudflare's documentation: {about}",
        )
        for span, url, about in spans
    ]
