"""Remove the files of overwritten and deleted values after a short delay."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor

from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.open_namespace import OpenNamespace

UNLINK_DELAY = 1.0  # a Worker may still be reading the overwritten value
UNLINK_LATEST = 10.0  # removal waits while the store is busy, but no longer than this
UNLINK_QUIET = 100  # changes per second; below this, the store isn't busy
LEAVE_AT_MOST = 1000  # files that a process leaves to the next one; it removes more before it exits


class Trash:
    """Removes the files of unused values in threads, when there is time."""

    def __init__(self, spaces: Mapping[str, OpenNamespace], threads: Executor) -> None:
        self.changes = 0  # since the trash was last checked
        self._spaces = spaces
        self._threads = threads
        self._timer: asyncio.TimerHandle | None = None

    def discard(self, blobs: Blobs, names: Sequence[str]) -> None:
        """Remove values once no Worker can still be reading them."""
        blobs.retire(names)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(UNLINK_DELAY, self._empty)

    def unused(self, ns: str, names: Sequence[str]) -> None:
        """Discard values that a change outside the namespace's queue has replaced.

        If the namespace isn't open, the next process that opens it finds them.
        """
        space = self._spaces.get(ns)
        if space is not None:
            space.forget_all()
            if names:
                self.discard(space.blobs, names)

    def _empty(self) -> None:
        self._timer = None
        busy = self.changes > UNLINK_QUIET
        self.changes = 0
        age = UNLINK_LATEST if busy else UNLINK_DELAY - 0.05
        loop = asyncio.get_running_loop()
        left = False
        for space in self._spaces.values():
            due = space.blobs.retired(age)
            if due:
                loop.run_in_executor(self._threads, space.blobs.remove, due)
            left = left or space.blobs.has_retired
        if left:
            self._timer = loop.call_later(UNLINK_DELAY, self._empty)

    def stop(self) -> None:
        """Stop checking."""
        if self._timer is not None:
            self._timer.cancel()


async def empty_at_end(every: Sequence[Blobs]) -> None:
    """Remove what is due. Wait for the rest if it is a lot; else leave it to the next process."""
    rest: list[tuple[Blobs, list[str]]] = []
    for blobs in every:
        blobs.remove(blobs.retired(UNLINK_DELAY))
        rest.append((blobs, blobs.retired()))
    if sum(len(names) for _, names in rest) > LEAVE_AT_MOST:
        await asyncio.sleep(UNLINK_DELAY)
        for blobs, names in rest:
            blobs.remove(names)
