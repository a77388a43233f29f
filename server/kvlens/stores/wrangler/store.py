"""`wrangler:` keeps keys where `wrangler dev` does: both see each other's changes immediately.

workerd has no busy timeout: a Worker's put fails if it runs during our write transaction. So values
are written first, then all rows in the shortest possible transaction; reading and listing never
write.

A small write is committed immediately if no lock or other write is in the way. Everything else goes
to a thread, which commits all pending changes together; if another program has just written, in
steps between its commits. While the thread has the first connection (`main`), reads use a second
one (`side`).

Namespaces don't wait for each other: each has its own files, and there are enough threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from kvlens.chunks import chunks
from kvlens.kv.clock import Clock, Shift
from kvlens.kv.records import Entry, KeyInfo, Page, Stats, Write
from kvlens.search.language import Filter
from kvlens.search.rows import Row
from kvlens.stores.base import (
    Batch,
    DamagedKeyError,
    Found,
    Matches,
    Replaced,
    Seen,
    Step,
    Store,
    StoreError,
    after_prefix,
)
from kvlens.stores.to_its_end import to_its_end
from kvlens.stores.wrangler import search
from kvlens.stores.wrangler.changes import (
    FEW,
    Change,
    Clear,
    Delete,
    DeleteUnchanged,
    Put,
    PutUnchanged,
    Replace,
)
from kvlens.stores.wrangler.clock_file import ClockFile
from kvlens.stores.wrangler.commit import is_busy
from kvlens.stores.wrangler.database import IMMUTABLE, Database, is_late
from kvlens.stores.wrangler.disk_format import IS_BLOB_ID
from kvlens.stores.wrangler.entry_cache import MISSING
from kvlens.stores.wrangler.errors import store_error
from kvlens.stores.wrangler.info import STORE
from kvlens.stores.wrangler.journal import Journals
from kvlens.stores.wrangler.large_changes import commit_together, stage
from kvlens.stores.wrangler.namespaces import Namespaces
from kvlens.stores.wrangler.open_namespace import OpenNamespace
from kvlens.stores.wrangler.outside import OutsideRows
from kvlens.stores.wrangler.purger import Purger
from kvlens.stores.wrangler.recovery import Recovery
from kvlens.stores.wrangler.rows import (
    count_prefix,
    read_entries,
    read_entry,
    read_keys,
    read_next_expiring,
)
from kvlens.stores.wrangler.state_folder import StateFolder
from kvlens.stores.wrangler.stats_cache import StatsCache, count, count_keys
from kvlens.stores.wrangler.sweeper import Sweeper
from kvlens.stores.wrangler.timers import Timers
from kvlens.stores.wrangler.trash import SetAside, Trash, empty_at_end
from kvlens.stores.wrangler.writer import Writer

INLINE_SIZE = 64 * 1024  # smaller values are written without a thread
THREADS = 64  # namespaces that can wait for a lock without delaying another

_T = TypeVar("_T")
_STALE = f"SELECT 1 FROM _mf_entries WHERE expiration <= ? AND {IS_BLOB_ID} LIMIT 1"


class WranglerStore(Store):
    """Namespaces in Miniflare's disk format, in the folder `parts` in `base`."""

    info = STORE
    inline = True

    def __init__(self, base: Path, parts: tuple[str, ...], clock: Clock) -> None:
        self._state = StateFolder(base, parts)
        self._clock_file = ClockFile(base, parts, clock)
        self._clock: Clock = self._clock_file
        self._write_threads = ThreadPoolExecutor(THREADS, "kv-writer")
        self._stage_threads = ThreadPoolExecutor(THREADS, "kv-stager")
        self._help_threads = ThreadPoolExecutor(THREADS, "kv-files")
        self._timers = Timers()
        self._journals = Journals(base, parts)
        self._namespaces = Namespaces(self._state, self._journals, self._write_threads)
        self._spaces = self._namespaces.open
        self._trash = Trash(self._spaces, self._help_threads)
        self._writer = Writer(
            self._journals, self._timers, self._trash, self._write_threads, self._help_threads
        )
        self._purger = Purger(self._spaces, self._writer, self._clock_file)
        self._sweeper = Sweeper(self._timers, self._help_threads, self._journals.values)
        self._recovery = Recovery(
            self._state, self._journals, self._write_threads, self._trash.unused
        )
        self._namespaces.opened = self._opened
        self._namespaces.closed = self._timers.cancel

    @property
    def local_path(self) -> Path:
        """The state folder."""
        return self._state.path

    def _opened(self, space: OpenNamespace) -> None:
        if space.read_only is None:
            self._sweeper.start(space)

    # -- reading ---------------------------------------------------------------------------

    async def get(self, ns: str, key: str) -> Entry | None:
        space = self._spaces.get(ns)
        if space is None or space.read_only is not None:
            space = await self._namespaces.existing(ns)
        if space is None:
            return None
        entry: Any = MISSING
        if not space.running and space.read_only is None:
            try:
                space.check_version()
                entry = space.cache.get(key, MISSING)
                if entry is MISSING:
                    entry = read_entry(space.main, space.path, space.blobs, key)
                    space.cache.put(key, entry)
            except (sqlite3.Error, OSError):
                entry = MISSING  # the slow path either succeeds or reports what is wrong
        if entry is MISSING:
            entry = await self._read(space, lambda db: read_entry(db, space.path, space.blobs, key))
        if entry is None:
            return None
        found: Entry = entry
        if found.expiration is not None and found.expiration <= self._clock():
            self._purger.purge_soon(ns)
            return None
        return found

    async def peek(self, ns: str, key: str) -> Entry | None:
        space = self._spaces.get(ns)
        if space is not None and (space.group is not None or space.running):
            entry = space.cache.get(key, MISSING)  # its version was checked a moment ago
            if entry is not MISSING and (entry is None or entry.expiration is None):
                found: Entry | None = entry
                return found
        return await self.get(ns, key)

    async def get_many(self, ns: str, keys: Sequence[str], size: int) -> Sequence[Found]:
        if len(keys) <= FEW:
            return await super().get_many(ns, keys, size)
        return await self._read_many(ns, keys, size, lambda _, found: found)

    async def digests(
        self, ns: str, keys: Sequence[str], size: int
    ) -> Sequence[Seen | DamagedKeyError]:
        def seen(key: str, found: Found) -> Seen | DamagedKeyError:
            return found if isinstance(found, DamagedKeyError) else Seen.of(key, found)

        return await self._read_many(ns, keys, size, seen)

    async def _read_many(
        self, ns: str, keys: Sequence[str], size: int, made: Callable[[str, Found], _T]
    ) -> list[_T]:
        """Return what is `made` of the first keys, whose values have up to `size` bytes."""
        space = await self._namespaces.existing(ns)
        if space is None:
            return [made(key, None) for key in keys]
        now = self._clock()

        def work() -> tuple[list[_T], bool]:
            results: list[_T] = []
            room, stale = size, False
            with space.connection() as db:
                entries = read_entries(db, space.path, space.blobs, keys)
                for key, found in zip(keys, entries, strict=False):
                    if isinstance(found, Entry):
                        room -= len(found.value)
                        if found.expiration is not None and found.expiration <= now:
                            found, stale = None, True
                    results.append(made(key, found))
                    if room <= 0:
                        break
            return results, stale

        results, stale = await self._helped(space.path, work)
        if stale:
            self._purger.purge_soon(ns)
        return results

    async def list(
        self, ns: str, *, prefix: str = "", limit: int = 1000, after: str | None = None
    ) -> Page:
        space = await self._namespaces.existing(ns)
        if space is None:
            return Page([], True)
        end = after_prefix(prefix)
        behind = after is not None and after >= prefix
        span = "key > ? AND key < ?" if behind else "key >= ? AND key < ?"
        bounds = (after if behind else prefix, b"" if end is None else end)  # b"" is last
        now = int(self._clock() * 1000)

        def read(db: Database) -> tuple[list[KeyInfo], bool]:
            keys = read_keys(db, space.path, span, bounds, now, limit + 1)
            stale = False
            with contextlib.suppress(sqlite3.DataError):  # from a row that is too large
                stale = db.execute(_STALE, (now,)).fetchone() is not None
            return keys, stale

        keys, stale = await self._read(space, read)
        if stale:
            self._purger.purge_soon(ns)
        return Page(keys[:limit], len(keys) <= limit)

    async def find(self, ns: str, filter: Filter, step: Step) -> Matches:
        space = await self._namespaces.existing(ns)
        if space is None:
            return Matches([], 0, 0, None, True)
        now = self._clock()

        def work() -> Matches:
            with space.connection() as db:
                return search.find(db, space.path, space.blobs, filter, step, now)

        try:
            return await self._helped(space.path, work)
        except search.UnusualError:
            return await super().find(ns, filter, step)

    async def rows(self, ns: str, names: Sequence[str]) -> Sequence[Row | None]:
        space = await self._namespaces.existing(ns)
        if space is None:
            return [None] * len(names)
        now = self._clock()

        def work() -> list[Row | None]:
            with space.connection() as db:
                return search.rows(db, space.path, space.blobs, names, now)

        return await self._helped(space.path, work)

    async def count_prefixes(self, ns: str, prefixes: Sequence[str], most: int) -> Sequence[int]:
        space = await self._namespaces.existing(ns)
        if space is None:
            return [0] * len(prefixes)
        now = int(self._clock() * 1000)

        def work() -> Sequence[int]:
            with space.connection() as db:
                return [count_prefix(db, prefix, now, most) for prefix in prefixes]

        return await self._helped(space.path, work)

    async def count(self, ns: str) -> int | None:
        space = await self._namespaces.existing(ns)
        now = int(self._clock() * 1000)
        return 0 if space is None else await self._read(space, partial(count_keys, now=now))

    async def stats(self, ns: str) -> Stats:
        space = await self._namespaces.existing(ns)
        if space is None:
            return Stats(0, 0)
        if not space.running:
            try:
                space.check_version()
            except sqlite3.Error as error:
                raise store_error(space.path, error) from error
        now = int(self._clock() * 1000)
        stats_cache = space.stats_cache
        if stats_cache is not None and now < stats_cache.at:
            stats_cache = None  # the clock was moved back, so some keys aren't counted
        if stats_cache is not None and stats_cache.is_stale and stats_cache.due > 0:
            outside = self._namespaces.outside
            self._timers.later("count", space, stats_cache.due, lambda space: outside.add(space.ns))
        if stats_cache is not None and (not stats_cache.is_stale or stats_cache.due > 0):
            running = space.running
            return await self._read(
                space, partial(stats_cache.stats, blobs=space.blobs, now=now, running=running)
            )
        mark = space.version, space.changes

        def read() -> StatsCache:
            with space.connection() as db:
                return count(db, space.blobs, now)

        stats_cache = await self._helped(space.path, read)
        stats_cache.is_stale = space.running or mark != (space.version, space.changes)
        if space.read_only is None:
            space.stats_cache = stats_cache
        return Stats(stats_cache.keys, stats_cache.size)

    async def namespaces(self) -> Sequence[str]:
        return await self._helped(self._state.path, self._state.namespaces)

    async def _read(self, space: OpenNamespace, read: Callable[[Database], _T]) -> _T:
        """Read in this thread; if a lock is in the way or it takes long, in another one."""
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
            return await asyncio.get_running_loop().run_in_executor(self._help_threads, work)
        except (sqlite3.Error, OSError) as error:
            raise store_error(path, error) from error

    # -- writing ---------------------------------------------------------------------------

    async def put(self, ns: str, write: Write) -> None:
        await self._change(ns, Put([write]), inline=len(write.value) <= INLINE_SIZE)

    async def put_unchanged(self, ns: str, write: Write, expected: str) -> bool:
        return bool(await self._change(ns, PutUnchanged(write, expected)))

    async def put_many(self, ns: str, writes: Iterable[Write]) -> None:
        if not isinstance(writes, Sequence) or len(writes) > FEW:
            await self.change_many([Batch(ns, writes)])
        elif writes:
            await self._change(ns, Put(writes))

    async def change_many(self, batches: Sequence[Batch]) -> int:
        changes = await stage(self._namespaces, batches, self._stage_threads)
        if not changes:
            return 0
        if len(changes) == 1 and not changes[0][1].staged.compares:
            return int(await to_its_end(self._change(*changes[0])))
        return await to_its_end(
            commit_together(
                self._state,
                changes,
                self._journals,
                self._trash,
                self._write_threads,
                self._clock_file,
            )
        )

    async def replace(
        self, ns: str, key: str, value: bytes, expected: str | None = None
    ) -> Replaced:
        if not await self._namespaces.exists(ns):
            return Replaced.GONE
        result: Replaced = await self._change(ns, Replace(key, value, expected))
        return result

    async def delete(self, ns: str, keys: Sequence[str]) -> int:
        if not await self._namespaces.exists(ns):
            return 0
        if len(keys) <= FEW:
            return int(await self._change(ns, Delete(keys), inline=len(keys) == 1))
        changes = await stage(self._namespaces, [Batch(ns, (), keys)], self._stage_threads)
        return int(await to_its_end(self._change(*changes[0])))

    async def delete_unchanged(self, ns: str, seen: Sequence[Seen]) -> Sequence[str]:
        if not seen or not await self._namespaces.exists(ns):
            return []
        # queued together: they share one transaction if no Worker writes
        jobs = (self._change(ns, DeleteUnchanged(some)) for some in chunks(seen, FEW))
        deleted: list[str] = []
        for part in await asyncio.gather(*jobs, return_exceptions=True):
            if isinstance(part, BaseException):
                raise part
            deleted += part
        return deleted

    async def clear(self, ns: str) -> int:
        if not await self._namespaces.exists(ns):
            return 0
        space = await self._namespaces.writable(ns)

        def may_sweep() -> bool:  # a journal of another version may name values that no row does
            return not self._journals.is_used() and space.may_sweep()

        return int(await self._change(ns, Clear(may_sweep)))

    async def _change(self, ns: str, change: Change, *, inline: bool = False) -> Any:
        space = await self._namespaces.writable(ns)
        now, change.keeps_expired = self._clock_file.look()
        change.now = int(now * 1000)
        return await self._writer.change(space, change, inline=inline)

    # -- the rest --------------------------------------------------------------------------

    def now(self) -> float:
        return self._clock()

    async def shift(self) -> Shift:
        return self._clock_file.shift

    async def move_clock(self, shift: Shift, expected: Shift | None = None) -> bool:
        return await self._helped(
            self._clock_file.path, partial(self._clock_file.move, shift, expected)
        )

    async def clock_problem(self) -> str:
        return self._clock_file.problem

    def with_hidden(self) -> WranglerStore:
        store = copy.copy(self)
        store._clock = self._clock_file.earliest
        return store

    async def next_expiring(self, ns: str) -> KeyInfo | None:
        space = await self._namespaces.existing(ns)
        if space is None:
            return None
        now = int(self._clock() * 1000)
        return await self._read(space, partial(read_next_expiring, path=space.path, now=now))

    def poll(self) -> Sequence[str]:
        self._recovery.start()
        if self._clock_file.has_moved():
            self._namespaces.all_changed()
        return self._namespaces.poll()

    def outside(self, ns: str, room: int) -> OutsideRows:
        return OutsideRows(self._state, ns, self._journals, room)

    async def close(self) -> None:
        await self._namespaces.opening()
        await self._writer.wait()
        await self._recovery.wait()
        self._sweeper.stop()
        self._trash.stop()
        leftovers = [SetAside.of(space) for space in self._spaces.values()]
        self._namespaces.close()
        await empty_at_end(leftovers)
        for rest in leftovers:
            rest.blobs.close()
        for threads in (self._write_threads, self._stage_threads, self._help_threads):
            threads.shutdown()
