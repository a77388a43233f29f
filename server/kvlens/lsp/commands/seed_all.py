"""`kvlens.seedAll`: seed each namespace from the file in `seeds/` with the name of its binding."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.progress import Progress
from kvlens.lsp.schema import InProject
from kvlens.lsp.targets import find_project, scope_of
from kvlens.operations.seed import choose, find_files, read_jobs, seed_all

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(InProject):
    pass


class Result(TypedDict):
    written: int
    namespaces: int
    """How many were seeded."""
    conflicts: int
    """If nothing was written: the number of keys that have other content now."""


async def run(server: Server, params: Params) -> Result:
    """Write the keys of all files, or nothing if a key would be overwritten."""
    project = await find_project(server, params)
    scope = scope_of(project, (None,))
    files = find_files(scope, ())
    named = [(path, target, str(path)) for path, target in files]
    jobs, conflicts = [], 0
    for job in await asyncio.to_thread(read_jobs, named, await scope.time()):
        chosen, refused = await choose(job, "refuse")
        jobs.append(chosen)
        conflicts += len(refused.keys) if refused else 0
        for line in job.warnings:
            server.log("warning", line)
    if conflicts:
        return {"written": 0, "namespaces": 0, "conflicts": conflicts}
    async with Progress(server, params.token, "Seeding all namespaces") as progress:
        done = await seed_all(jobs, progress=progress.report, cancelled=progress.cancelled)
    written = sum(one.written for one in done)
    return {"written": written, "namespaces": len(jobs), "conflicts": 0}


COMMAND = Command(run)
