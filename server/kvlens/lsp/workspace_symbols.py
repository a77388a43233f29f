"""Find the bindings of all configs in the workspace by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.lsp.bindings import owner_config
from kvlens.lsp.documents import to_range
from kvlens.text import LineIndex

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(
    server: Server, params: types.WorkspaceSymbolParams
) -> list[types.WorkspaceSymbol]:
    """Return the bindings whose names contain the letters of the query in order."""
    await server.found.wait()
    found = []
    for project in server.projects:
        config = owner_config(server, project)
        index = LineIndex(config.text)
        for namespace in config.namespaces():
            if not _fits(params.query, namespace.binding):
                continue
            where = f"env.{namespace.environment}, " if namespace.environment else ""
            place = to_range(index, namespace.span, server.documents.encoding)
            found.append(
                types.WorkspaceSymbol(
                    name=namespace.binding,
                    kind=types.SymbolKind.Object,
                    container_name=f"{where}{project.label}",
                    location=types.Location(server.uri(project.path), place),
                )
            )
    return found


def _fits(query: str, name: str) -> bool:
    letters = iter(name.lower())
    return all(letter in letters for letter in query.lower())
