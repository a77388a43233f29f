"""`kvlens.historyUndo`: undo one action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.lsp.command import Command
from kvlens.lsp.history import shown_restore
from kvlens.lsp.schema import InProject, Restoring
from kvlens.lsp.targets import find_scope
from kvlens.operations.history_restore import plan_undo, restore

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(InProject):
    action: str
    """The `action` of another command's answer, or an id of `kvlens.history` as text."""
    dryRun: NotRequired[bool]
    """Say what would change, and change nothing."""
    expected: NotRequired[str]
    """The `digest` of a dry run, as in `kvlens.historyRestore`."""


async def run(server: Server, params: Params) -> Restoring:
    """Restore the keys of the action; those that have changed since stay as they are."""
    scope = await find_scope(server, params)
    plan = await plan_undo(scope, params.text("action"))
    if params.get("dryRun", bool):
        return shown_restore(plan, params, restored=False)
    await restore(scope, plan, expected=params.get("expected", str))
    return shown_restore(plan, params, restored=True)


COMMAND = Command(run)
