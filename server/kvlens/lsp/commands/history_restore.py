"""`kvlens.historyRestore`: go back to before a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kvlens.lsp.command import Command, ParamsError
from kvlens.lsp.history import shown_restore
from kvlens.lsp.schema import InProject, Restoring
from kvlens.lsp.targets import find_scope
from kvlens.operations.history_restore import EXTENTS, plan_restore, restore

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(InProject):
    change: int
    extent: NotRequired[Literal["key", "namespace", "everything"]]
    """What goes back: the key of the change (the default), its namespace, or everything."""
    after: NotRequired[bool]
    """Restore the key as it was right after the change."""
    dryRun: NotRequired[bool]
    """Say what would change, and change nothing."""
    expected: NotRequired[str]
    """The `digest` of a dry run. If something else would change now, nothing does, and the
    error is `ContentModified`."""


async def run(server: Server, params: Params) -> Restoring:
    """Restore what was before the change, all or nothing."""
    scope = await find_scope(server, params)
    number = params.get("change", int)
    if number is None:
        raise ParamsError('"change" is missing; it takes a number')
    named = params.get("extent", str) or "key"
    extent = next((one for one in EXTENTS if one == named), None)
    if extent is None:
        raise ParamsError(f'"extent" is {named!r:.80}; it takes {", ".join(EXTENTS)}')
    plan = await plan_restore(scope, number, extent, after=bool(params.get("after", bool)))
    if params.get("dryRun", bool):
        return shown_restore(plan, params, restored=False)
    await restore(scope, plan, expected=params.get("expected", str))
    return shown_restore(plan, params, restored=True)


COMMAND = Command(run)
