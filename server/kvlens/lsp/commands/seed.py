"""`kvlens.seed`: put the keys of a seed file, all checked before the first is written."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.progress import Progress
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_file, find_target
from kvlens.operations.existing import checked_existing
from kvlens.operations.seed import Conflicts, Job, choose, preview, read_job, seed
from kvlens.seeds.array import FileError, short

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server
NAMED = 100  # conflicts listed in the result


class Parameters(Target):
    file: NotRequired[str]
    """A URI, or a path in the folder of the config."""
    items: NotRequired[list[Any]]
    """Instead of `file`: the keys, as in a seed file."""
    existing: NotRequired[Literal["refuse", "keep", "overwrite"]]
    """What happens if keys have other content in the namespace. `refuse` (the default): nothing is
    written. `keep`: these keys aren't written. `overwrite`: the file replaces it."""
    expected: NotRequired[str]
    """With `keep` and `overwrite`, the `digest` of a refused answer: nothing is written if these
    keys hold something else now, or the file does."""
    dryRun: NotRequired[bool]
    """Count what would change, and write nothing."""


class Preview(TypedDict):
    """What a seed file would change."""

    new: int
    changed: int
    same: int
    mistakes: int
    """Why it can't be used; the other numbers are 0."""


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
    """Identifies the content of these keys and of the file."""
    preview: NotRequired[Preview]
    """Of a dry run."""
    action: NotRequired[str]
    """Identifies the change for `kvlens.historyUndo`, if anything was changed and
    recorded."""


async def run(server: Server, params: Params) -> Result:
    """Write the keys of a file, unless some would be overwritten that the user has to confirm."""
    target = await find_target(server, params)
    given = params.get("existing", str)
    existing = checked_existing(given or "refuse")
    expected = params.get("expected", str)
    items = params.get("items", list)
    source = json.dumps(items) if items else find_file(server, target, params.text("file"))
    read = partial(read_job, target, source, await target.scope.time())
    if params.get("dryRun", bool):
        return {
            "written": 0,
            "warnings": [],
            "preview": await _preview(read),
        }
    job = await asyncio.to_thread(read)
    for line in job.warnings:
        server.log("warning", line)
    job, refused = await choose(job, existing, expected)
    if refused:
        if given is None:  # the client may not show the result
            server.show_message("warning", _refusal(job, refused))
        return {
            "written": 0,
            "conflicts": len(refused.keys),
            "keys": refused.keys[:NAMED],
            "digest": refused.digest,
            "warnings": job.warnings,
        }
    async with Progress(server, params.token, f"Seeding {target.name}") as progress:
        done = await seed(job, progress=progress.report, cancelled=progress.cancelled)
    result: Result = {
        "written": done.written,
        "overwritten": done.overwritten,
        "warnings": job.warnings,
    }
    if done.written and server.settings.historySize:
        result["action"] = params.origin.action
    return result


async def _preview(read: Callable[[], Job]) -> Preview:
    try:
        job = await asyncio.to_thread(read)
    except FileError as error:
        return {"new": 0, "changed": 0, "same": 0, "mistakes": error.count}
    kinds = Counter(change.kind for change in await preview(job))
    new, changed, same = (kinds[kind] for kind in ("new", "changed", "same"))
    return {"new": new, "changed": changed, "same": same, "mistakes": 0}


def _refusal(job: Job, refused: Conflicts) -> str:
    more = len(refused.keys) - 1
    return (
        f"{job.target.name} has {short(refused.keys[0])}"
        f"{f' and {more:,} more keys' if more else ''} with other content. "
        'Nothing was written. To write it, set existing to "keep" or "overwrite".'
    )


COMMAND = Command(run)
