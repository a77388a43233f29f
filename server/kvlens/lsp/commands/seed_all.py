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
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(InProject):
    dryRun: NotRequired[bool]
    """Write nothing, and return what would be written."""


class Result(TypedDict):
    written: int
    namespaces: int
    """How many were seeded, all of them at the top level."""
    conflicts: int
    """If nothing was written: the number of keys that have other content now."""
    action: NotRequired[str]
    """Identifies the change for `kvlens.historyUndo`, if anything was changed and
    recorded."""


async def run(server: Server, params: Params) -> Result:
    """Write the keys of all files, or nothing if a key would be overwritten."""
    project = await find_project(server, params)
    scope = scope_of(project, (None,), params.origin)
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
    if params.get("dryRun", bool):
        keys = sum(len({write.key for write in job.writes}) for job in jobs)
        return {"written": keys, "namespaces": len(jobs), "conflicts": 0}
    async with Progress(server, params.token, "Seeding all namespaces") as progress:
        done = await seed_all(jobs, progress=progress.report, cancelled=progress.cancelled)
    written = sum(one.written for one in done)
    result: Result = {"written": written, "namespaces": len(jobs), "conflicts": 0}
    if written and server.settings.historySize:
        result["action"] = params.origin.action
    return result


COMMAND = Command(run)
