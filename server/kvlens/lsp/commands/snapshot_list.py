"""`kvlens.snapshotList`: the snapshots of a project."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from kvlens.lsp.commands.params import find_project
from kvlens.seeds.snapshots import Snapshot, saved

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> list[dict[str, Any]]:
    """Return the snapshots, the oldest first; one that is damaged is told in the log."""
    project = await find_project(server, params)
    found, wrong = await asyncio.to_thread(saved, project.path.parent)
    for line in wrong:
        server.log("warning", line)
    return [described(server, snapshot) for snapshot in found]


def described(server: Server, snapshot: Snapshot) -> dict[str, Any]:
    """Return a snapshot as clients see it."""
    return {
        "name": snapshot.name,
        "folder": server.uri(snapshot.folder),
        "created": snapshot.created,
        "keys": snapshot.keys,
        "size": snapshot.size,
        "namespaces": [
            {**kept.namespace._asdict(), "keys": kept.keys, "size": kept.size}
            for kept in snapshot.namespaces
        ],
    }
