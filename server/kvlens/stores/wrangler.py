"""`wrangler:` keeps keys where `wrangler dev` does, so that both see the same data at once.

workerd has no busy timeout: a Worker's put that meets our write transaction fails. So values
are written first, then all rows in the shortest transaction there is; nothing is written to
read or to list.

A small write that meets no other is committed at once, with no wait for a lock. Everything
else goes to a thread, where all that has gathered is committed together; where another program
has written a moment ago, in steps between its commits. While the thread has the first
connection (`main`), reads use a second one (`side`).
"""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from ..kv import Clock, Entry, KeyInfo, Page, Stats, Write
from . import leftovers
from .base import Store, StoreError, after_prefix
from .blobs import Blobs
from .changes import Change, Clear, Delete, Purge, Put, Replace
from .commit import BUSY_SECONDS, UndoError, commit, commit_between, data_version, is_busy
from .diskformat import SCHEMA, blobs_path, database_path
from .own import OWN, check_inside

SHARED_SECONDS = 2.0  # so long after another program's commit it is held to be at work
INLINE_SIZE = 64 * 1024  # values up to here are written without a thread
UNLINK_DELAY = 1.0  # a Worker may still be reading the value that was overwritten
CACHE_SIZE = 32 * 1024 * 1024  # bytes of values kept in memory, per namespace
UNLINK_LATEST = 10.0  # while there is much to do, removing files waits, but not longer
UNLINK_QUIET = 100  # changes a second up to which it does not wait
LEAVE_AT_MOST = 1000  # files that a process leaves to the next one; for more it waits at its end
NEEDED = 10  # files that are open at once for one namespace, at most
CHECKPOINT_COMMITS = 1000  # the write-ahead log is folded in after so many

_T = TypeVar("_T")
_Waiting = tuple[Change, "asyncio.Future[Any]"]
_GET = "SELECT blob_id, expiration, metadata FROM _mf_entries WHERE key = ?"
_LIST = (
    "SELECT key, expiration, metadata FROM _mf_entries INDEXED BY sqlite_autoindex__mf_entries_1 "
    "WHERE {range} AND (expiration IS NULL OR expiration > ?) ORDER BY key LIMIT ?"
)
_MISSING = object()
_ELSE = ", or name the place yourself: --store wrangler:PATH or the setting kvlens.store"


def open_url(url: str, base: Path, clock: Clock) -> Store:
    """Return the store of `wrangler:` (state beside `base`) or `wrangler:PATH` (--persist-to)."""
    path = url.partition(":")[2]
    if path:
        return WranglerStore(base / Path(path).expanduser() / "v3", clock)
    return WranglerStore(base.joinpath(OWN, "state", "v3"), clock, base)


class _Space:
    """One namespace that is open: its connections, its cache, what waits to be written."""

    def __init__(
        self, path: Path, main: sqlite3.Connection, side: sqlite3.Connection, blobs: Blobs
    ) -> None:
        self.path = path
        self.name = str(path)
        self.main = main
        self.side = side
        self.blobs = blobs
        self.left = leftovers.found(blobs, UNLINK_DELAY)
        self.file = file_id(self.name)
        self.version = data_version(main)
        self.heard = -SHARED_SECONDS  # when another program was last seen to write
        self.cache: dict[str, Entry | None] = {}
        self.cache_size = 0
        self.stats: Stats | None = None
        self.waiting: list[_Waiting] = []  # for the thread
        self.group: list[_Waiting] | None = None  # of this turn of the loop
        self.running = False  # the thread has `main`
        self.commits = 0  # since the log was folded in
        self.changes = 0

    def hear(self) -> None:
        """Note that another program writes, and so may be reading, too."""
        self.heard = time.monotonic()
        self.blobs.rest = UNLINK_DELAY

    def reader(self) -> sqlite3.Connection:
        return self.side if self.running else self.main

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

    def forget_all(self) -> None:
        self.cache.clear()
        self.cache_size = 0
        self.stats = None


class WranglerStore:
    """Namespaces in Miniflare's disk format below the folder `state`.

    With `home` nothing is opened that a link takes out of that folder.
    """

    inline = True

    def __init__(self, state: Path, clock: Clock, home: Path | None = None) -> None:
        self.state = state
        self._home = home
        self._clock = clock
        self._spaces: dict[str, _Space] = {}
        self._opening: dict[str, asyncio.Future[_Space]] = {}
        self._paths: dict[str, str] = {}
        self._absent: set[str] = set()  # asked for, no file yet
        self._outside: set[str] = set()  # changed by another program, for poll()
        self._writer = ThreadPoolExecutor(1, "kv-writer")
        self._helper = ThreadPoolExecutor(1, "kv-files")
        self._sweep: asyncio.TimerHandle | None = None
        self._changes = 0  # since the trash was looked at
        self._purging: set[str] = set()
        self._idle: asyncio.Future[None] | None = None

    # -- reading ---------------------------------------------------------------------------

    async def get(self, ns: str, key: str) -> Entry | None:
        space = self._spaces.get(ns) or await self._existing(ns)
        if space is None:
            return None
        entry: Any = _MISSING
        if not space.running:
            try:
                self._check_version(ns, space)
                entry = space.cache.get(key, _MISSING)
                if entry is _MISSING:
                    entry = _read_entry(space.main, space, key)
                    space.remember(key, entry)
            except (sqlite3.Error, OSError):
                entry = _MISSING  # the patient way either succeeds or tells what is wrong
        if entry is _MISSING:
            entry = await self._read(space, lambda db: _read_entry(db, space, key))
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
        space = self._spaces.get(ns) or await self._existing(ns)
        if space is None:
            return Page([], True)
        end = after_prefix(prefix)
        behind = after is not None and after >= prefix
        span = ["key > ?" if behind else "key >= ?"] + ["key < ?"] * (end is not None)
        bounds = [after if behind else prefix] + [end] * (end is not None)
        query = _LIST.format(range=" AND ".join(span))
        now = int(self._clock() * 1000)

        def read(db: sqlite3.Connection) -> tuple[list[Any], bool]:
            rows = db.execute(query, (*bounds, now, limit + 1)).fetchall()
            stale = db.execute("SELECT 1 FROM _mf_entries WHERE expiration <= ? LIMIT 1", (now,))
            return rows, stale.fetchone() is not None

        rows, stale = await self._read(space, read)
        if stale:
            self._purge_soon(ns)
        keys = [
            KeyInfo(name, None if expires is None else expires // 1000, metadata)
            for name, expires, metadata in rows[:limit]
        ]
        return Page(keys, len(rows) <= limit)

    async def stats(self, ns: str) -> Stats:
        space = self._spaces.get(ns) or await self._existing(ns)
        if space is None:
            return Stats(0, 0)
        if not space.running:
            try:
                self._check_version(ns, space)
            except sqlite3.Error as error:
                raise store_error(space.path, error) from error
        if space.stats is not None and not space.running:
            return space.stats
        mark = space.version, space.changes
        now = int(self._clock() * 1000)

        def read() -> tuple[Stats, bool]:
            with connection(space.path) as db:
                rows = db.execute(
                    "SELECT blob_id FROM _mf_entries WHERE expiration IS NULL OR expiration > ?",
                    (now,),
                ).fetchall()
                expires = db.execute("SELECT 1 FROM _mf_entries WHERE expiration > 0 LIMIT 1")
                lasting = expires.fetchone() is None
            return Stats(len(rows), space.blobs.total(row[0] for row in rows)), lasting

        result, lasting = await self._helped(space.path, read)
        if lasting and not space.running and mark == (space.version, space.changes):
            space.stats = result
        return result

    # -- writing ---------------------------------------------------------------------------

    async def put(self, ns: str, write: Write) -> None:
        await self._change(ns, Put([write]), len(write.value) <= INLINE_SIZE)

    async def put_many(self, ns: str, writes: Sequence[Write]) -> None:
        if writes:
            await self._change(ns, Put(writes), False)

    async def replace(self, ns: str, key: str, value: bytes) -> bool:
        return bool(await self._change(ns, Replace(key, value), False))

    async def delete(self, ns: str, keys: Sequence[str]) -> int:
        if ns not in self._spaces and await self._existing(ns) is None:
            return 0
        return int(await self._change(ns, Delete(keys), len(keys) == 1))

    async def clear(self, ns: str) -> int:
        if ns not in self._spaces and await self._existing(ns) is None:
            return 0
        return int(await self._change(ns, Clear(), False))

    async def _change(self, ns: str, change: Change, inline: bool) -> Any:
        """Commit a change: at once where it is small and nothing is in the way, else in turn.

        Of small changes that arrive in one turn of the loop, the first is committed at once and
        the others together behind it.
        """
        space = self._spaces.get(ns)
        if space is None or (space.group is None and self._was_replaced(ns, space)):
            space = await self._opened(ns)
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
        job = loop.run_in_executor(self._writer, _work, space, changes, fold)
        job.add_done_callback(lambda job: self._ran(space, batch, job))

    def _ran(self, space: _Space, batch: Sequence[_Waiting], job: asyncio.Future[Any]) -> None:
        space.running = False
        error = job.exception()
        if error is None:
            if job.result():
                space.commits = 0
            self._committed(space, [change for change, _ in batch if change.error is None])
        elif isinstance(error, UndoError):
            space.forget_all()
        _settle(space, batch, error)
        if space.waiting:
            self._run(space)
        elif self._idle is not None and not any(s.running for s in self._spaces.values()):
            self._idle.set_result(None)
            self._idle = None

    def _committed(self, space: _Space, changes: Sequence[Change]) -> None:
        """Bring the cache up to date and set overwritten values aside."""
        space.stats = None
        self._changes += len(changes)
        space.commits += len(changes)
        space.changes += len(changes)
        for change in changes:
            if change.everything:
                space.forget_all()
            for key in change.touched():
                space.forget(key)
            entry = change.entry()
            if entry is not None:
                space.remember(*entry)
            if change.gone:
                self._discard(space.blobs, change.gone)

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
        if ns not in self._purging:
            self._purging.add(ns)
            asyncio.get_running_loop().call_later(UNLINK_DELAY, self._purge, ns)

    def _purge(self, ns: str) -> None:
        self._purging.discard(ns)
        space = self._spaces.get(ns)
        if space is None:
            return
        change = Purge()
        change.now = int(self._clock() * 1000)
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        done.add_done_callback(lambda done: done.exception())  # a lock only puts it off
        space.waiting.append((change, done))
        if not space.running:
            self._run(space)

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
        if found is not None:
            return found
        opening = self._opening.get(ns)
        if opening is None:
            loop = asyncio.get_running_loop()
            opening = loop.run_in_executor(self._writer, _open, self.state, ns, self._home)
            self._opening[ns] = opening
            opening.add_done_callback(lambda done: self._opened_now(ns, done))
        return await asyncio.shield(opening)

    def _opened_now(self, ns: str, done: asyncio.Future[_Space]) -> None:
        self._opening.pop(ns, None)
        if not done.cancelled() and done.exception() is None:
            self._spaces[ns] = space = done.result()
            self._absent.discard(ns)
            if space.left:
                loop = asyncio.get_running_loop()
                loop.run_in_executor(self._helper, leftovers.remove, space.blobs, space.left)

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

    async def _read(self, space: _Space, read: Callable[[sqlite3.Connection], _T]) -> _T:
        """Read here; where a lock is in the way, wait for it in a thread."""
        try:
            return read(space.reader())
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise store_error(space.path, error) from error
        except (sqlite3.Error, OSError) as error:
            raise store_error(space.path, error) from error

        def patiently() -> _T:
            with connection(space.path) as db:
                return read(db)

        return await self._helped(space.path, patiently)

    async def _helped(self, path: Path, work: Callable[[], _T]) -> _T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._helper, work)
        except (sqlite3.Error, OSError) as error:
            raise store_error(path, error) from error

    def poll(self) -> Sequence[str]:
        for ns, space in list(self._spaces.items()):
            if space.running:
                continue
            if self._was_replaced(ns, space):
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

    async def close(self) -> None:
        for opening in list(self._opening.values()):
            await asyncio.wait([opening])
        if self._idle is not None:
            await self._idle
        if self._sweep is not None:
            self._sweep.cancel()
        spaces = list(self._spaces.values())
        self._spaces.clear()
        for space in spaces:
            self._close_space(space)
        await self._clear_away([space.blobs for space in spaces])
        self._writer.shutdown()
        self._helper.shutdown()

    async def _clear_away(self, every: Sequence[Blobs]) -> None:
        """Remove what is due, and leave the rest to the next process; for much of it, wait."""
        rest: list[tuple[Blobs, list[str]]] = []
        for blobs in every:
            blobs.remove(blobs.retired(UNLINK_DELAY))
            rest.append((blobs, blobs.retired()))
        if sum(len(names) for _, names in rest) > LEAVE_AT_MOST:
            await asyncio.sleep(UNLINK_DELAY)
            for blobs, names in rest:
                blobs.remove(names)
        else:
            for blobs, names in rest:
                if names:
                    leftovers.leave(blobs, names)


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


def _open(state: Path, ns: str, home: Path | None) -> _Space:
    """Open a namespace's files, made where they are missing. Runs in the thread."""
    path = database_path(state, ns)
    blobs = Blobs(blobs_path(state, ns))
    if home is not None:
        logs = (path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal"))
        places = (path, *logs, blobs.folder, leftovers.folder_of(blobs))
        check_inside(home, *places, else_=_ELSE)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shared = path.with_name(f"{path.name}-wal").exists()  # else nobody else has it open
        main = connect(path)
        try:
            main.execute("PRAGMA journal_mode = WAL").fetchall()
            known = main.execute("SELECT 1 FROM sqlite_master WHERE name = '_mf_entries'")
            if known.fetchone() is None:
                main.execute("BEGIN IMMEDIATE")
                for statement in SCHEMA:
                    main.execute(statement)
                main.execute("COMMIT")
            main.execute("PRAGMA synchronous = NORMAL")
            main.execute("PRAGMA temp_store = MEMORY")
            main.execute("PRAGMA wal_autocheckpoint = 0")  # folded in by the thread
            main.execute("PRAGMA busy_timeout = 0")
            side = connect(path)
            side.execute("PRAGMA busy_timeout = 0")
            space = _Space(path, main, side, blobs)
            if shared:
                space.hear()
            return space
        except BaseException:
            main.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise store_error(path, error) from error


def _work(space: _Space, changes: Sequence[Change], fold: bool) -> bool:
    """Commit `changes` together, waiting for locks; then fold the log in. Runs in the thread."""
    db = space.main
    if changes:
        shared = time.monotonic() - space.heard < SHARED_SECONDS
        if shared or data_version(db) != space.version:
            commit_between(db, space.blobs, changes)
        else:
            db.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
            try:
                commit(db, space.blobs, changes)
            finally:
                db.execute("PRAGMA busy_timeout = 0")
    if fold:
        db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    return fold


def connect(path: Path) -> sqlite3.Connection:
    """Open a database for use by one thread at a time, whichever."""
    return sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


class connection:  # noqa: N801  reads as a statement: with connection(path) as db
    """A connection for one thread's own use, closed at the end."""

    def __init__(self, path: Path) -> None:
        self._db = connect(path)

    def __enter__(self) -> sqlite3.Connection:
        return self._db

    def __exit__(self, *_: object) -> None:
        self._db.close()


def file_id(name: str) -> tuple[int, int] | None:
    """Return what tells this file from another at the same path; None where there is none."""
    try:
        status = os.stat(name)  # noqa: PTH116  before every write, so it has to be quick
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _read_entry(db: sqlite3.Connection, space: _Space, key: str) -> Entry | None:
    """Read a row and its value. Another program may overwrite it in between: look again then."""
    before = None
    while True:
        row = db.execute(_GET, (key,)).fetchone()
        if row is None:
            return None
        blob_id, expires, metadata = row
        value = space.blobs.read(blob_id)
        if value is not None:
            return Entry(value, metadata, None if expires is None else expires // 1000)
        if blob_id == before:
            raise StoreError(
                f'The value of key "{key}" is missing: {space.blobs.path(blob_id)} is not there, '
                f"but {space.path} names it. Put or delete the key to mend this."
            )
        before = blob_id


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
    if "readonly" in text or "unable to open" in text:
        return StoreError(
            f"The KV database {path} cannot be opened for writing ({text}). Nothing was changed; "
            "correct its permissions, or choose another store."
        )
    if "malformed" in text or "not a database" in text:
        return StoreError(
            f"The KV database {path} is damaged ({text}). Nothing was changed; move the file "
            "away to start empty, or put a copy back. The values beside it are untouched."
        )
    return StoreError(f"The KV database {path} failed: {text}. Nothing was changed.")
