"""`kvlens.snapshotRestore`: make the namespaces as they were when a snapshot was saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kvlens.lsp.command import Command
from kvlens.lsp.progress import Progress
from kvlens.lsp.targets import find_only, find_scope
from kvlens.operations.snapshot_diff import diff_snapshot
from kvlens.operations.snapshot_restore import as_json, held_now, restore_snapshot

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return what was done in each namespace, and whether it was.

    If keys would be deleted or overwritten, nothing is done without `force`: asking the user is the
    client's part, and `restored` is false then. With `force`, the `digest` of that answer as
    `expected` makes sure that it still is what the user was asked about.
    """
    scope = await find_scope(server, params)
    name = params.text("name")
    force = bool(params.get("force", bool))
    expected = params.get("expected", str)
    async with Progress(server, params.token, f"Restoring snapshot {name}") as progress:
        found = await diff_snapshot(
            scope, name, only=find_only(params), cancelled=progress.cancelled
        )
        digest = await held_now(found)
        restored = not found.lost or (force and expected in (None, digest))
        if restored:
            await restore_snapshot(found, progress=progress.report, cancelled=progress.cancelled)
    rows = [as_json(one) for one in found.differences]
    counts = ("written", "overwritten", "deleted", "expired")
    sums = {name: sum(row[name] for row in rows) for name in counts}
    return {"restored": restored, **sums, "digest": digest, "namespaces": rows}


COMMAND = Command(
    run,
    "`name`, `environment?`, `binding?`, `force?`, `expected?`, `config?`",
    "`{restored, written, overwritten, deleted, expired, digest, namespaces}`; where keys would be "
    "deleted or overwritten, nothing is done without `force`, or where they no longer have the "
    "`digest` given as `expected`",
)
