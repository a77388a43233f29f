"""`wrangler:` keeps keys where `wrangler dev` does, so that both see the same data at once.

workerd has no busy timeout: a Worker's put that meets our write transaction fails. So values
are written first, then all rows in the shortest transaction there is; nothing is written to
read or to list.

A small write that meets no other is committed at once, with no wait for a lock. Everything
else goes to a thread, where all that has gathered is committed together; where another program
has written a moment ago, in steps between its commits. While the thread has the first
connection (`main`), reads use a second one (`side`).

Namespaces wait for nothing of each other: each has its own files, and threads are not scarce.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from kvlens.kv.clock import Clock
from kvlens.kv.records import Entry, KeyInfo, Page, Stats, Write
from kvlens.stores.base import Batch, Replaced, Seen, Store, StoreError, after_prefix
from kvlens.stores.wrangler import orphans
from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.changes import (
    FEW,
    Bulk,
    Change,
    Clear,
    Delete,
    DeleteUnchanged,
    Purge,
    Put,
    Replace,
)
from kvlens.stores.wrangler.commit import (
    BUSY_SECONDS,
    IN_USE_SECONDS,
    STEP,
    commit,
    commit_between,
    data_version,
    finish_journals,
    is_busy,
    with_journal,
)
from kvlens.stores.wrangler.database import (
    IMMUTABLE,
    INLINE_SECONDS,
    LOG_SIZE,
    READ_SECONDS,
    WRITABLE,
    WRITE_SECONDS,
    Database,
    connect,
    connection,
    file_id,
    has_table,
    is_late,
    open_database,
    state_of,
)
from kvlens.stores.wrangler.disk_format import (
    IS_BLOB_ID,
    UNIQUE_KEY,
    blobs_path,
    database_name,
    database_path,
)
from kvlens.stores.wrangler.journal import Journals
from kvlens.stores.wrangler.rows import read_entry, read_keys
from kvlens.stores.wrangler.safe_paths import OWN, open_folder
from kvlens.stores.wrangler.shm_lock import ShmLock
from kvlens.stores.wrangler.staged import Staged
from kvlens.stores.wrangler.tally import Tally, count

SHARED_SECONDS = IN_USE_SECONDS
INLINE_SIZE = 64 * 1024  # values up to here are written without a thread
UNLINK_DELAY = 1.0  # a Worker may still be reading the value that was overwritten
CACHE_SIZE = 32 * 1024 * 1024  # bytes of values kept in memory, per namespace
UNLINK_LATEST = 10.0  # while there is much to do, removing files waits, but not longer
UNLINK_QUIET = 100  # changes a second up to which it does not wait
LEAVE_AT_MOST = 1000  # files that a process leaves to the next one; for more it waits at its end
CHECKPOINT_COMMITS = 250  # the write-ahead log is folded in after so many
IDLE = 2.0  # seconds without a commit, after which it is folded in
SWEEP_AFTER = 2.0  # seconds that a namespace has been open, then values nobody names are sought
SWEEP_EVERY = 3600.0  # for what is too young to be told from what another process writes
SWEEP_AGAIN = BUSY_SECONDS + 1.0  # and those that still nobody names are removed
THREADS = 64  # namespaces that can wait for a lock without holding up another one
LEAST_SPACE = 64 * 1024  # bytes of disk that a write needs: SQLite's index of its log and a page
NEEDED = 10  # files that are open at once for one namespace, at most

_T = TypeVar("_T")
_Waiting = tuple[Change, "asyncio.Future[Any]"]
_Task = Callable[["_Space"], None]
_STALE = f"SELECT 1 FROM _mf_entries WHERE expiration <= ? AND {IS_BLOB_ID} LIMIT 1"
_LOGS = ("-wal", "-shm", "-journal")
_MISSING = object()


def open_url(url: str, base: Path, clock: Clock) -> Store:
    """Return the store of `wrangler:` (state beside `base`) or `wrangler:PATH` (--persist-to)."""
    path = url.partition(":")[2]
    if path:
        return WranglerStore(base / Path(path).expanduser(), ("v3",), clock)
    return WranglerStore(base, (OWN, "state", "v3"), clock)


class _Space:
    """One namespace that is open: its connections, its cache, what waits to be written."""

    def __init__(
        self, path: Path, main: Database, side: Database, blobs: Blobs, lock: ShmLock
    ) -> None:
        self.ns = ""  # set by the store, as the next one is
        self.owns_folder: Callable[[], bool] = lambda: False
        self.path = path
        self.name = str(path)
        self.main = main
        self.side = side
        self.blobs = blobs
        self.lock = lock
        self.file = file_id(self.name)
        self.opened = orphans.opening(self.file or (0, 0), lock.is_alone)
        self.read_only: tuple[object, ...] | None = None  # the files' state, where they are
        self.options = WRITABLE  # to open it with once more
        self.closed = False
        self.cleared = 0.0  # when, by the clock of the files
        self.folded = 0
        self.version = data_version(main)
        self.heard = -SHARED_SECONDS  # when another program was last seen to write
        self.cache: dict[str, Entry | None] = {}
        self.cache_size = 0
        self.tally: Tally | None = None
        self.staging: set[Staged] = set()  # large changes whose values no row names yet
        self.waiting: list[_Waiting] = []  # for the thread
        self.group: list[_Waiting] | None = None  # of this turn of the loop
        self.running = False  # the thread has `main`
        self.commits = 0  # since the log was folded in
        self.changes = 0

    def hear(self) -> None:
        """Note that another program writes, and so may be reading, too."""
        self.heard = time.monotonic()

    def may_sweep(self) -> bool:
        """Tell whether all values may be removed whose files are older than now.

        Asked under the lock of a change that leaves no row. Nobody else may have the database
        open: who opens it later makes newer files, and whoever stages values here has older ones.
        """
        if not self.lock.is_alone() or not orphans.is_only(self.file or (0, 0)):
            return False
        unused = self.blobs.retired()  # from here on no older file is used again
        with contextlib.suppress(OSError, StoreError):
            self.cleared = self.blobs.now()
            if not self.staging and self.owns_folder():
                return True
        self.blobs.retire(unused)
        return False

    def reader(self) -> Database:
        return self.side if self.running else self.main

    def connection(self) -> connection:
        """Open a connection of one thread's own."""
        return connection(self.path, self.options)

    def is_outdated(self) -> bool:
        """Tell whether files that could only be read have changed, or their permissions."""
        return self.read_only is not None and self.read_only != state_of(self.path)

    def log_size(self) -> int:
        """Return the bytes of the write-ahead log."""
        try:
            return os.stat(f"{self.name}-wal").st_size  # noqa: PTH116  quicker
        except OSError:
            return 0

    def remember(self, key: str, entry: Entry | None) -> None:
        self.forget(key)
        self.cache[key] = entry
        self.cache_size += _cost(key, entry)
        while self.cache_size > CACHE_SIZE:
            oldest = next(iter(self.cache))
            self.cache_size -= _cost(oldest, self.cache.pop(oldest))

    def forget(self, key: str) -> None:
        before = self.cache.pop(key, _MISSING)
        if before is not _MISSING:
            self.cache_size -= _cost(key, before)

    def forget_values(self) -> None:
        self.cache.clear()
        self.cache_size = 0

    def forget_all(self) -> None:
        self.forget_values()
        if self.tally is not None:
            self.tally.is_stale = True


class WranglerStore:
    """Namespaces in Miniflare's disk format in the folder `parts` below `base`.

    Links are followed up to `base`, which somebody has named, and none below it.
    """

    inline = True

    def __init__(
        self,
        base: Path,
        parts: tuple[str, ...],
        clock: Clock,
    ) -> None:
        self.state = base.joinpath(*parts)
        self._place = base, parts
        self._clock = clock
        self._spaces: dict[str, _Space] = {}
        self._opening: dict[str, asyncio.Future[_Space]] = {}
        self._paths: dict[str, str] = {}
        self._absent: set[str] = set()  # asked for, no file yet
        self._outside: set[str] = set()  # changed by another program, for poll()
        self._journals = Journals(base, parts)
        self._finishing: asyncio.Future[Any] | None = None
        self._writer = ThreadPoolExecutor(THREADS, "kv-writer")
        self._stager = ThreadPoolExecutor(THREADS, "kv-stager")
        self._helper = ThreadPoolExecutor(THREADS, "kv-files")
        self._sweep: asyncio.TimerHandle | None = None
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}  # one a namespace and task
        self._changes = 0  # since the trash was looked at
        self._purging: set[str] = set()
        self._idle: asyncio.Future[None] | None = None
        self._ending = threading.Event()

    # -- reading ---------------------------------------------------------------------------

    async def get(self, ns: str, key: str) -> Entry | None:
        space = self._spaces.get(ns)
        if space is None or space.read_only is not None:
            space = await self._existing(ns)
        if space is None:
            return None
        entry: Any = _MISSING
        if not space.running and space.read_only is None:
            try:
                self._check_version(ns, space)
                entry = space.cache.get(key, _MISSING)
                if entry is _MISSING:
                    entry = read_entry(space.main, space.path, space.blobs, key)
                    space.remember(key, entry)
            except (sqlite3.Error, OSError):
                entry = _MISSING  # the patient way either succeeds or tells what is wrong
        if entry is _MISSING:
            entry = await self._read(space, lambda db: read_entry(db, space.path, space.blobs, key))
        if entry is None:
            return None
        found: Entry = entry
        if found.expiration is not None and found.expiration <= self._clock():
            self._purge_soon(ns)
            return None
        return found

    async def list(
        self, ns: str, *, prefix: str = "", limit: int = 1000, after: str | None = None
    ) -> Page:
        space = self._spaces.get(ns)
        if space is None or space.read_only is not None:
            space = await self._existing(ns)
        if space is None:
            return Page([], True)
        end = after_prefix(prefix)
        behind = after is not None and after >= prefix
        # what is no text sorts behind all text
        span = "key > ? AND key < ?" if behind else "key >= ? AND key < ?"
        bounds = (after if behind else prefix, b"" if end is None else end)
        now = int(self._clock() * 1000)

        def read(db: Database) -> tuple[list[KeyInfo], bool]:
            keys = read_keys(db, span, bounds, now, limit + 1)
            stale = False
            with contextlib.suppress(sqlite3.DataError):  # of a row that is too large
                stale = db.execute(_STALE, (now,)).fetchone() is not None
            return keys, stale

        keys, stale = await self._read(space, read)
        if stale:
            self._purge_soon(ns)
        return Page(keys[:limit], len(keys) <= limit)

    async def stats(self, ns: str) -> Stats:
        space = self._spaces.get(ns)
        if space is None or space.read_only is not None:
            space = await self._existing(ns)
        if space is None:
            return Stats(0, 0)
        if not space.running:
            try:
                self._check_version(ns, space)
            except sqlite3.Error as error:
                raise store_error(space.path, error) from error
        now = int(self._clock() * 1000)
        tally = space.tally
        if tally is not None and tally.is_stale and tally.due > 0:
            self._later("count", space, tally.due, lambda space: self._outside.add(space.ns))
        if tally is not None and (not tally.is_stale or tally.due > 0):
            return await self._read(space, partial(tally.stats, blobs=space.blobs, now=now))
        mark = space.version, space.changes

        def read() -> Tally:
            with space.connection() as db:
                return count(db, space.blobs, now)

        tally = await self._helped(space.path, read)
        tally.is_stale = space.running or mark != (space.version, space.changes)
        if space.read_only is None:
            space.tally = tally
        return Stats(tally.keys, tally.size)

    async def namespaces(self) -> Sequence[str]:
        """Return the namespaces on disk; see `kvlens.stores.known`.

        A database is named after a hash, so the names are those of the folders with values, where
        they are ids as they stand: an id with characters that no folder may have is not found.
        """
        return await self._helped(self.state, self._namespaces)

    def _namespaces(self) -> Sequence[str]:
        base, parts = self._place
        found = []
        with (
            contextlib.suppress(FileNotFoundError),
            open_folder(base, *parts, "kv") as values,
            values.folder(UNIQUE_KEY) as databases,
        ):
            for entry in values.entries():
                with contextlib.suppress(StoreError):  # a link, or the like
                    if entry.is_dir(follow_symlinks=False) and databases.exists(
                        f"{database_name(entry.name)}.sqlite"
                    ):
                        found.append(entry.name)
        return sorted(found)

    # -- writing ---------------------------------------------------------------------------

    async def put(self, ns: str, write: Write) -> None:
        await self._change(ns, Put([write]), len(write.value) <= INLINE_SIZE)

    async def put_many(self, ns: str, writes: Iterable[Write]) -> None:
        if not isinstance(writes, Sequence) or len(writes) > FEW:
            await self.change_many([Batch(ns, writes)])
        elif writes:
            await self._change(ns, Put(writes), False)

    async def change_many(self, batches: Sequence[Batch]) -> None:
        changes = await self._staged(batches)
        if len(changes) == 1:
            await self._change(*changes[0], inline=False)
        elif changes:
            await self._change_together(changes)

    async def replace(
        self, ns: str, key: str, value: bytes, expected: str | None = None
    ) -> Replaced:
        if ns not in self._spaces and await self._existing(ns) is None:
            return Replaced.GONE
        result: Replaced = await self._change(ns, Replace(key, value, expected), False)
        return result

    async def delete(self, ns: str, keys: Sequence[str]) -> int:
        if ns not in self._spaces and await self._existing(ns) is None:
            return 0
        if len(keys) <= FEW:
            return int(await self._change(ns, Delete(keys), len(keys) == 1))
        changes = await self._staged([Batch(ns, (), keys)])
        return int(await self._change(*changes[0], inline=False))

    async def delete_unchanged(self, ns: str, seen: Sequence[Seen]) -> Sequence[str]:
        if not seen or (ns not in self._spaces and await self._existing(ns) is None):
            return []
        # brought at once, so that they share one transaction where no Worker writes
        changes = [DeleteUnchanged(seen[at : at + FEW]) for at in range(0, len(seen), FEW)]
        jobs = (self._change(ns, change, False) for change in changes)
        deleted: list[str] = []
        for part in await asyncio.gather(*jobs, return_exceptions=True):
            if isinstance(part, BaseException):
                raise part
            deleted += part
        return deleted

    async def clear(self, ns: str) -> int:
        if ns not in self._spaces and await self._existing(ns) is None:
            return 0
        space = await self._writable(ns)
        return int(await self._change(ns, Clear(space.may_sweep), False))

    async def _change(self, ns: str, change: Change, inline: bool) -> Any:
        """Commit a change: at once where it is small and nothing is in the way, else in turn.

        Of small changes that arrive in one turn of the loop, the first is committed at once and
        the others together behind it.
        """
        space = await self._writable(ns)
        change.now = int(self._clock() * 1000)
        loop = asyncio.get_running_loop()
        if inline and not space.running and not self._is_shared(ns, space):
            if space.group is None:
                space.group = []
                loop.call_soon(self._commit_group, space)
                if self._commit_here(space, [change]):
                    return change.result
            else:
                done: asyncio.Future[Any] = loop.create_future()
                space.group.append((change, done))
                return await done
        done = loop.create_future()
        space.waiting.append((change, done))
        if not space.running:
            self._run(space)
        return await done

    async def _writable(self, ns: str) -> _Space:
        space = self._spaces.get(ns)
        if space is None or (space.group is None and self._was_replaced(ns, space)):
            space = await self._opened(ns)
        if space.read_only is not None:
            space = await self._opened_for_writing(ns, space)
        return space

    async def _staged(self, batches: Sequence[Batch]) -> Sequence[tuple[str, Bulk]]:
        """Take what the batches have and write the values, in a thread of its own."""
        staged: dict[str, Staged] = {}
        try:
            for ns, writes, deletes in batches:
                if ns not in staged:
                    space = await self._writable(ns)
                    staged[ns] = Staged(space.blobs, space.staging)
                await self._fill(staged[ns], writes, deletes)
        except BaseException:
            for one in staged.values():
                one.discard()
            raise
        return [(ns, Bulk(one)) for ns, one in staged.items() if one.count]

    async def _fill(self, staged: Staged, writes: Iterable[Write], deletes: Iterable[str]) -> None:
        loop = asyncio.get_running_loop()
        job = loop.run_in_executor(self._stager, staged.fill, writes, deletes)
        try:
            await asyncio.shield(job)
        except asyncio.CancelledError:
            staged.abandoned = True
            job.add_done_callback(lambda job: job.cancelled() or job.exception())
            await asyncio.wait([job])
            raise
        except (sqlite3.Error, OSError) as error:
            raise store_error(staged.blobs.folder, error) from error

    async def _change_together(self, changes: Sequence[tuple[str, Bulk]]) -> None:
        """Make changes of several namespaces, of which each is a database of its own."""
        now = int(self._clock() * 1000)
        for _, change in changes:
            change.now = now
        files = _Files(self._place)

        def work() -> None:
            try:
                with_journal(changes, files, self._journals)
            finally:
                files.close()

        await asyncio.get_running_loop().run_in_executor(self._writer, work)
        for ns, change in changes:
            self._set_aside(ns, change.gone)
        error = changes[0][1].error
        if error is not None:
            raise store_error(self.state, error) from error

    def _commit_group(self, space: _Space) -> None:
        """Commit the small changes that have gathered in this turn of the loop."""
        group, space.group = space.group or [], None
        if not group:
            return
        if not space.running:
            try:
                done = self._commit_here(space, [change for change, _ in group])
            except StoreError as error:
                _settle(space, group, error)
                return
            if done:
                _settle(space, group, None)
                return
        space.waiting += group
        if not space.running:
            self._run(space)

    def _commit_here(self, space: _Space, changes: Sequence[Change]) -> bool:
        """Commit without a thread; return False, with nothing done, where a lock is in the way."""
        try:
            commit(space.main, space.blobs, changes)
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, sqlite3.OperationalError) and is_busy(error):
                return False
            raise store_error(space.path, error) from error
        self._committed(space, [change for change in changes if change.error is None])
        if space.commits >= CHECKPOINT_COMMITS:
            self._run(space)
        return True

    def _run(self, space: _Space) -> None:
        """Let the thread commit what waits; all of it in one transaction."""
        batch, space.waiting = space.waiting, []
        space.running = True
        loop = asyncio.get_running_loop()
        if self._idle is None:
            self._idle = loop.create_future()
        fold = space.commits >= CHECKPOINT_COMMITS
        changes = [change for change, _ in batch]
        job = loop.run_in_executor(self._writer, _work, space, changes, fold, self._journals)
        job.add_done_callback(lambda job: self._ran(space, batch, job))

    def _ran(self, space: _Space, batch: Sequence[_Waiting], job: asyncio.Future[Any]) -> None:
        space.running = False
        error = job.exception()
        if error is None:
            if job.result():
                space.commits = 0
            self._committed(space, [change for change, _ in batch if change.error is None])
            for change, _ in batch:
                if change.error is not None:
                    space.forget_all()
                    self._discard(space.blobs, change.gone)
        _settle(space, batch, error)
        if space.waiting:
            self._run(space)
        elif self._idle is not None and not any(s.running for s in self._spaces.values()):
            self._idle.set_result(None)
            self._idle = None

    def _committed(self, space: _Space, changes: Sequence[Change]) -> None:
        """Bring the cache up to date and set overwritten values aside."""
        self._later("fold", space, IDLE, self._fold)
        self._changes += len(changes)
        space.commits += len(changes)
        space.changes += len(changes)
        for change in changes:
            if space.tally is not None:
                space.tally.note(change, space.blobs)
            if change.everything:
                space.forget_values()
            if isinstance(change, Clear) and change.swept:
                loop = asyncio.get_running_loop()
                loop.run_in_executor(self._helper, space.blobs.remove_older, space.cleared)
            for key in change.touched():
                space.forget(key)
            entry = change.entry()
            if entry is not None:
                space.remember(*entry)
            if change.gone:
                self._discard(space.blobs, change.gone)

    # -- journals --------------------------------------------------------------------------

    def _finish_soon(self) -> None:
        """Finish the changes that a process has left half-way, where there are any."""
        if self._finishing is not None or not self._journals.is_used():
            return
        loop = asyncio.get_running_loop()
        self._finishing = loop.run_in_executor(self._writer, _finish, self._place, self._journals)
        self._finishing.add_done_callback(self._finished)

    def _finished(self, job: asyncio.Future[Any]) -> None:
        self._finishing = None
        if not job.cancelled() and job.exception() is None:
            for ns, names in job.result().items():
                self._set_aside(ns, names)

    def _set_aside(self, ns: str, names: Sequence[str]) -> None:
        """Remove values that no row names any more, when no Worker can be about to read them.

        Where the namespace is not open, whoever opens it looks for them.
        """
        space = self._spaces.get(ns)
        if space is not None:
            space.forget_all()
            if names:
                self._discard(space.blobs, names)

    # -- values that are no longer used ----------------------------------------------------

    def _discard(self, blobs: Blobs, names: Sequence[str]) -> None:
        blobs.retire(names)
        if self._sweep is None:
            loop = asyncio.get_running_loop()
            self._sweep = loop.call_later(UNLINK_DELAY, self._empty_trash)

    def _empty_trash(self) -> None:
        """Remove what was set aside long enough ago, when there is time for it."""
        self._sweep = None
        busy = self._changes > UNLINK_QUIET
        self._changes = 0
        age = UNLINK_LATEST if busy else UNLINK_DELAY - 0.05
        loop = asyncio.get_running_loop()
        left = False
        for space in self._spaces.values():
            due = space.blobs.retired(age)
            if due:
                loop.run_in_executor(self._helper, space.blobs.remove, due)
            left = left or space.blobs.has_retired
        if left:
            self._sweep = loop.call_later(UNLINK_DELAY, self._empty_trash)

    def _purge_soon(self, ns: str) -> None:
        """Delete expired rows, once for many reads that met them."""
        space = self._spaces.get(ns)
        if ns not in self._purging and space is not None and space.read_only is None:
            self._purging.add(ns)
            asyncio.get_running_loop().call_later(UNLINK_DELAY, self._purge, ns)

    def _purged(self, ns: str, done: asyncio.Future[Any]) -> None:
        if done.exception() is None and done.result() == STEP:  # a lock only puts it off
            self._purge(ns)

    def _purge(self, ns: str) -> None:
        self._purging.discard(ns)
        space = self._spaces.get(ns)
        if space is None or space.read_only is not None:
            return
        change = Purge()
        change.now = int(self._clock() * 1000)
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        done.add_done_callback(lambda done: self._purged(ns, done))
        space.waiting.append((change, done))
        if not space.running:
            self._run(space)

    # -- what is done when there is time ---------------------------------------------------

    def _later(self, task: str, space: _Space, seconds: float, work: _Task) -> None:
        """Do something for a namespace in a while, unless it is due already or closed then."""
        if space.closed or (task, space.name) in self._timers:
            return

        def run() -> None:
            del self._timers[task, space.name]
            work(space)

        loop = asyncio.get_running_loop()
        self._timers[task, space.name] = loop.call_later(seconds, run)

    def _fold(self, space: _Space) -> None:
        """Fold the log in when nobody has written for a while."""
        if space.commits and space.commits == space.folded and not space.running:
            if space.log_size() > LOG_SIZE // 64:
                space.commits = CHECKPOINT_COMMITS
                self._run(space)
        elif space.commits:
            space.folded = space.commits
            self._later("fold", space, IDLE, self._fold)

    def _seek_orphans(self, space: _Space) -> None:
        """Find the values that no row names, and remove those a second look finds, too."""
        job = asyncio.get_running_loop().run_in_executor(
            self._helper, _find_orphans, space, self._journals.values
        )

        def found(job: asyncio.Future[list[str]]) -> None:
            names = [] if job.cancelled() or job.exception() else job.result()
            if names:
                self._later("sweep", space, SWEEP_AGAIN, lambda space: remove(space, names))
            else:
                self._later("sweep", space, SWEEP_EVERY, self._seek_orphans)

        def remove(space: _Space, names: list[str]) -> None:
            loop = asyncio.get_running_loop()
            loop.run_in_executor(
                self._helper, _remove_orphans, space, names, self._journals.values, self._ending
            )
            more = len(names) >= orphans.MOST
            self._later("sweep", space, SWEEP_AFTER if more else SWEEP_EVERY, self._seek_orphans)

        job.add_done_callback(found)

    # -- files -----------------------------------------------------------------------------

    async def _existing(self, ns: str) -> _Space | None:
        """Return the namespace where it has a file; reading makes none."""
        path = self._paths.get(ns)
        if path is None:
            path = self._paths[ns] = str(database_path(self.state, ns))
        if file_id(path) is None:
            self._absent.add(ns)
            return None
        return await self._opened(ns)

    async def _opened(self, ns: str) -> _Space:
        found = self._spaces.get(ns)
        if found is not None and not found.is_outdated():
            return found
        if found is not None:
            self._close_space(self._spaces.pop(ns))
        opening = self._opening.get(ns)
        if opening is None:
            loop = asyncio.get_running_loop()
            opening = loop.run_in_executor(self._writer, self._open, ns)
            self._opening[ns] = opening
            opening.add_done_callback(lambda done: self._opened_now(ns, done))
        return await asyncio.shield(opening)

    def _open(self, ns: str) -> _Space:
        """Open a namespace, what was left half-way in it finished. Runs in the thread."""
        gone: dict[str, list[str]] = {}
        if self._journals.is_used():
            gone = _finish(self._place, self._journals)
        space = _open(self._place, ns)
        space.ns = ns
        space.owns_folder = partial(self._owns_folder, ns)
        space.blobs.retire(gone.get(ns, ()))
        return space

    def _opened_now(self, ns: str, done: asyncio.Future[_Space]) -> None:
        self._opening.pop(ns, None)
        if not done.cancelled() and done.exception() is None:
            self._spaces[ns] = space = done.result()
            self._absent.discard(ns)
            if space.read_only is None:
                self._later("sweep", space, SWEEP_AFTER, self._seek_orphans)

    def _owns_folder(self, ns: str) -> bool:
        """Tell whether no other namespace has its values in the same folder."""
        return orphans.owns_folder(*self._place, ns, list(self._paths))

    async def _opened_for_writing(self, ns: str, space: _Space) -> _Space:
        """Open a namespace again that could only be read; StoreError where that is still so."""
        if self._spaces.get(ns) is space:
            self._close_space(self._spaces.pop(ns))
        space = await self._opened(ns)
        if space.read_only is not None:
            raise store_error(space.path, sqlite3.OperationalError("readonly database"))
        return space

    def _check_version(self, ns: str, space: _Space) -> None:
        """Empty the cache where another program has committed; `main` must be ours."""
        version = data_version(space.main)
        if version != space.version:
            space.version = version
            space.hear()
            space.forget_all()
            self._outside.add(ns)

    def _is_shared(self, ns: str, space: _Space) -> bool:
        """Tell whether another program has written a moment ago; `main` must be ours."""
        try:
            self._check_version(ns, space)
        except sqlite3.Error:
            return True  # the patient way either succeeds or tells what is wrong
        return time.monotonic() - space.heard < SHARED_SECONDS

    async def _read(self, space: _Space, read: Callable[[Database], _T]) -> _T:
        """Read here; where a lock is in the way, or it takes long, in a thread."""
        try:
            found = read(space.reader())
            if space.options == IMMUTABLE and space.is_outdated():  # it was read without a lock
                raise StoreError(
                    f"The KV database {space.path} was changed while it was read. Try again."
                )
            return found
        except sqlite3.OperationalError as error:
            if not is_busy(error) and not is_late(error):
                raise store_error(space.path, error) from error
        except (sqlite3.Error, OSError) as error:
            raise store_error(space.path, error) from error

        def patiently() -> _T:
            with space.connection() as db:
                return read(db)

        return await self._helped(space.path, patiently)

    async def _helped(self, path: Path, work: Callable[[], _T]) -> _T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._helper, work)
        except (sqlite3.Error, OSError) as error:
            raise store_error(path, error) from error

    def poll(self) -> Sequence[str]:
        self._finish_soon()
        for ns, space in list(self._spaces.items()):
            if space.running:
                continue
            if self._was_replaced(ns, space):
                continue
            if space.is_outdated():
                self._close_space(self._spaces.pop(ns))
                self._outside.add(ns)
                continue
            try:
                self._check_version(ns, space)
            except sqlite3.Error:
                continue  # the next call that needs the file reports it
        for ns in list(self._absent):
            if file_id(self._paths[ns]) is not None:
                self._absent.discard(ns)
                self._outside.add(ns)
        changed, self._outside = list(self._outside), set()
        return changed

    def _was_replaced(self, ns: str, space: _Space) -> bool:
        """Tell whether the file was deleted or replaced, and let go of it then."""
        if space.running or space.group or file_id(space.name) == space.file:
            return False
        self._close_space(self._spaces.pop(ns))
        space.blobs.remove(space.blobs.retired())
        self._paths[ns] = space.name
        self._absent.add(ns)
        self._outside.add(ns)
        return True

    def _close_space(self, space: _Space) -> None:
        for database in (space.side, space.main):
            database.close()
        space.closed = True
        for task in ("fold", "sweep"):
            timer = self._timers.pop((task, space.name), None)
            if timer is not None:
                timer.cancel()
        orphans.closing(space.file or (0, 0))

    async def close(self) -> None:
        for opening in list(self._opening.values()):
            await asyncio.wait([opening])
        if self._idle is not None:
            await self._idle
        if self._finishing is not None:
            await asyncio.wait([self._finishing])
        self._ending.set()
        if self._sweep is not None:
            self._sweep.cancel()
        spaces = list(self._spaces.values())
        self._spaces.clear()
        left = []
        for space in spaces:
            if not space.lock.is_alone():
                left.append(space.blobs)
            self._close_space(space)
            if space.blobs not in left:
                space.blobs.remove(space.blobs.retired())
        await self._clear_away(left)
        for space in spaces:
            space.blobs.close()
        self._writer.shutdown()
        self._stager.shutdown()
        self._helper.shutdown()

    async def _clear_away(self, every: Sequence[Blobs]) -> None:
        """Remove what is due, and for much of the rest wait; another process sweeps the rest."""
        rest: list[tuple[Blobs, list[str]]] = []
        for blobs in every:
            blobs.remove(blobs.retired(UNLINK_DELAY))
            rest.append((blobs, blobs.retired()))
        if sum(len(names) for _, names in rest) > LEAVE_AT_MOST:
            await asyncio.sleep(UNLINK_DELAY)
            for blobs, names in rest:
                blobs.remove(names)


def _settle(space: _Space, batch: Sequence[_Waiting], error: BaseException | None) -> None:
    """Tell those who wait how their changes went."""
    if isinstance(error, (sqlite3.Error, OSError)):
        error = store_error(space.path, error)
    for change, done in batch:
        if done.done():  # the caller went away
            continue
        if error is not None:
            done.set_exception(error)
        elif change.error is not None:
            done.set_exception(store_error(space.path, change.error))
        else:
            done.set_result(change.result)


def _cost(key: str, entry: Any) -> int:
    return 200 + len(key) + (len(entry.value) if entry is not None else 0)


def _paths(
    place: tuple[Path, tuple[str, ...]], ns: str, lock: ShmLock | None = None
) -> tuple[Path, Blobs]:
    base, parts = place
    state = base.joinpath(*parts)
    inside = blobs_path(state, ns).relative_to(base).parts
    blobs = Blobs(base, *inside, is_alone=lock.is_alone) if lock else Blobs(base, *inside)
    return database_path(state, ns), blobs


def _is_there(place: tuple[Path, tuple[str, ...]], path: Path, *, create: bool = False) -> bool:
    """Tell whether a database is there; StoreError where a link is, which SQLite would follow.

    Even to read a database, SQLite writes to the files beside it.
    """
    base, parts = place
    with open_folder(base, *parts, "kv", UNIQUE_KEY, create=create) as folder:
        for ending in _LOGS:
            folder.exists(path.name + ending, written=True)
        return folder.exists(path.name, written=True)


def _open(place: tuple[Path, tuple[str, ...]], ns: str) -> _Space:
    """Open a namespace's files, made where they are missing. Runs in the thread."""
    base, parts = place
    path = database_path(base.joinpath(*parts), ns)
    lock = ShmLock(path)
    path, blobs = _paths(place, ns, lock)
    try:
        there = _is_there(place, path, create=True)
        shared = path.with_name(f"{path.name}-wal").exists()  # else nobody has it open
        before = state_of(path)
        main, side, options = open_database(path, there)
        space = _Space(path, main, side, blobs, lock)
        if options != WRITABLE:  # SQLite may have made a log, but none that is not to change
            space.options = options
            space.read_only = before if options == IMMUTABLE else state_of(path)
        elif shared and not lock.is_alone():
            space.hear()
        return space
    except (sqlite3.Error, OSError) as error:
        raise store_error(path, error) from error


def _finish(place: tuple[Path, tuple[str, ...]], journals: Journals) -> dict[str, list[str]]:
    """Finish the changes that other processes have left half-way. Runs in the thread."""
    files = _Files(place)
    try:
        return finish_journals(journals, files)
    except (sqlite3.Error, OSError, StoreError) as error:  # nobody waits for it
        logging.getLogger(__name__).warning("%s: %s", journals.path, error)
        return {}
    finally:
        files.close()


class _Files:
    """The files of namespaces that are there, for one thread's work on several of them."""

    def __init__(self, place: tuple[Path, tuple[str, ...]]) -> None:
        self._place = place
        self._open: dict[str, tuple[sqlite3.Connection, Blobs]] = {}

    def __call__(self, ns: str) -> tuple[sqlite3.Connection, Blobs] | None:
        if ns not in self._open:
            path, blobs = _paths(self._place, ns)
            try:
                if not _is_there(self._place, path):
                    return None
            except FileNotFoundError:
                return None
            db = connect(path, WRITABLE)
            try:
                db.seconds = WRITE_SECONDS
                if not has_table(db, path):
                    db.close()
                    return None
                db.execute("PRAGMA synchronous = NORMAL")
                db.execute("PRAGMA busy_timeout = 0")
            except BaseException:
                db.close()
                raise
            self._open[ns] = db, blobs
        return self._open[ns]

    def close(self) -> None:
        for db, _ in self._open.values():
            db.close()


def _work(space: _Space, changes: Sequence[Change], fold: bool, journals: Journals) -> bool:
    """Commit `changes` together, waiting for locks; then fold the log in. Runs in the thread."""
    db = space.main
    db.seconds = WRITE_SECONDS
    try:
        _commit(space, changes, journals)
    finally:
        db.seconds = INLINE_SECONDS
    return (fold or space.log_size() > LOG_SIZE) and _fold_log(space)


def _commit(space: _Space, changes: Sequence[Change], journals: Journals) -> None:
    db = space.main
    if changes:
        shared = time.monotonic() - space.heard < SHARED_SECONDS
        if shared or data_version(db) != space.version:
            commit_between(db, space.blobs, changes, space.ns, journals)
        else:
            db.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
            try:
                commit(db, space.blobs, changes)
            finally:
                db.execute("PRAGMA busy_timeout = 0")


def _fold_log(space: _Space) -> bool:
    """Write the log's pages to the database, in no Worker's way; make it short if we are alone.

    Return False where that fails: what is in the log is safe, and there is another time.
    """
    try:
        space.main.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        if space.lock.is_alone():
            space.main.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error:
        return False
    return True


def _find_orphans(space: _Space, pending: orphans.PendingBlobs) -> list[str]:
    """Find the values that no row names, at a first look. Runs in a thread."""
    if not space.owns_folder():
        return []
    return orphans.find(space.path, space.blobs, space.opened, pending)


def _remove_orphans(
    space: _Space, names: list[str], pending: orphans.PendingBlobs, ending: threading.Event
) -> None:
    """Remove the values that no row names at this second look, too. Runs in a thread."""
    with contextlib.suppress(sqlite3.Error, OSError, StoreError):
        names = orphans.still(space.path, space.blobs, names, pending)
        if not space.owns_folder():
            return
        for at in range(0, len(names), orphans.STEP):
            if ending.is_set():
                return
            space.blobs.remove(names[at : at + orphans.STEP])


def _no_descriptors(error: Exception) -> bool:
    """Tell whether too few files can be opened; SQLite does not say why it cannot open one."""
    number = getattr(error, "errno", None)
    if "unable to open" in str(error):
        opened: list[int] = []
        try:
            for _ in range(NEEDED):
                opened.append(os.open(os.devnull, os.O_RDONLY))
        except OSError as none:
            number = none.errno
        finally:
            for one in opened:
                os.close(one)
    return number in (errno.EMFILE, errno.ENFILE)


def _is_full(path: Path) -> bool:
    """Tell whether the disk has no room for the files that SQLite makes beside a database."""
    with contextlib.suppress(OSError):
        return shutil.disk_usage(path.parent).free < LEAST_SPACE
    return False


def _is_mounted_read_only(path: Path) -> bool:
    if hasattr(os, "statvfs"):
        with contextlib.suppress(OSError):
            return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)
    return False


def store_error(path: Path, error: Exception) -> StoreError:
    """Return the error a user reads: what is wrong, where, and the way out."""
    text = str(error)
    if isinstance(error, StoreError):
        return error
    if _no_descriptors(error):
        return StoreError(
            f"This process has no file descriptors left, so {path} cannot be opened. "
            "Nothing was changed; close programs that are connected, or raise the limit "
            "(ulimit -n), and try again."
        )
    cannot_open = any(one in text for one in ("readonly", "unable to open", "disk I/O error"))
    if "is full" in text or (cannot_open and _is_full(path)):
        return StoreError(
            f"There is no space left for the KV database {path}. Nothing was changed; free space "
            "and try again."
        )
    if isinstance(error, OSError):
        place = error.filename or path
        return StoreError(
            f"Cannot write {place}: {error.strerror}. Nothing was changed; "
            "free space or correct the permissions and try again."
        )
    if is_busy(error):  # type: ignore[arg-type]
        return StoreError(
            f"The KV database {path} has been locked by another program for {BUSY_SECONDS:.0f} s. "
            "Nothing was changed; end that program's transaction and try again."
        )
    if cannot_open and _is_mounted_read_only(path):
        return StoreError(
            f"The KV database {path} is on a disk that is mounted read-only. Nothing was changed; "
            "mount it for writing, or choose another store."
        )
    if cannot_open and "I/O" not in text:
        return StoreError(
            f"The KV database {path} cannot be opened for writing ({text}). Nothing was changed; "
            "correct its permissions, or choose another store."
        )
    if is_late(error):  # type: ignore[arg-type]
        return StoreError(
            f"The KV database {path} took longer than {READ_SECONDS:.0f} s to answer, so it is "
            "damaged or made to hang. Nothing was changed; move the file away to start empty."
        )
    if "malformed" in text or "not a database" in text:
        return StoreError(
            f"The KV database {path} is damaged ({text}). Nothing was changed; move the file "
            "away to start empty, or put a copy back. The values beside it are untouched."
        )
    return StoreError(f"The KV database {path} failed: {text}. Nothing was changed.")
