"""`kvlens.seed`: put the keys of a seed file, all checked before the first is written."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from kvlens.lsp.commands.params import find_target
from kvlens.lsp.progress import Progress
from kvlens.seeds.apply import apply
from kvlens.seeds.array import located
from kvlens.seeds.file import read
from kvlens.seeds.plan import plan, to_writes, used_up

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return how many keys were written, over how many others, and what is doubtful."""
    target = await find_target(server, params)
    path = server.path(params.text("file"))
    seed = await asyncio.to_thread(read, path, time.time())
    warnings = located(seed.name, seed.text, seed.warnings)
    for line in warnings:
        server.log("warning", line)
    writes = to_writes(used_up(seed.items), time.time())
    store = await target.store()
    overwritten = sum(change.overwrites for change in await plan(store, target.id, writes))
    async with Progress(server, params.token, f"Seeding {target.binding}") as progress:
        written = await apply(
            store, target.id, writes, progress=progress.report, cancelled=progress.cancelled
        )
    return {"written": written, "overwritten": overwritten, "warnings": warnings}
