"""An open namespace: its connections, its cache, and its pending writes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kvlens.stores.base import StoreError
from kvlens.stores.wrangler import orphans
from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.changes import Change, data_version
from kvlens.stores.wrangler.commit import IN_USE_SECONDS
from kvlens.stores.wrangler.database import (
    IMMUTABLE,
    WRITABLE,
    Database,
    can_be_read,
    connection,
    file_id,
    open_database,
    state_of,
)
from kvlens.stores.wrangler.entry_cache import EntryCache
from kvlens.stores.wrangler.errors import store_error
from kvlens.stores.wrangler.shm_lock import ShmLock
from kvlens.stores.wrangler.staged import Staged
from kvlens.stores.wrangler.state_folder import StateFolder
from kvlens.stores.wrangler.stats_cache import StatsCache

Waiting = tuple[Change, "asyncio.Future[Any]"]


class OpenNamespace:
    """An open namespace.

    While the writing thread is `running`, it owns `main`, and reads use `side`.
    """

    def __init__(
        self,
        ns: str,
        path: Path,
        connections: tuple[Database, Database],
        blobs: Blobs,
        lock: ShmLock,
    ) -> None:
        self.ns = ns
        self.path = path
        self.name = str(path)
        self.main, self.side = connections
        self.blobs = blobs
        self.lock = lock
        self.file = file_id(self.name)
        self._written_at = 0  # the file's time when it was last checked
        self.opened = orphans.opening(self.file or (0, 0), lock.is_alone)
        self.owns_folder: Callable[[], bool] = lambda: False  # set by the owner of all namespaces
        self.changed_outside: Callable[[str], None] = lambda ns: None
        self.read_only: tuple[object, ...] | None = None  # the files' state if only readable
        self.options = WRITABLE  # for opening it again
        self.closed = False
        self.cleared = 0.0  # when it was cleared, by the files' clock
        self.checkpointed = 0
        self.version = data_version(self.main)
        self.other_wrote_at = -IN_USE_SECONDS  # when another program was last seen to write
        self.cache = EntryCache()
        self.stats_cache: StatsCache | None = None
        self.staging: set[Staged] = set()  # large changes whose values no row refers to yet
        self.waiting: list[Waiting] = []  # for the thread
        self.group: list[Waiting] | None = None  # of this iteration of the loop
        self.running = False  # the thread owns `main`
        self.commits = 0  # since the last checkpoint
        self.changes = 0

    def note_other_writer(self) -> None:
        """Record that another program writes, and so may be reading, too."""
        self.other_wrote_at = time.monotonic()

    def check_version(self) -> None:
        """Empty the cache if another program has committed; `main` must be ours."""
        version = data_version(self.main)
        if version != self.version:
            self.version = version
            self.note_other_writer()
            self.blobs.note_foreign_rows()
            self.forget_all()
            self.changed_outside(self.ns)

    def is_shared(self) -> bool:
        """Return whether another program has just written; `main` must be ours."""
        try:
            self.check_version()
        except sqlite3.Error:
            return True  # the slow path either succeeds or reports what is wrong
        return time.monotonic() - self.other_wrote_at < IN_USE_SECONDS

    def may_sweep(self) -> bool:
        """Return whether all existing values may be removed.

        Called under the lock of a change that leaves no row that names one. Nobody else may have
        the database open: a process that opens it later makes newer files, and staged values of
        this one are older.
        """
        if not self.lock.is_alone() or not orphans.is_only(self.file or (0, 0)):
            return False
        unused = self.blobs.retired()  # from now on, no older file is reused
        with contextlib.suppress(OSError, StoreError):
            self.cleared = self.blobs.now()
            if not self.staging and self.owns_folder():
                return True
        self.blobs.retire(unused)
        return False

    def reader(self) -> Database:
        """Return the connection for a read in the event loop's thread."""
        return self.side if self.running else self.main

    def connection(self) -> contextlib.closing[Database]:
        """Open a connection for one other thread."""
        return connection(self.path, self.options)

    def is_outdated(self) -> bool:
        """Return whether files that could only be read have changed, or their permissions."""
        return self.read_only is not None and self.read_only != state_of(self.path)

    def has_its_file(self) -> bool:
        """Return whether the database at its path is still the open one, and wasn't overwritten.

        SQLite wouldn't notice: it goes on with the pages that it has in memory.
        """
        try:
            status = os.lstat(self.name)  # called before every write, so it must be fast
        except OSError:
            return False
        if (status.st_dev, status.st_ino) != self.file:
            return False
        if self.read_only is None and status.st_mtime_ns != self._written_at:
            if not can_be_read(self.path):
                return False
            self._written_at = status.st_mtime_ns
        return True

    def log_size(self) -> int:
        """Return the bytes of the write-ahead log."""
        try:
            return os.stat(f"{self.name}-wal").st_size  # noqa: PTH116  quicker
        except OSError:
            return 0

    def forget_all(self) -> None:
        """Discard everything that another program may have changed."""
        self.cache.clear()
        if self.stats_cache is not None:
            self.stats_cache.is_stale = True

    def close(self) -> None:
        """Close the connections. The values remain usable."""
        for database in (self.side, self.main):
            database.close()
        self.closed = True
        orphans.closing(self.file or (0, 0))


def open_namespace(state: StateFolder, ns: str) -> OpenNamespace:
    """Open a namespace's files, and create missing ones. Runs in a thread. Raises StoreError."""
    path = state.database(ns)
    lock = ShmLock(path)
    blobs = state.blobs(ns, lock)
    try:
        there = state.has(path, create=True)
        shared = path.with_name(f"{path.name}-wal").exists()  # else it isn't open
        before = state_of(path)
        main, side, options = open_database(path, there)
        space = OpenNamespace(ns, path, (main, side), blobs, lock)
        if options != WRITABLE:  # SQLite may have made a log, which must not change
            space.options = options
            space.read_only = before if options == IMMUTABLE else state_of(path)
        elif shared and not lock.is_alone():
            space.note_other_writer()
        return space
    except (sqlite3.Error, OSError) as error:
        raise store_error(path, error) from error
