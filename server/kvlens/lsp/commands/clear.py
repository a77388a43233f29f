"""`kvlens.clear`: delete every key of a namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.lsp.command import Command
from kvlens.lsp.targets import find_target
from kvlens.operations.clear import clear

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, int]:
    """Return how many keys were deleted. Asking the user first is the client's part."""
    return {"deleted": await clear(await find_target(server, params))}


COMMAND = Command(run, "namespace", "`{deleted}`")
