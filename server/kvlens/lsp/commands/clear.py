"""`kvlens.clear`: delete every key of a namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.lsp.commands.params import find_target

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, int]:
    """Return how many keys were deleted. Asking the user first is the client's part."""
    target = await find_target(server, params)
    store = await target.store()
    return {"deleted": await store.clear(target.id)}
