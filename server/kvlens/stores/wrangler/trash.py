"""Values that were overwritten or deleted: their files are kept for a moment, then removed.

A value that another row names, as in a damaged or hostile database, is kept.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import NamedTuple

from kvlens.chunks import chunks
from kvlens.stores.base import StoreError
from kvlens.stores.wrangler import orphans
from kvlens.stores.wrangler.blob_ids import BlobIds
from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.open_namespace import OpenNamespace

UNLINK_DELAY = 1.0  # a Worker may still be reading the overwritten value
UNLINK_LATEST = 10.0  # removal waits while the store is busy, but no longer than this
UNLINK_QUIET = 100  # changes per second; below this, the store isn't busy
LOOKED_UP_AT_ONCE = 50_000  # values that one walk through all rows takes
LEAVE_AT_MOST = 1000  # files that a process leaves to the next one; it removes more before it exits


class Trash:
    """Removes the files of unused values in threads, when there is time."""

    def __init__(self, spaces: Mapping[str, OpenNamespace], threads: Executor) -> None:
        self.changes = 0  # since the trash was last checked
        self._spaces = spaces
        self._threads = threads
        self._timer: asyncio.TimerHandle | None = None

    def discard(self, blobs: Blobs, names: Iterable[str]) -> None:
        """Remove values once no Worker can still be reading them."""
        blobs.retire(names)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(UNLINK_DELAY, self._empty)

    def unused(self, ns: str, names: list[str] | BlobIds) -> None:
        """Discard values that a change outside the namespace's queue has replaced.

        If the namespace isn't open, the next process that opens it finds them.
        """
        space = self._spaces.get(ns)
        if space is not None:
            space.blobs.note_foreign_rows()
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
                loop.run_in_executor(self._threads, _remove, space, due)
            if busy and space.lock.is_alone():
                loop.run_in_executor(self._threads, _reuse, space)
            left = left or space.blobs.has_retired
        if left:
            self._timer = loop.call_later(UNLINK_DELAY, self._empty)

    def stop(self) -> None:
        """Stop checking."""
        if self._timer is not None:
            self._timer.cancel()


class SetAside(NamedTuple):
    """What is set aside when a namespace is closed."""

    blobs: Blobs
    due: BlobIds
    late: BlobIds  # another program may still be about to read them

    @classmethod
    def of(cls, space: OpenNamespace) -> SetAside:
        """Take it out, while the rows can still be read."""
        age = 0.0 if space.lock.is_alone() else UNLINK_DELAY
        due = _unnamed(space, space.blobs.retired(age))
        return cls(space.blobs, due, _unnamed(space, space.blobs.retired()))


async def empty_at_end(leftovers: Sequence[SetAside]) -> None:
    """Remove what is due. Wait for the rest if there is a lot; else the next process removes it."""
    for leftover in leftovers:
        leftover.blobs.remove(leftover.due)
    if sum(len(leftover.late) for leftover in leftovers) > LEAVE_AT_MOST:
        await asyncio.sleep(UNLINK_DELAY)
        for leftover in leftovers:
            leftover.blobs.remove(leftover.late)


def _remove(space: OpenNamespace, names: BlobIds) -> None:
    """Remove the values that no row names. Runs in a thread."""
    space.blobs.remove(_unnamed(space, names))


def _reuse(space: OpenNamespace) -> None:
    """Keep the files of values that no row names for new values. Runs in a thread."""
    names, start = space.blobs.take_uncertain()
    space.blobs.reuse(_unnamed(space, names), start)


def _unnamed(space: OpenNamespace, names: BlobIds) -> BlobIds:
    """Return the values that no row names, leaving out those where that is unknown."""
    is_own = space.blobs.is_own
    kept: set[str] = set()
    try:
        for some in chunks((name for name in names if not is_own(name)), LOOKED_UP_AT_ONCE):
            with space.connection() as db:
                kept |= set(some).difference(orphans.unnamed(db, some))
    except (sqlite3.Error, OSError, StoreError):  # the next process to open it finds them
        return BlobIds(name for name in names if is_own(name))
    return BlobIds(name for name in names if name not in kept) if kept else names
