"""`kvlens.delete`: delete one key or several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.lsp.commands.params import ParamsError, find_target

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, int]:
    """Return how many keys there were to delete."""
    target = await find_target(server, params)
    keys = params.get("keys", list)
    if keys is None:
        keys = [params.text("key")]
    if not all(isinstance(key, str) for key in keys):
        raise ParamsError('"keys" takes a list of strings')
    store = await target.store()
    return {"deleted": await store.delete(target.id, keys)}
