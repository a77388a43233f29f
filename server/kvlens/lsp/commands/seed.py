"""`kvlens.seed`: put the keys of a seed file, all checked before the first is written."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from kvlens.lsp.command import Command
from kvlens.lsp.progress import Progress
from kvlens.lsp.targets import find_file, find_target
from kvlens.operations.existing import checked_existing
from kvlens.operations.seed import Conflicts, choose, read_job, seed
from kvlens.seeds.array import short

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server
    from kvlens.operations.target import Target

NAMED = 100  # conflicts that the answer names


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return how many keys were written, over how many others, and what is doubtful.

    `existing` decides about keys that the namespace has with other content: "overwrite" puts them,
    "keep" leaves them, "refuse" (the default) writes nothing if there are any. Where it is not
    given, the client may not show the answer: then a message says so. With
    "overwrite", `expected` makes sure that they still hold what the user was asked about: the
    `digest` of a refused answer. If they do not, nothing is written.
    """
    target = await find_target(server, params)
    given = params.get("existing", str)
    existing = checked_existing(given or "refuse")
    expected = params.get("expected", str)
    path = find_file(server, target, params.text("file"))
    job = await asyncio.to_thread(read_job, target, path)
    for line in job.warnings:
        server.log("warning", line)
    job, refused = await choose(job, existing, expected)
    if refused:
        if given is None:
            server.show_message("warning", _refusal(target, refused))
        return {
            "written": 0,
            "conflicts": len(refused.keys),
            "keys": refused.keys[:NAMED],
            "digest": refused.digest,
            "warnings": job.warnings,
        }
    async with Progress(server, params.token, f"Seeding {target.name}") as progress:
        done = await seed(job, progress=progress.report, cancelled=progress.cancelled)
    return {**done._asdict(), "warnings": job.warnings}


def _refusal(target: Target, refused: Conflicts) -> str:
    first = short(refused.keys[0])
    more = len(refused.keys) - 1
    return (
        f"{target.name} has {first}{f' and {more:,} more keys' if more else ''} with other "
        'content. Nothing was written; give existing as "keep" or "overwrite".'
    )


COMMAND = Command(
    run,
    "namespace, `file`, `existing?`, `expected?`",
    "`{written, overwritten, warnings}`; `overwritten` counts keys that had another value or "
    "metadata. Keys with other content stay with the `existing` value `keep`; with `refuse` (the "
    "default) nothing is written where there are any, and the result is `{written: 0, conflicts, "
    "keys, digest}`, as with `overwrite` where they no longer have the `digest` given as "
    "`expected`",
)
