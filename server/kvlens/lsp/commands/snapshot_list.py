"""`kvlens.snapshotList`: the snapshots of a project."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kvlens.lsp.command import Command
from kvlens.lsp.schema import InProject
from kvlens.lsp.targets import find_scope
from kvlens.operations.snapshot_list import as_json, list_snapshots

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server
    from kvlens.operations.snapshot_list import SnapshotInfo


class Parameters(InProject):
    pass


async def run(server: Server, params: Params) -> list[SnapshotInfo]:
    """Return the snapshots, oldest first. Damaged ones are logged."""
    found, unreadable = await asyncio.to_thread(list_snapshots, await find_scope(server, params))
    for line in unreadable:
        server.log("warning", line)
    return [as_json(snapshot, server.uri(snapshot.folder)) for snapshot in found]


COMMAND = Command(run)
