"""`kvlens.snapshotRestore`: make the namespaces as they were when a snapshot was saved."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kvlens.lsp.commands.params import CommandError, find_namespaces
from kvlens.lsp.progress import Progress
from kvlens.seeds.snapshots import NamespaceRef, SnapshotError, compare, load, restore

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return what was done in each namespace, and whether it was.

    Where keys would be deleted, nothing is done without `force`: asking the user is the client's
    part, and `restored` is false then.
    """
    project, found = await find_namespaces(server, params)
    name = params.text("name")
    force = bool(params.get("force", bool))
    namespaces = [NamespaceRef(one.binding, one.environment, one.id) for one in found]
    try:
        snapshot = load(project.path.parent, name)
        store = await project.emulator.store()
        async with Progress(server, params.token, f"Restoring snapshot {name}") as progress:
            differences = await compare(
                store, snapshot, namespaces, now=time.time(), cancelled=progress.cancelled
            )
            deleted = sum(len(one.to_delete) for one in differences)
            if force or not deleted:
                await restore(
                    store,
                    snapshot,
                    differences,
                    progress=progress.report,
                    cancelled=progress.cancelled,
                )
    except SnapshotError as error:
        raise CommandError(str(error)) from None
    return {
        "restored": force or not deleted,
        "written": sum(len(one.to_put) for one in differences),
        "deleted": deleted,
        "expired": sum(one.expired for one in differences),
        "namespaces": [
            {
                **one.namespace._asdict(),
                "written": len(one.to_put),
                "deleted": len(one.to_delete),
                "expired": one.expired,
            }
            for one in differences
        ],
    }
