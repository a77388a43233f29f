"""`kvlens.snapshotRestore`: restore the namespaces from a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.lsp.command import Command
from kvlens.lsp.progress import Progress
from kvlens.lsp.schema import InProject
from kvlens.lsp.targets import find_only, find_scope
from kvlens.operations.snapshot_diff import diff_snapshot
from kvlens.operations.snapshot_restore import Restored, as_json, changes_digest, restore_snapshot

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server
    from kvlens.operations.snapshot_restore import RestoredNamespace


class Parameters(InProject):
    name: str
    environment: NotRequired[str | None]
    binding: NotRequired[str]
    force: NotRequired[bool]
    """Delete and overwrite keys. Without it nothing is done if that is necessary."""
    expected: NotRequired[str]
    """With `force`, the `digest` of an answer without it: nothing is done if the keys hold
    something else now."""


class Result(Restored):
    restored: bool
    """Whether anything was done."""
    digest: str
    """Identifies the content of the keys that differ."""
    namespaces: list[RestoredNamespace]
    action: NotRequired[str]
    """Identifies the change for `kvlens.historyUndo`, if anything was changed and
    recorded."""


async def run(server: Server, params: Params) -> Result:
    """Restore the namespaces, unless keys would be lost: the client asks the user then."""
    scope = await find_scope(server, params)
    name = params.text("name")
    force = bool(params.get("force", bool))
    expected = params.get("expected", str)
    async with Progress(server, params.token, f"Restoring snapshot {name}") as progress:
        found = await diff_snapshot(
            scope, name, only=find_only(params), cancelled=progress.cancelled
        )
        digest = await changes_digest(found)
        restored = not found.lost or (force and expected in (None, digest))
        if restored:
            await restore_snapshot(
                found,
                forced=force and expected is None,
                progress=progress.report,
                cancelled=progress.cancelled,
            )
    rows = [as_json(one) for one in found.differences]
    result: Result = {
        "restored": restored,
        "written": sum(row["written"] for row in rows),
        "overwritten": sum(row["overwritten"] for row in rows),
        "deleted": sum(row["deleted"] for row in rows),
        "expired": sum(row["expired"] for row in rows),
        "digest": digest,
        "namespaces": rows,
    }
    if restored and found.different and server.settings.historySize:
        result["action"] = params.origin.action
    return result


COMMAND = Command(run)
