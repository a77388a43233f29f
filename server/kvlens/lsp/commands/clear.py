"""`kvlens.clear`: delete every key of a namespace, or just those that the user was asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kvlens.lsp.command import Command
from kvlens.lsp.targets import find_target
from kvlens.operations.clear import clear, list_names

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return how many keys were deleted. Asking the user first is the client's part.

    With `dryRun` nothing is deleted: `keys` and `digest` say how many there are, and which. With
    that digest as `expected` exactly these keys are deleted, and none if others came or went.
    """
    target = await find_target(server, params)
    expected = params.get("expected", str)
    if params.get("dryRun", bool):
        names = await list_names(target)
        return {"deleted": 0, "keys": len(names.keys), "digest": names.digest}
    return {"deleted": await clear(target, expected=expected)}


COMMAND = Command(
    run,
    "namespace, `dryRun?`, `expected?`",
    "`{deleted}`; with `dryRun` `{deleted: 0, keys, digest}`, and with that `digest` as `expected` "
    "exactly those keys are deleted. The error is `ContentModified` where there are others by now",
)
