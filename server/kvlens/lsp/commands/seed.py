"""`kvlens.seed`: put the keys of a seed file, all checked before the first is written."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from kvlens.lsp.commands.params import CommandError, ParamsError, find_target
from kvlens.lsp.progress import Progress
from kvlens.seeds.apply import CancelledError, apply
from kvlens.seeds.array import located
from kvlens.seeds.file import read
from kvlens.seeds.fingerprint import of_entries
from kvlens.seeds.move import EXISTING
from kvlens.seeds.plan import conflicts, plan, to_writes, used_up

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params
    from kvlens.lsp.server import Server

NAMED = 100  # conflicts that the answer names


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return how many keys were written, over how many others, and what is doubtful.

    `existing` decides about keys that the namespace has with other content: "overwrite" (the
    default) puts them, "keep" leaves them, "refuse" writes nothing where there are any. With
    "overwrite", `expected` makes sure that they still hold what the user was asked about: the
    `digest` of a refused answer. Where they do not, nothing is written.
    """
    target = await find_target(server, params)
    existing = params.get("existing", str) or "overwrite"
    if existing not in EXISTING:
        raise ParamsError(f'"existing" is {existing!r:.80}; it takes {" or ".join(EXISTING)}')
    expected = params.get("expected", str)
    path = server.path(params.text("file"))
    seed = await asyncio.to_thread(read, path, time.time())
    warnings = located(seed.name, seed.text, seed.warnings)
    for line in warnings:
        server.log("warning", line)
    writes = to_writes(used_up(seed.items), time.time())
    store = await target.store()
    if existing != "overwrite" or expected is not None:
        others = await conflicts(store, target.id, writes)
        now = await of_entries(store, target.id, others)
        if others and (existing == "refuse" or (existing == "overwrite" and now != expected)):
            return {
                "written": 0,
                "conflicts": len(others),
                "keys": others[:NAMED],
                "digest": now,
                "warnings": warnings,
            }
        stay = set(others) if existing == "keep" else set()
        writes = [write for write in writes if write.key not in stay]
    overwritten = sum(change.overwrites for change in await plan(store, target.id, writes))
    async with Progress(server, params.token, f"Seeding {target.binding}") as progress:
        try:
            written = await apply(
                store, target.id, writes, progress=progress.report, cancelled=progress.cancelled
            )
        except CancelledError:
            raise CommandError(
                f"Seeding {target.binding} from {path.name} was cancelled. Nothing was changed."
            ) from None
    return {"written": written, "overwritten": overwritten, "warnings": warnings}
