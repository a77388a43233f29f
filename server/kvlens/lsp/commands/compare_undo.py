"""`kvlens.compareUndo`: undo a copy between the sides of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.history import shown_restore
from kvlens.lsp.schema import Restoring
from kvlens.operations.history_restore import plan_undo, restore

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server
    from kvlens.stores.base import Store


class Parameters(TypedDict):
    comparison: str
    to: Literal["left", "right"]
    """The side that the keys were copied to."""
    action: str


async def run(server: Server, params: Params) -> Restoring:
    """Restore what the side had. Keys that have changed since stay."""
    comparison = server.comparisons.get(params.text("comparison")).comparison
    side = comparison.side("left" if params.text("to") == "left" else "right")

    async def store() -> Store:
        return (await side.target.store()).by(params.origin)

    scope = side.target.scope._replace(store=store)
    plan = await plan_undo(scope, params.text("action"))
    await restore(scope, plan)
    await comparison.start()
    return shown_restore(plan, params, restored=True)


COMMAND = Command(run)
