"""The outline of a config: environments and the namespaces in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.config.model import Environment
from kvlens.lsp.documents import Document, to_range
from kvlens.text import Span

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(
    server: Server, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol] | None:
    """Return the namespaces of an open config, grouped by environment."""
    uri = params.text_document.uri
    document, config = server.documents.get(uri), server.diagnostics.config(uri)
    if document is None or config is None:
        return None
    found: list[types.DocumentSymbol] = []
    for environment in config.environments:
        namespaces = _namespaces(document, environment)
        if environment.name is None or environment.key_span is None:
            found += namespaces
            continue
        name = to_range(document.index, environment.key_span, document.encoding)
        found.append(
            types.DocumentSymbol(
                name=f"env.{environment.name}",
                kind=types.SymbolKind.Module,
                range=_around(name, namespaces),
                selection_range=name,
                children=namespaces,
            )
        )
    return found


def _namespaces(document: Document, environment: Environment) -> list[types.DocumentSymbol]:
    found = []
    for kv in environment.kv:
        for entry in kv.entries:
            field = entry.get("binding")
            head: Span = field.value_span if field else entry.head
            found.append(
                types.DocumentSymbol(
                    name=entry.text_of("binding") or "(no binding)",
                    detail=f"KV {entry.store_id}" if entry.store_id else "KV",
                    kind=types.SymbolKind.Object,
                    range=to_range(document.index, entry.span, document.encoding),
                    selection_range=to_range(document.index, head, document.encoding),
                )
            )
    return found


def _around(name: types.Range, children: list[types.DocumentSymbol]) -> types.Range:
    """Return the range from the name or first child to the last child: symbols must nest."""
    starts = [name.start, *(child.range.start for child in children)]
    ends = [name.end, *(child.range.end for child in children)]

    def order(position: types.Position) -> tuple[int, int]:
        return position.line, position.character

    return types.Range(min(starts, key=order), max(ends, key=order))
