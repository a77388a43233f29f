"""`kvlens.snapshotRestore`: make the namespaces as they were when a snapshot was saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kvlens.lsp.command import Command
from kvlens.lsp.progress import Progress
from kvlens.lsp.targets import find_only, find_scope
from kvlens.operations.snapshot_diff import diff_snapshot
from kvlens.operations.snapshot_restore import as_json, restore_snapshot

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return what was done in each namespace, and whether it was.

    If keys would be deleted, nothing is done without `force`: asking the user is the client's
    part, and `restored` is false then.
    """
    scope = await find_scope(server, params)
    name = params.text("name")
    async with Progress(server, params.token, f"Restoring snapshot {name}") as progress:
        found = await diff_snapshot(
            scope, name, only=find_only(params), cancelled=progress.cancelled
        )
        restored = bool(params.get("force", bool)) or not found.to_delete
        if restored:
            await restore_snapshot(found, progress=progress.report, cancelled=progress.cancelled)
    rows = [as_json(one) for one in found.differences]
    sums = {name: sum(row[name] for row in rows) for name in ("written", "deleted", "expired")}
    return {"restored": restored, **sums, "namespaces": rows}


COMMAND = Command(
    run,
    "`name`, `environment?`, `binding?`, `force?`, `config?`",
    "`{restored, written, deleted, expired, namespaces}`; where keys would be deleted, nothing is "
    "done without `force`",
)
