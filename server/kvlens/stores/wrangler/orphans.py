"""Find values without a row, left by a process that was killed or that ended while others ran.

The search starts some time after a namespace was opened. Other programs write a value first and its
row later, so a file counts as an orphan only if it is older than

- this process's opening, if no other process had the database open then: files of processes that
  opened it later are newer;
- an hour, if one had.

Only files that a second search some seconds later finds again are removed: in between, a step of a
change may restore a row, and a reader that has just read a row gets to its file. Only files with
the name of a value are considered, never links. If two namespaces may keep their values in the same
folder, nothing is removed.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from kvlens.chunks import chunks
from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.database import Database, connection
from kvlens.stores.wrangler.disk_format import UNIQUE_KEY, database_name, folded_name, is_blob_id
from kvlens.stores.wrangler.safe_paths import open_folder
from kvlens.stores.wrangler.walk import each_row

OLD = 3600.0  # seconds, if other programs use the database
MARGIN = 0.1  # seconds by which a file must be older than the opening
COARSE_MARGIN = 2.5  # the same for file systems with whole seconds; FAT has steps of two
STEP = 5_000  # names per step
MOST = 50_000  # names per search, all held in memory

_DATABASE = re.compile(r"[0-9a-f]{64}\.sqlite")

FileId = tuple[int, int]
PendingBlobs = Callable[[Path, Collection[str]], "set[str]"]
"""Returns those of a folder's values that unfinished writes of any process may be about to use."""


class Opening(NamedTuple):
    """When a namespace was opened, by two clocks, and whether any other process had it open."""

    wall: float
    clock: float
    alone: bool


_OPEN: dict[FileId, list[Opening]] = {}  # in this process, whose stores may share a database
_LOCK = threading.Lock()


def opening(database: FileId, is_alone: Callable[[], bool]) -> Opening:
    """Record that a database is opened; return its first opening that is still in effect.

    The time is taken first: a process that opens the database after the lock was checked makes
    newer files.
    """
    with _LOCK:
        openings = _OPEN.setdefault(database, [])
        wall, clock = time.time(), time.monotonic()
        openings.append(openings[0] if openings else Opening(wall, clock, is_alone()))
        return openings[0]


def closing(database: FileId) -> None:
    """Record that a database is closed; call it once per opening."""
    with _LOCK:
        openings = _OPEN.get(database, [])
        if len(openings) > 1:
            openings.pop()
        else:
            _OPEN.pop(database, None)


def is_only(database: FileId) -> bool:
    """Return whether this process has the database open only once."""
    with _LOCK:
        return len(_OPEN.get(database, ())) == 1


def owns_folder(base: Path, parts: Sequence[str], ns: str, known: Iterable[str]) -> bool:
    """Return whether all values in the folder of `ns` belong to it.

    Miniflare gives the ids "a/b" and "a:b" the same folder. A database's name doesn't reveal its
    id: it belongs to another folder if it is that of a `known` id, or of an existing folder.
    """
    own = folded_name(ns)
    with open_folder(base, *parts, "kv") as folder:
        names = [entry.name for entry in folder.entries()]
        with folder.folder(UNIQUE_KEY) as databases:
            there = {name[:64] for name in databases.names() if _DATABASE.fullmatch(name)}
    there.discard(database_name(ns))
    for name in {*known, *names}:
        if not there:
            break
        with contextlib.suppress(UnicodeEncodeError):  # a name that isn't UTF-8
            if folded_name(name) != own:
                there.discard(database_name(name))
    return not there


def find(path: Path, blobs: Blobs, opened: Opening, pending: PendingBlobs) -> list[str]:
    """Return the values that no row refers to, and that no change is about to use.

    At most `MOST`. Raises sqlite3.Error, OSError or StoreError if they can't be determined.
    """
    files = blobs.now()
    margin = COARSE_MARGIN if files == int(files) else MARGIN
    limit = files - OLD
    if opened.alone:
        # Two ways to get the folder's time at the opening: if the clock was set or the machine
        # slept meanwhile, one is too late, never both.
        since = files - (time.monotonic() - opened.clock)
        limit = max(limit, min(since, opened.wall + (files - time.time())) - margin)
    with connection(path) as db:
        rows = db.execute("SELECT count(*) FROM _mf_entries").fetchone()[0]
        if sum(1 for _ in _names(blobs)) <= rows:
            return []
        db.execute("CREATE TEMP TABLE kv_files (name TEXT PRIMARY KEY) WITHOUT ROWID")
        for some in chunks(_older(blobs, limit), STEP):
            db.execute("BEGIN")
            db.executemany("INSERT OR IGNORE INTO kv_files VALUES (?)", some)
            db.execute("COMMIT")
        _drop_named(db)
        found = [name for (name,) in db.execute("SELECT name FROM kv_files LIMIT ?", (MOST,))]
    used = pending(blobs.folder, found)
    return [name for name in found if name not in used]


def still(path: Path, blobs: Blobs, names: list[str], pending: PendingBlobs) -> list[str]:
    """Return those of the names that no row refers to in a second search."""
    with connection(path) as db:
        found = unnamed(db, names)
    used = pending(blobs.folder, found)
    return [name for name in found if name not in used]


def unnamed(db: Database, names: Iterable[str]) -> list[str]:
    """Return those of the names that no row names. Raises sqlite3.Error.

    There is no index to ask, and Miniflare's database gets none: it is one walk for all of them.
    """
    if db.execute("SELECT 1 FROM _mf_entries LIMIT 1").fetchone() is None:
        return list(names)
    db.execute("CREATE TEMP TABLE kv_files (name TEXT PRIMARY KEY) WITHOUT ROWID")
    db.execute("BEGIN")
    db.executemany("INSERT OR IGNORE INTO kv_files VALUES (?)", ((name,) for name in sorted(names)))
    db.execute("COMMIT")
    try:
        db.execute(
            "DELETE FROM kv_files WHERE name IN (SELECT blob_id FROM _mf_entries "
            "WHERE blob_id IN (SELECT name FROM kv_files))"
        )
    except sqlite3.DataError:  # a row is too large to be read
        _drop_named(db)
    return [name for (name,) in db.execute("SELECT name FROM kv_files")]


def _drop_named(db: Database) -> None:
    """Remove the names that a row refers to from the table, in short read transactions."""
    last = -(2**63)
    while True:
        rows = each_row(db, "blob_id", last, STEP)
        if not rows:
            return
        last = rows[-1][0]
        named = [(name,) for _, name in rows if is_blob_id(name)]
        db.execute("BEGIN")
        db.executemany("DELETE FROM kv_files WHERE name = ?", named)
        db.execute("COMMIT")


def _names(blobs: Blobs) -> Iterator[os.DirEntry[str]]:
    for entry in blobs.current().entries():
        if is_blob_id(entry.name) and entry.is_file(follow_symlinks=False):
            yield entry


def _older(blobs: Blobs, limit: float) -> Iterator[tuple[str]]:
    for entry in _names(blobs):
        with contextlib.suppress(OSError):
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(status.st_mode) and status.st_mtime < limit:
                yield (entry.name,)
