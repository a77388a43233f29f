"""What can be done to the rows of one namespace on disk.

`prepare` and `gather` run before the transaction: values are written, many rows become one
statement. Inside it `look` reads and `apply` writes, each as short as can be. `gone` are the
values that no row names after the commit, `made` those that are to be removed where it fails.

A change can also be split into parts of few rows, a transaction each, that can be undone.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Sequence
from typing import Any

from ..kv import Entry, Write
from .base import Replaced, StoreError, digest
from .blobs import Blobs
from .diskformat import IS_BLOB_ID

MANY = 64  # above, rows pass through a temporary table: one statement under the lock

_NUMBERS = itertools.count()
_LOOK = "SELECT blob_id, expiration, metadata FROM _mf_entries WHERE key = ?"
_DELETE = "DELETE FROM _mf_entries WHERE key = ?"
_UPDATE = (  # not REPLACE, which moves the row and so writes three pages instead of one
    "ON CONFLICT (key) DO UPDATE SET blob_id = excluded.blob_id, "
    "expiration = excluded.expiration, metadata = excluded.metadata"
)
_EXPIRED = f"expiration <= ? AND {IS_BLOB_ID}"  # another name is not ours to judge
_COLUMNS = "key, blob_id, expiration, metadata"

_Row = tuple[str, str, "int | None", "str | None"]  # key, blob id, expiration, metadata
_Old = tuple[str, "int | None", "str | None"]  # the same without the key


class Change:
    """A change of one namespace; its `result` is what the store's method returns."""

    everything = False  # True where any key may be concerned
    counts = False  # True where the result is a number of rows

    def __init__(self) -> None:
        self.now = 0  # milliseconds, set by the store
        self.made: list[str] = []
        self.gone: list[str] = []
        self.result: Any = None
        self.error: OSError | None = None

    @property
    def rows(self) -> int:
        """How many rows are concerned, as far as that is known before."""
        return 1

    def prepare(self, db: sqlite3.Connection, blobs: Blobs) -> None:
        """Do what can be done before the lock is taken."""

    def gather(self, db: sqlite3.Connection) -> None:
        """Make one statement of many rows, for a transaction that holds the whole change."""

    def look(self, db: sqlite3.Connection) -> None:
        """Read what is there."""

    def apply(self, db: sqlite3.Connection) -> None:
        """Change the rows."""

    def again(self) -> None:
        """Drop what `look` and `apply` found, before another try of them."""
        self.gone = []

    def finish(self, db: sqlite3.Connection) -> None:
        """Clear away, after the commit as after a failure."""

    def forget(self) -> None:
        """Drop what everything before found, before another try of it all."""
        self.made, self.gone = [], []

    def split(self, db: sqlite3.Connection, size: int) -> Sequence[Change]:
        """Return, after `prepare`, the same as parts of at most so many rows."""
        return (self,)

    def join(self, parts: Sequence[Change]) -> None:
        """Take over what the parts have found."""
        if self not in parts:
            self.gone = [name for part in parts for name in part.gone]
            self.result = sum(part.result for part in parts) if self.counts else None

    def undo(self, db: sqlite3.Connection) -> None:
        """Put back what was there, unless the row was changed again since."""

    def touched(self) -> Sequence[str]:
        """Return the keys that may have changed."""
        return ()

    def entry(self) -> tuple[str, Entry] | None:
        """Return the one entry that is there now, where the change is such."""
        return None


class Put(Change):
    """Store entries in place of what is there."""

    def __init__(self, writes: Sequence[Write]) -> None:
        super().__init__()
        self.writes = writes
        self._rows: list[_Row] = []
        self._before: list[_Old | None] = []
        self._table: str | None = None

    @property
    def rows(self) -> int:
        return len(self._rows)

    def prepare(self, db: sqlite3.Connection, blobs: Blobs) -> None:
        writes = self.writes
        if len(writes) > 1:  # of equal keys the last one counts
            writes = list({write.key: write for write in writes}.values())
        self._rows = []
        for key, value, metadata, expiration in writes:
            blob_id = blobs.write(value)
            self.made.append(blob_id)
            self._rows.append(
                (key, blob_id, None if expiration is None else expiration * 1000, metadata)
            )
        if len(writes) > 1:
            self._rows.sort()  # neighbours share pages

    def gather(self, db: sqlite3.Connection) -> None:
        if len(self._rows) > MANY:
            self._table = stage(
                db, "key TEXT PRIMARY KEY, blob_id, expiration, metadata", self._rows
            )

    def look(self, db: sqlite3.Connection) -> None:
        if self._table is not None:
            self.gone = staged_blobs(db, self._table)
            return
        self._before = [db.execute(_LOOK, row[:1]).fetchone() for row in self._rows]
        self.gone = [old[0] for old in self._before if old is not None]

    def apply(self, db: sqlite3.Connection) -> None:
        if self._table is not None:
            db.execute(
                f"INSERT INTO _mf_entries ({_COLUMNS}) "
                f"SELECT * FROM {self._table} WHERE true {_UPDATE}"
            )
            return
        _put(db, self._rows)

    def finish(self, db: sqlite3.Connection) -> None:
        unstage(db, self._table)
        self._table = None

    def split(self, db: sqlite3.Connection, size: int) -> Sequence[Change]:
        if len(self._rows) <= size:
            return (self,)
        parts = []
        for at in range(0, len(self._rows), size):
            part = Put(())
            part._rows = self._rows[at : at + size]
            parts.append(part)
        return parts

    def undo(self, db: sqlite3.Connection) -> None:
        for row, old in zip(self._rows, self._before, strict=True):
            now = db.execute(_LOOK, row[:1]).fetchone()
            if now is not None and now[0] == row[1]:
                _restore(db, row[0], old)

    def touched(self) -> Sequence[str]:
        return [row[0] for row in self._rows]

    def entry(self) -> tuple[str, Entry] | None:
        if len(self.writes) != 1:
            return None
        key, value, metadata, expiration = self.writes[0]
        return key, Entry(value, metadata, expiration)


class Replace(Change):
    """Give a key a new value; metadata and expiration stay. The result tells whether it was.

    `expected` is the digest of the value that is to be there. It is computed before the
    transaction, which computes it again only where the row was changed in between.
    """

    def __init__(self, key: str, value: bytes, expected: str | None = None) -> None:
        super().__init__()
        self.key = key
        self.value = value
        self.expected = expected
        self._before: _Old | None = None
        self._blobs: Blobs | None = None
        self._digests: dict[str, str | None] = {}  # by blob id

    def prepare(self, db: sqlite3.Connection, blobs: Blobs) -> None:
        self._blobs = blobs
        if self.expected is not None:
            self._is_expected(self._find(db))
        self.made = [blobs.write(self.value)]

    def look(self, db: sqlite3.Connection) -> None:
        old = self._find(db)
        self._before = old if self._is_expected(old) else None
        if self._before is not None:
            self.result = Replaced.DONE
            self.gone = [self._before[0]]
        else:
            self.result = Replaced.GONE if old is None else Replaced.CHANGED
            self.gone = self.made

    def _find(self, db: sqlite3.Connection) -> _Old | None:
        row: _Old | None = db.execute(
            f"{_LOOK} AND (expiration IS NULL OR expiration > ?)", (self.key, self.now)
        ).fetchone()
        return row

    def _is_expected(self, old: _Old | None) -> bool:
        if old is None or self.expected is None:
            return old is not None
        blob_id = old[0]
        if blob_id not in self._digests:
            value = None
            with contextlib.suppress(StoreError):  # a damaged one is not what was read
                value = self._blobs.read(blob_id) if self._blobs else None
            self._digests[blob_id] = None if value is None else digest(value)
        return self._digests[blob_id] == self.expected

    def apply(self, db: sqlite3.Connection) -> None:
        if self._before is not None:
            db.execute("UPDATE _mf_entries SET blob_id = ? WHERE key = ?", (*self.made, self.key))

    def undo(self, db: sqlite3.Connection) -> None:
        now = db.execute(_LOOK, (self.key,)).fetchone()
        if self._before is not None and now is not None and now[0] == self.made[0]:
            _restore(db, self.key, self._before)

    def touched(self) -> Sequence[str]:
        return (self.key,)


class Delete(Change):
    """Delete keys; the result is how many there were."""

    counts = True

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names = names
        self._before: list[tuple[str, _Old]] = []
        self._table: str | None = None

    @property
    def rows(self) -> int:
        return len(self.names)

    def gather(self, db: sqlite3.Connection) -> None:
        if len(self.names) > MANY:
            names = [(name,) for name in sorted(set(self.names))]
            self._table = stage(db, "key TEXT PRIMARY KEY", names)

    def look(self, db: sqlite3.Connection) -> None:
        if self._table is not None:
            live = db.execute(
                f"SELECT count(*) FROM {self._table} JOIN _mf_entries USING (key) "
                "WHERE expiration IS NULL OR expiration > ?",
                (self.now,),
            )
            self.result = live.fetchone()[0]
            self.gone = staged_blobs(db, self._table)
            return
        found = (
            (name, db.execute(_LOOK, (name,)).fetchone()) for name in dict.fromkeys(self.names)
        )
        self._before = [(name, old) for name, old in found if old is not None]
        self.gone = [old[0] for _, old in self._before if old is not None]
        self.result = sum(is_live(old[1], self.now) for _, old in self._before if old is not None)

    def apply(self, db: sqlite3.Connection) -> None:
        if self._table is not None:
            db.execute(f"DELETE FROM _mf_entries WHERE key IN (SELECT key FROM {self._table})")
            return
        if self._before:
            marks = ", ".join("?" * len(self._before))
            names = [name for name, _ in self._before]
            db.execute(f"DELETE FROM _mf_entries WHERE key IN ({marks})", names)

    def finish(self, db: sqlite3.Connection) -> None:
        unstage(db, self._table)
        self._table = None

    def split(self, db: sqlite3.Connection, size: int) -> Sequence[Change]:
        return (self,) if len(self.names) <= size else _deletes(self.names, size, self.now)

    def undo(self, db: sqlite3.Connection) -> None:
        for name, old in self._before:
            if db.execute(_LOOK, (name,)).fetchone() is None:
                _restore(db, name, old)

    def touched(self) -> Sequence[str]:
        return self.names


class Clear(Change):
    """Delete every key; the result is how many there were."""

    everything = True
    counts = True

    def look(self, db: sqlite3.Connection) -> None:
        rows = db.execute("SELECT blob_id, expiration FROM _mf_entries").fetchall()
        self.gone = [row[0] for row in rows]
        self.result = sum(is_live(row[1], self.now) for row in rows)

    def apply(self, db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM _mf_entries")

    def split(self, db: sqlite3.Connection, size: int) -> Sequence[Change]:
        rows = db.execute("SELECT key FROM _mf_entries ORDER BY key").fetchall()
        return _deletes([row[0] for row in rows], size, self.now)


class Purge(Change):
    """Delete what has expired, at most so many rows."""

    everything = True

    def __init__(self, limit: int = -1) -> None:
        super().__init__()
        self._limit = limit
        self._ids: list[tuple[int]] = []

    @property
    def rows(self) -> int:
        return max(1, self._limit)

    def look(self, db: sqlite3.Connection) -> None:
        rows = db.execute(
            f"SELECT rowid, blob_id FROM _mf_entries WHERE {_EXPIRED} LIMIT ?",
            (self.now, self._limit),
        ).fetchall()
        self._ids = [row[:1] for row in rows]
        self.gone = [row[1] for row in rows]

    def apply(self, db: sqlite3.Connection) -> None:
        if self._ids:
            db.executemany("DELETE FROM _mf_entries WHERE rowid = ?", self._ids)

    def split(self, db: sqlite3.Connection, size: int) -> Sequence[Change]:
        found = db.execute(f"SELECT count(*) FROM _mf_entries WHERE {_EXPIRED}", (self.now,))
        parts = [Purge(size) for _ in range(0, found.fetchone()[0], size)]
        for part in parts:
            part.now = self.now
        return parts


def is_live(expiration: object, now: int) -> bool:
    """Tell whether a row has not expired, as the same condition in SQL does for any type."""
    return not isinstance(expiration, (int, float)) or expiration > now


def _put(db: sqlite3.Connection, rows: Sequence[_Row]) -> None:
    """Write few rows in one statement."""
    marks = ", ".join(["(?, ?, ?, ?)"] * len(rows))
    values = list(itertools.chain.from_iterable(rows))
    db.execute(f"INSERT INTO _mf_entries ({_COLUMNS}) VALUES {marks} {_UPDATE}", values)


def _restore(db: sqlite3.Connection, key: str, old: _Old | None) -> None:
    if old is None:
        db.execute(_DELETE, (key,))
    else:
        _put(db, [(key, *old)])


def _deletes(names: Sequence[str], size: int, now: int) -> list[Change]:
    parts: list[Change] = []
    for at in range(0, len(names), size):
        part = Delete(names[at : at + size])
        part.now = now
        parts.append(part)
    return parts


def stage(db: sqlite3.Connection, columns: str, rows: Sequence[tuple[Any, ...]]) -> str:
    """Put rows into a table of this connection's own, which locks nobody; return its name."""
    table = f"temp.kv_staged_{next(_NUMBERS)}"
    db.execute(f"CREATE TABLE {table} ({columns}) WITHOUT ROWID")
    db.execute("BEGIN")
    marks = ", ".join("?" * len(rows[0]))
    db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    db.execute("COMMIT")
    return table


def unstage(db: sqlite3.Connection, table: str | None) -> None:
    """Drop a table of `stage`."""
    if table is not None:
        db.execute(f"DROP TABLE IF EXISTS {table}")


def staged_blobs(db: sqlite3.Connection, table: str | None) -> list[str]:
    """Return the values that the staged keys have now."""
    rows = db.execute(f"SELECT e.blob_id FROM {table} s CROSS JOIN _mf_entries e ON e.key = s.key")
    return [row[0] for row in rows.fetchall()]
