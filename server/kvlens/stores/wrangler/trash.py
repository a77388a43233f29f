"""Values that were overwritten or deleted: their files stay for a moment, then go."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor

from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.open_namespace import OpenNamespace

UNLINK_DELAY = 1.0  # a Worker may still be reading the value that was overwritten
UNLINK_LATEST = 10.0  # while there is much to do, removing files waits, but not longer
UNLINK_QUIET = 100  # changes a second up to which it does not wait
LEAVE_AT_MOST = 1000  # files that a process leaves to the next one; for more it waits at its end


class Trash:
    """Removes the files of unused values in threads, when there is time."""

    def __init__(self, spaces: Mapping[str, OpenNamespace], threads: Executor) -> None:
        self.changes = 0  # since the trash was last looked at
        self._spaces = spaces
        self._threads = threads
        self._timer: asyncio.TimerHandle | None = None

    def discard(self, blobs: Blobs, names: Sequence[str]) -> None:
        """Remove values once no Worker can still be about to read them."""
        blobs.retire(names)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(UNLINK_DELAY, self._empty)

    def unused(self, ns: str, names: Sequence[str]) -> None:
        """Discard values of a namespace that a change outside its queue has replaced.

        If the namespace is not open, whoever opens it looks for them.
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
        """Stop looking."""
        if self._timer is not None:
            self._timer.cancel()


async def empty_at_end(every: Sequence[Blobs]) -> None:
    """Remove what is due, and wait for the rest if it is much; another process removes little."""
    rest: list[tuple[Blobs, list[str]]] = []
    for blobs in every:
        blobs.remove(blobs.retired(UNLINK_DELAY))
        rest.append((blobs, blobs.retired()))
    if sum(len(names) for _, names in rest) > LEAVE_AT_MOST:
        await asyncio.sleep(UNLINK_DELAY)
        for blobs, names in rest:
            blobs.remove(names)
