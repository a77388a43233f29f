"""`kvlens.clear`: delete every key of a namespace, or just those that the user was asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kvlens.lsp.commands.params import ConflictError, find_target
from kvlens.seeds.fingerprint import of_names
from kvlens.stores.base import Batch

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params
    from kvlens.lsp.server import Server
    from kvlens.stores.base import Store


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return how many keys were deleted. Asking the user first is the client's part.

    With `dryRun` nothing is deleted: `keys` and `digest` say how many there are, and which. With
    that digest as `expected` exactly these keys are deleted, and none where others came or went.
    """
    target = await find_target(server, params)
    store = await target.store()
    expected = params.get("expected", str)
    dry = params.get("dryRun", bool)
    if expected is None and not dry:
        return {"deleted": await store.clear(target.id)}
    names = await _names(store, target.id)
    if dry:
        return {"deleted": 0, "keys": len(names), "digest": of_names(names)}
    if of_names(names) != expected:
        raise ConflictError(
            f"{target.binding} has {len(names):,} keys by now, and not the ones that were counted "
            "before. Nothing was deleted; count them again first."
        )
    await store.change_many([Batch(target.id, deletes=names)])
    return {"deleted": len(names)}


async def _names(store: Store, ns: str) -> list[str]:
    names: list[str] = []
    while True:
        page = await store.list(ns, after=names[-1] if names else None)
        names += [key.name for key in page.keys]
        if page.complete or not page.keys:
            return names
