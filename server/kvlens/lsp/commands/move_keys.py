"""`kvlens.moveKeys`: the keys of a namespace that no config names into one that it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kvlens.lsp.command import Command
from kvlens.lsp.progress import Progress
from kvlens.lsp.targets import find_project, find_target
from kvlens.operations.move import move

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server
NAMED = 100  # conflicts that the answer names


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return how many keys were moved, and how many the target has with other content.

    If there are such keys, nothing is moved unless `existing` says what becomes of them: "keep"
    leaves them in both namespaces, "overwrite" takes those that are moved. With "overwrite",
    `expected` makes sure that the target still holds what the user was asked about: the `digest`
    of the answer that moved nothing.
    """
    target = await find_target(server, params)
    source = params.text("from")
    existing = params.get("existing", str) or "refuse"
    expected = params.get("expected", str)
    async with Progress(server, params.token, f"Moving keys to {target.name}") as progress:
        done = await move(
            target,
            source,
            existing,
            expected,
            progress=progress.report,
            cancelled=progress.cancelled,
        )
    if done.moved:
        server.keys_changed(await find_project(server, params), (source, target.id))
    return {
        "moved": done.moved,
        "conflicts": len(done.conflicts),
        "keys": done.conflicts[:NAMED],
        "digest": done.digest,
    }


COMMAND = Command(
    run,
    "namespace, `from` (an id), `existing?`, `expected?`",
    "`{moved, conflicts, keys, digest}`; keys that the namespace has with other content are "
    "conflicts. Nothing is moved unless `existing` is `keep` or `overwrite`, or where they no "
    "longer have the `digest` given as `expected`; only then there is a `digest`",
)
