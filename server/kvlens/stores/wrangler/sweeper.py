"""Find values without a row, which a killed process has left, and remove them."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from concurrent.futures import Executor

from kvlens.chunks import chunks
from kvlens.stores.base import StoreError
from kvlens.stores.wrangler import orphans
from kvlens.stores.wrangler.commit import BUSY_SECONDS
from kvlens.stores.wrangler.open_namespace import OpenNamespace
from kvlens.stores.wrangler.timers import Timers

SWEEP_AFTER = 2.0  # seconds from opening a namespace to its first search
SWEEP_EVERY = 3600.0  # for files that may still have been in use by another process
SWEEP_AGAIN = BUSY_SECONDS + 1.0  # seconds to the second search, which removes


class Sweeper:
    """Sweeps open namespaces: a first search, a second one, and again every hour."""

    def __init__(self, timers: Timers, threads: Executor, pending: orphans.PendingBlobs) -> None:
        self._timers = timers
        self._threads = threads
        self._pending = pending  # the values that journals refer to
        self._ending = threading.Event()

    def start(self, space: OpenNamespace) -> None:
        """Start to sweep a namespace."""
        self._timers.later("sweep", space, SWEEP_AFTER, self._look)

    def stop(self) -> None:
        """Stop removing values."""
        self._ending.set()

    def _look(self, space: OpenNamespace) -> None:
        job = asyncio.get_running_loop().run_in_executor(self._threads, _find, space, self._pending)

        def found(job: asyncio.Future[list[str]]) -> None:
            names = [] if job.cancelled() or job.exception() else job.result()
            if names:
                self._timers.later(
                    "sweep", space, SWEEP_AGAIN, lambda space: self._look_again(space, names)
                )
            else:
                self._timers.later("sweep", space, SWEEP_EVERY, self._look)

        job.add_done_callback(found)

    def _look_again(self, space: OpenNamespace, names: list[str]) -> None:
        loop = asyncio.get_running_loop()
        loop.run_in_executor(self._threads, _remove, space, names, self._pending, self._ending)
        more = len(names) >= orphans.MOST
        self._timers.later("sweep", space, SWEEP_AFTER if more else SWEEP_EVERY, self._look)


def _find(space: OpenNamespace, pending: orphans.PendingBlobs) -> list[str]:
    """Find values without a row in a first search. Runs in a thread."""
    if not space.owns_folder():
        return []
    return orphans.find(space.path, space.blobs, space.opened, pending)


def _remove(
    space: OpenNamespace,
    names: list[str],
    pending: orphans.PendingBlobs,
    ending: threading.Event,
) -> None:
    """Remove the values that a second search finds, too. Runs in a thread."""
    with contextlib.suppress(sqlite3.Error, OSError, StoreError):
        names = orphans.still(space.path, space.blobs, names, pending)
        if not space.owns_folder():
            return
        for some in chunks(names, orphans.STEP):
            if ending.is_set():
                return
            space.blobs.remove(some)
