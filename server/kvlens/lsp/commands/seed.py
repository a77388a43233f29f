"""`kvlens.seed`: put the keys of a seed file, all checked before the first is written."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from kvlens.lsp.command import Command
from kvlens.lsp.progress import Progress
from kvlens.lsp.targets import find_file, find_target
from kvlens.operations.seed import read_job, seed

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return how many keys were written, over how many others, and what is doubtful."""
    target = await find_target(server, params)
    path = find_file(server, target, params.text("file"))
    job = await asyncio.to_thread(read_job, target, path)
    for line in job.warnings:
        server.log("warning", line)
    async with Progress(server, params.token, f"Seeding {target.name}") as progress:
        done = await seed(job, progress=progress.report, cancelled=progress.cancelled)
    return {**done._asdict(), "warnings": job.warnings}


COMMAND = Command(
    run,
    "namespace, `file`",
    "`{written, overwritten, warnings}`; `overwritten` counts keys that had another value or "
    "metadata",
)
