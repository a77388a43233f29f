"""Adds changes to the history in a thread: no put waits for it, and none fails because of it."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from kvlens.history.database import open_history
from kvlens.history.records import IN_MEMORY, Change, LeftOut, Record
from kvlens.history.writing import Latest, add
from kvlens.stores.base import StoreError
from kvlens.stores.wrangler.database import Database

GATHERED = 0.5  # seconds; the changes of this time are added together
QUEUED = 64 * 1024 * 1024  # bytes of values that wait; above this, changes are only counted
AT_ONCE = 16 * 1024 * 1024  # bytes of one transaction
BURST = 64 * 1024 * 1024  # bytes that are written as fast as they come; then
RATE = 8 * 1024 * 1024  # bytes per second, so that a disk that is busy with values isn't slower
TRY_AGAIN = 30.0  # seconds after an error
LAST_WORDS = 10.0  # seconds that the rest of the queue has at the end

_LOG = logging.getLogger(__name__)


class Recorder:
    """The queue of one process for the history of one project's folder.

    `store` is the store's URL without passwords, `limit` the size in bytes. `added` is called from
    the thread after changes have been added.
    """

    def __init__(self, folder: Path, store: str, limit: int) -> None:
        self.folder = folder
        self.store = store
        self.limit = limit
        self.added: Callable[[], object] = lambda: None
        self._queue: list[tuple[Record, int]] = []  # with what each costs
        self._size = 0  # of the queue
        self._count = 0  # records ever queued
        self._left = 0  # those that were added, or couldn't be
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._ending = threading.Event()
        self._hurry = threading.Event()  # set while somebody waits for what is queued
        self._thread: threading.Thread | None = None
        self._db: Database | None = None
        self._latest = Latest()
        self._burst = float(BURST)  # what is left of it
        self._retry_at = 0.0
        self._complaint = ""

    def add(self, record: Record) -> None:
        """Queue a change. Never blocks for long, never raises."""
        cost = record.cost()
        with self._lock:
            if self._size + cost > QUEUED and self._queue and isinstance(record, Change):
                last, its_cost = self._queue[-1]
                if isinstance(last, LeftOut) and last.origin == record.origin:
                    self._queue[-1] = last._replace(keys=last.keys + 1), its_cost
                    return
                record = LeftOut(record.origin, record.time, record.store, 1)
                cost = record.cost()
            self._queue.append((record, cost))
            self._size += cost + IN_MEMORY
            self._count += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="kv-history", daemon=True)
                self._thread.start()
            elif len(self._queue) == 1:
                self._wake.notify_all()

    def flush(self, seconds: float) -> None:
        """Wait until what is in the queue now has been added, but not longer than this."""
        with self._wake:
            count = self._count
            if self._left < count:
                self._hurry.set()
            self._wake.wait_for(lambda: self._left >= count, seconds)

    def close(self) -> None:
        """Add the rest of the queue, and end. Blocks until then, for at most `LAST_WORDS`."""
        self._ending.set()
        self._hurry.set()
        with self._wake:
            self._wake.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(LAST_WORDS)

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._queue and not self._ending.is_set():
                    self._wake.wait()
                if not self._queue:
                    break
            began = time.monotonic()
            self._hurry.wait(max(GATHERED, -self._burst / RATE))
            with self._wake:
                if not self._ending.is_set():
                    self._hurry.clear()
                some, cost = self._taken()
            passed = time.monotonic() - began
            self._burst = min(BURST, self._burst + passed * RATE) - cost
            self._add(some, cost)
            with self._wake:
                self._left += len(some)
                self._wake.notify_all()
        if self._db is not None:
            self._db.close()

    def _taken(self) -> tuple[list[Record], int]:
        """Take what one transaction adds out of the queue, and no action in part; and its cost."""
        some: list[Record] = []
        cost, most = 0, min(AT_ONCE, self.limit // 4)
        last = ""
        for record, its_cost in self._queue:
            action = record.origin.action
            if cost >= most and (not action or action != last):
                break
            some.append(record)
            cost += its_cost
            last = action
        del self._queue[: len(some)]
        self._size -= cost + len(some) * IN_MEMORY
        return some, cost

    def _add(self, records: list[Record], cost: int) -> None:
        if time.monotonic() < self._retry_at:
            return
        try:
            if self._db is None:
                self._latest = Latest()
                self._db = open_history(self.folder, self.limit, create=True)
            assert self._db is not None
            add(self._db, records, cost, self.limit, self._latest)
        except (sqlite3.Error, OSError, StoreError, ValueError) as error:
            self._failed(error)
        else:
            self.added()

    def _failed(self, error: Exception) -> None:
        """Try again later: the file may have been removed, or the disk may be full."""
        if self._db is not None:
            self._db.close()
            self._db = None
        self._retry_at = time.monotonic() + TRY_AGAIN
        if str(error) != self._complaint:
            self._complaint = str(error)
            _LOG.warning("Changes of keys are not recorded in the history for now: %s", error)
