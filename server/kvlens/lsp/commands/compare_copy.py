"""`kvlens.compareCopy`: copy keys from one side of a comparison to the other, as planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.progress import Progress
from kvlens.operations.compare_copy import copy
from kvlens.operations.errors import NotFoundError

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(TypedDict):
    comparison: str


class Result(TypedDict):
    written: int
    deleted: int
    changed: list[str]
    """If nothing was written: keys that aren't what was compared, at most 100."""
    action: NotRequired[str]
    """Identifies the change for `kvlens.compareUndo`, if it was recorded."""


async def run(server: Server, params: Params) -> Result:
    """Do what `kvlens.comparePlan` planned, all or nothing."""
    found = server.comparisons.get(params.text("comparison"))
    if found.plan is None:
        raise NotFoundError("no copy was planned; ask kvlens.comparePlan first")
    plan, found.plan = found.plan, None
    side = found.comparison.side(plan.to)
    async with Progress(server, params.token, f"Copying keys to {side.title}") as progress:
        done = await copy(
            found.comparison,
            plan,
            origin=params.origin,
            progress=progress.report,
            cancelled=progress.cancelled,
        )
    result: Result = {
        "written": done.written,
        "deleted": done.deleted,
        "changed": list(done.changed),
    }
    if not done.changed and server.settings.historySize:
        result["action"] = params.origin.action
    return result


COMMAND = Command(run)
