"""`kvlens.namespaces`: every project with its namespaces, and how much is in them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from kvlens.lsp.commands.params import claimed
from kvlens.lsp.documents import to_range
from kvlens.stores.base import StoreError
from kvlens.stores.known import unclaimed
from kvlens.stores.registry import shown_url
from kvlens.text import LineIndex

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params
    from kvlens.lsp.projects import Project
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> list[dict[str, Any]]:
    """Return a list of projects; keys and sizes only where the emulator runs."""
    await server.found.wait()
    return [await _describe(server, project) for project in server.projects]


async def _describe(server: Server, project: Project) -> dict[str, Any]:
    emulator = project.emulator
    index = LineIndex(project.config.text)
    namespaces = []
    for namespace in project.config.namespaces():
        place = to_range(index, namespace.span, server.documents.encoding)
        shown: dict[str, Any] = {
            "binding": namespace.binding,
            "id": namespace.id,
            "environment": namespace.environment,
            "range": {
                "start": {"line": place.start.line, "character": place.start.character},
                "end": {"line": place.end.line, "character": place.end.character},
            },
        }
        if emulator.state == "running":
            try:
                stats = await (await emulator.store()).stats(namespace.id)
                shown["keys"], shown["size"] = stats.keys, stats.size
            except StoreError as error:
                shown["message"] = str(error)
        namespaces.append(shown)
    others: list[dict[str, Any]] = []
    if emulator.state == "running":
        with contextlib.suppress(StoreError):
            found = await unclaimed(await emulator.store(), claimed(server, project))
            others = [one._asdict() for one in found]
    return {
        "config": server.uri(project.path),
        "label": project.label,
        "state": emulator.state,
        "url": emulator.url,
        "message": emulator.message,
        "problem": project.problem,
        "store": shown_url(emulator.settings.store),
        "namespaces": namespaces,
        "unclaimed": others,
    }
