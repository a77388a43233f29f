"""The question about keys that a saved seed file has otherwise than the store."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kvlens.lsp.formatting import amount
from kvlens.lsp.moving import named
from kvlens.lsp.subprocesses import ChildError
from kvlens.seeds.apply import apply
from kvlens.seeds.array import FileError
from kvlens.seeds.file import read
from kvlens.seeds.fingerprint import of_entries
from kvlens.seeds.plan import conflicts, to_writes
from kvlens.stores.base import StoreError

if TYPE_CHECKING:
    from kvlens.kv.records import Write
    from kvlens.lsp.projects import Project
    from kvlens.lsp.server import Server
    from kvlens.stores.base import Store


async def ask(server: Server, project: Project, event: dict[str, Any]) -> None:
    """Tell which keys were left as they are, and put them where the user wants that."""
    try:
        await _ask(server, project, event)
    except (FileError, StoreError, ChildError) as error:
        server.show_message("error", str(error))


async def _ask(server: Server, project: Project, event: dict[str, Any]) -> None:
    """Ask until the answer is to what the file and the keys have when it is carried out."""
    binding, path = event["binding"], Path(event["file"])
    store = await project.emulator.store()
    left = await _left(store, event)
    again = ""
    while left.writes:
        keys = [write.key for write in left.writes]
        it, are = ("it", "is") if len(keys) == 1 else ("they", "are")
        question = (
            f"{path.name}: {named(keys)} {are} different in {binding}, so {it} stayed as {it} "
            f"{are}.{again} Overwrite {'it' if len(keys) == 1 else 'them'}?"
        )
        if not await server.ask(question, "Overwrite"):
            return
        asked, left = left, await _left(store, event)
        if asked.same(left):
            written = await apply(store, event["id"], left.writes)
            done = f"Put {amount(written, None)} of {path.name} into {binding}."
            server.show_message("info", done)
            return
        again = " Something has changed since you were asked."


class _Left(NamedTuple):
    """What the file has of the keys that differ, and the digest of what the store has."""

    writes: list[Write]
    held: str

    def same(self, other: _Left) -> bool:
        """Compare without times of expiry: those of a file move as time passes."""
        mine, others = ([write[:3] for write in one.writes] for one in (self, other))
        return self.held == other.held and mine == others


async def _left(store: Store, event: dict[str, Any]) -> _Left:
    now, names = time.time(), set(event["keys"])
    seed = await asyncio.to_thread(read, Path(event["file"]), now)
    writes = to_writes((item for item in seed.items if item.key in names), now)
    keys = await conflicts(store, event["id"], writes)
    differing = set(keys)
    writes = [write for write in writes if write.key in differing]
    return _Left(writes, await of_entries(store, event["id"], keys))
