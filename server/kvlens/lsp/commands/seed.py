"""`kvlens.seed`: put the keys of a seed file, all checked before the first is written."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.progress import Progress
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_file, find_target
from kvlens.operations.existing import checked_existing
from kvlens.operations.seed import choose, read_job, seed

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server
NAMED = 100  # conflicts that the answer names


class Parameters(Target):
    file: str
    """A URI, or a path below the folder of the config."""
    existing: NotRequired[Literal["refuse", "keep", "overwrite"]]
    """What happens if keys have other content in the namespace. `overwrite` (the default): the file
    replaces it. `keep`: these keys aren't written. `refuse`: nothing is written."""
    expected: NotRequired[str]
    """With `overwrite`, the `digest` of a refused answer: nothing is written if these keys hold
    something else now."""


class Result(TypedDict):
    written: int
    overwritten: NotRequired[int]
    """The number of keys that had another value or metadata."""
    warnings: list[str]
    conflicts: NotRequired[int]
    """If nothing was written: the number of keys with other content."""
    keys: NotRequired[list[str]]
    """The names of some of these."""
    digest: NotRequired[str]
    """Identifies what these hold."""


async def run(server: Server, params: Params) -> Result:
    """Write the keys of a file, unless some would be overwritten that the user has to confirm."""
    target = await find_target(server, params)
    existing = checked_existing(params.get("existing", str) or "overwrite")
    expected = params.get("expected", str)
    path = find_file(server, target, params.text("file"))
    job = await asyncio.to_thread(read_job, target, path)
    for line in job.warnings:
        server.log("warning", line)
    job, refused = await choose(job, existing, expected)
    if refused:
        return {
            "written": 0,
            "conflicts": len(refused.keys),
            "keys": refused.keys[:NAMED],
            "digest": refused.digest,
            "warnings": job.warnings,
        }
    async with Progress(server, params.token, f"Seeding {target.name}") as progress:
        done = await seed(job, progress=progress.report, cancelled=progress.cancelled)
    return {
        "written": done.written,
        "overwritten": done.overwritten,
        "warnings": job.warnings,
    }


COMMAND = Command(run)
