"""`kvlens.moveKeys`: the keys of a namespace that no config names into one that it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kvlens.lsp.commands.params import ParamsError, find_target
from kvlens.seeds.move import EXISTING, move

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params
    from kvlens.lsp.server import Server

NAMED = 100  # conflicts that the answer names


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return how many keys were moved, and how many the target has with other content.

    Where there are such keys, nothing is moved unless `existing` says what becomes of them:
    "keep" leaves them in both namespaces, "overwrite" takes those that are moved.
    """
    target = await find_target(server, params)
    source = params.text("from")
    existing = params.get("existing", str) or "refuse"
    if existing not in EXISTING:
        raise ParamsError(f'"existing" is {existing!r:.80}; it takes {" or ".join(EXISTING)}')
    store = await target.store()
    done = await move(store, source, target.id, existing)
    if done.moved:
        server.keys_changed(target.project, (source, target.id))
    return {
        "moved": done.moved,
        "conflicts": len(done.conflicts),
        "keys": done.conflicts[:NAMED],
    }
