"""`kvlens.snapshotRestore`: make the namespaces as they were when a snapshot was saved."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kvlens.lsp.commands.params import CommandError, find_namespaces
from kvlens.lsp.progress import Progress
from kvlens.seeds.fingerprint import of_entries, of_names
from kvlens.seeds.snapshots import NamespaceRef, SnapshotError, compare, load, restore

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params
    from kvlens.lsp.server import Server
    from kvlens.seeds.snapshots import Difference


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return what was done in each namespace, and whether it was.

    Where keys would be deleted or overwritten, nothing is done without `force`: asking the user is
    the client's part, and `restored` is false then. With `force`, the `digest` of that answer as
    `expected` makes sure that it still is what the user was asked about.
    """
    project, found = await find_namespaces(server, params)
    name = params.text("name")
    force = bool(params.get("force", bool))
    expected = params.get("expected", str)
    namespaces = [NamespaceRef(one.binding, one.environment, one.id) for one in found]
    try:
        snapshot = load(project.path.parent, name)
        store = await project.emulator.store()
        async with Progress(server, params.token, f"Restoring snapshot {name}") as progress:
            differences = await compare(
                store, snapshot, namespaces, now=time.time(), cancelled=progress.cancelled
            )
            found_now = of_names(
                [await of_entries(store, one.namespace.id, _keys(one)) for one in differences]
            )
            lost = sum(len(one.to_delete) + _overwritten(one) for one in differences)
            restored = not lost or (force and expected in (None, found_now))
            if restored:
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
        "restored": restored,
        "written": sum(len(one.to_put) for one in differences),
        "overwritten": sum(_overwritten(one) for one in differences),
        "deleted": sum(len(one.to_delete) for one in differences),
        "expired": sum(one.expired for one in differences),
        "digest": found_now,
        "namespaces": [
            {
                **one.namespace._asdict(),
                "written": len(one.to_put),
                "overwritten": _overwritten(one),
                "deleted": len(one.to_delete),
                "expired": one.expired,
            }
            for one in differences
        ],
    }


def _overwritten(difference: Difference) -> int:
    """Return how many keys have something else now than in the snapshot."""
    return sum(change.kind == "changed" for change in difference.changes)


def _keys(difference: Difference) -> list[str]:
    return [change.key for change in difference.changes]
