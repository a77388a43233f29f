"""Find keys by a filter, and read rows, in SQL and from the first bytes of files.

Only as much is read as a filter needs: the index of the keys, rows, sizes and types, or values. A
database with anything that Miniflare wouldn't write raises `UnusualError`: then the way of all
stores is taken, which reads row by row what can be read.

Each step is short, and reads in one thread with its own connection. So a Worker's writes, which
don't wait for readers, aren't delayed, and neither is the event loop.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from kvlens.errors import InternalError
from kvlens.kv.records import KeyInfo
from kvlens.search.kinds import HEAD
from kvlens.search.language import Content, Filter
from kvlens.search.rows import Row, row_of
from kvlens.stores.base import DamagedKeyError, Matches, Step, after_prefix
from kvlens.stores.searching import Growing
from kvlens.stores.wrangler.blobs import MAX_SIZE, Blobs
from kvlens.stores.wrangler.database import Database
from kvlens.stores.wrangler.disk_format import MAX_FIELD
from kvlens.stores.wrangler.rows import INFO_COLUMNS, KEYS, key_info, read_entry

_AT_ONCE = 1000  # rows between two looks at the clock
_AT_ONCE_READ = 10  # the same if values are read
_FEW = 1000  # expired keys, up to which a list of them is faster than a look at each row
_LIVE = " AND (expiration IS NULL OR expiration > ?)"
_NOT_EXPIRED = " AND rowid NOT IN (SELECT rowid FROM _mf_entries WHERE expiration <= ?)"
_EXPIRED = "SELECT count(*) FROM (SELECT 1 FROM _mf_entries WHERE expiration <= ? LIMIT ?)"
_ROW = f"SELECT {INFO_COLUMNS} FROM _mf_entries WHERE key = ?{_LIVE}"
_TRIES = 3  # to read a value that is being overwritten

_Raw = tuple[Any, ...]


class UnusualError(InternalError):
    """There is something in the database that has to be read with more care."""


def find(db: Database, path: Path, blobs: Blobs, filter: Filter, step: Step, now: float) -> Matches:
    """See `Store.find`. Raises UnusualError."""
    until = time.monotonic() + step.seconds
    matching = _matching(path, blobs, filter, now)
    found = Growing(step)
    needs_rows = bool(filter.infos or filter.contents)
    at_once = _AT_ONCE_READ if filter.contents else _AT_ONCE
    with closing(_keys(db, filter.prefix, step.after, needs_rows, int(now * 1000))) as rows:
        while some := _next(rows, at_once):
            names = [row[0] for row in some]
            if max(map(len, names)) > MAX_FIELD:
                raise UnusualError
            enough = found.add(names, matching(some) if matching else names)
            if enough or time.monotonic() >= until:
                return found.result(complete=False)
    return found.result(complete=True)


def _keys(
    db: Database, prefix: str, after: str | None, needs_rows: bool, now: int
) -> sqlite3.Cursor:
    end = after_prefix(prefix)
    behind = after is not None and after >= prefix
    span = "key > ? AND key < ?" if behind else "key >= ? AND key < ?"
    what, live = INFO_COLUMNS, _LIVE
    if not needs_rows:  # the index is enough
        what = "key"
        if db.execute(_EXPIRED, (now, _FEW)).fetchone()[0] < _FEW:
            live = _NOT_EXPIRED
    db.text_factory = str  # much faster than `lenient`
    query = KEYS.format(what=what, range=span, live=live)
    return db.execute(query, (after if behind else prefix, b"" if end is None else end, now, -1))


def _next(rows: sqlite3.Cursor, count: int) -> list[_Raw]:
    try:
        return rows.fetchmany(count)
    except sqlite3.DataError as error:  # a row is too large to be read
        raise UnusualError from error
    except sqlite3.OperationalError as error:
        if "decode" in str(error):  # a text isn't UTF-8
            raise UnusualError from error
        raise


def _matching(
    path: Path, blobs: Blobs, filter: Filter, now: float
) -> Callable[[Sequence[_Raw]], list[str]] | None:
    """Return the function that returns the names of rows that match; None if all do."""
    if filter.contents:
        reused = blobs.reused
        return lambda rows: [
            info.name
            for info, blob_id in _infos(path, filter, rows, now)
            if _has_content(blobs, filter, info, blob_id)
            and (blobs.reused == reused or blobs.has(blob_id))
        ]
    if filter.infos:
        return lambda rows: [info.name for info, _ in _infos(path, filter, rows, now)]
    if len(filter.names) == 1:
        (has_name,) = filter.names
        return lambda rows: [name for (name,) in rows if has_name(name)]
    if filter.names:
        return lambda rows: [name for (name,) in rows if filter.has_name(name)]
    return None


def _infos(
    path: Path, filter: Filter, rows: Sequence[_Raw], now: float
) -> Iterator[tuple[KeyInfo, Any]]:
    for row in rows:
        if filter.has_name(row[0]):
            info = key_info(path, *row)
            if info is None:
                raise UnusualError
            if filter.has_info(info, now):
                yield info, row[3]


def _has_content(blobs: Blobs, filter: Filter, info: KeyInfo, blob_id: Any) -> bool:
    if info.damaged is not None:
        return False
    most = MAX_SIZE if filter.needs_values else HEAD
    start = blobs.start(blob_id, most)
    if start is None:
        return False
    head, size = start
    if size > MAX_SIZE:
        return False
    return filter.has_content(Content(info, head[:HEAD], size, head))


def rows(
    db: Database, path: Path, blobs: Blobs, names: Sequence[str], now: float
) -> list[Row | None]:
    """See `Store.rows`."""
    return [_row(db, path, blobs, name, int(now * 1000)) for name in names]


def _row(db: Database, path: Path, blobs: Blobs, name: str, now: int) -> Row | None:
    for _ in range(_TRIES):
        try:
            row = db.execute(_ROW, (name, now)).fetchone()
        except sqlite3.DataError:
            break
        if row is None:
            return None
        info = key_info(path, *row)
        if info is None or info.damaged is not None:
            return None if info is None else Row(*info)
        reused = blobs.reused
        start = blobs.start(row[3], HEAD)
        if start is not None and (blobs.reused == reused or blobs.has(row[3])):
            head, size = start
            if size <= MAX_SIZE:
                return row_of(info, head, size)
    try:
        entry = read_entry(db, path, blobs, name)  # it says what is wrong
    except DamagedKeyError as error:
        return Row(name, damaged=str(error))
    if entry is None:
        return None
    info = KeyInfo(name, entry.expiration, entry.metadata)
    return row_of(info, entry.value[:HEAD], len(entry.value))
