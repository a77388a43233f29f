"""`kvlens.delete`: delete one key or several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.lsp.command import Command, ParamsError
from kvlens.lsp.targets import find_target
from kvlens.operations.delete import delete

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, int]:
    """Return how many keys there were to delete."""
    target = await find_target(server, params)
    keys = params.get("keys", list)
    if keys is None:
        keys = [params.text("key")]
    if not all(isinstance(key, str) for key in keys):
        raise ParamsError('"keys" takes a list of strings')
    return {"deleted": await delete(target, keys, listed=True)}


COMMAND = Command(run, "namespace, `key` or `keys`", "`{deleted}`")
