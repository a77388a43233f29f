"""Ask about keys of a seed file that differ from the namespace's."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kvlens.errors import KVLensError
from kvlens.formatting import amount
from kvlens.lsp.moving import named
from kvlens.lsp.targets import scope_of
from kvlens.operations.seed import Job, find_conflicts, only, read_job, write
from kvlens.operations.target import Target
from kvlens.stores.origin import EDITOR, Origin

if TYPE_CHECKING:
    from kvlens.lsp.projects import ServedProject
    from kvlens.lsp.server import Server


async def ask(server: Server, project: ServedProject, event: dict[str, Any]) -> None:
    """Show which keys were kept, and overwrite them if the user agrees."""
    origin = Origin.action_of(EDITOR, f"seed {Path(event['file']).name}")
    target = Target(scope_of(project, (), origin), event["id"], event["binding"])
    try:
        await _ask(server, target, Path(event["file"]), set(event["keys"]))
    except KVLensError as error:
        server.show_message("error", str(error))


async def _ask(server: Server, target: Target, path: Path, names: set[str]) -> None:
    """Ask again if the file or the keys change before the answer is carried out."""
    differing = await _differing(target, path, names)
    again = ""
    while differing.job.writes:
        keys = [write.key for write in differing.job.writes]
        it, are = ("it", "is") if len(keys) == 1 else ("they", "are")
        question = (
            f"{path.name}: {named(keys)} {are} different in {target.name}, so {it} stayed as {it} "
            f"{are}.{again} Overwrite {'it' if len(keys) == 1 else 'them'}?"
        )
        if not await server.ask(question, "Overwrite"):
            return
        asked, differing = differing, await _differing(target, path, names)
        if asked.same(differing):
            written = await write(differing.job)
            done = f"Put {amount(written, None)} of {path.name} into {target.name}."
            server.show_message("info", done)
            return
        again = " Something has changed since you were asked."


class _Differing(NamedTuple):
    """The differing keys: the file's items, and the digest of the store's values."""

    job: Job
    held: str

    def same(self, other: _Differing) -> bool:
        """Compare without expirations: those of a file are relative to the current time."""
        mine, others = ([write[:3] for write in one.job.writes] for one in (self, other))
        return self.held == other.held and mine == others


async def _differing(target: Target, path: Path, names: set[str]) -> _Differing:
    now = await target.scope.time()
    job = await asyncio.to_thread(read_job, target, path, now, only=names)
    found = await find_conflicts(job)
    return _Differing(only(found.job, found.keys), found.digest)
