"""The problems of the workspace, for a client that pulls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(server: Server, params: types.WorkspaceDiagnosticParams) -> dict[str, Any]:
    """Return a report for each config, open or on disk, and each open source and seed file.

    It is a WorkspaceDiagnosticReport in JSON.
    """
    await server.found.wait()
    reports: list[dict[str, Any]] = []
    for project in server.projects:
        uri = server.uri(project.path)
        found = server.diagnostics.of(uri)
        document = server.documents.get(uri)
        if found is None:
            found = server.diagnostics.of_file(project.path, uri)
        version = document.version if document else None
        reports.append({"uri": uri, "version": version, "kind": "full", "items": found})
    for uri, found in server.diagnostics.published().items():
        document = server.documents.get(uri)
        version = document.version if document else None
        reports.append({"uri": uri, "version": version, "kind": "full", "items": found})
    return {"items": reports}
