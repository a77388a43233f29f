"""What can be done to the rows of one namespace on disk, each in two steps.

`prepare` runs before the transaction and writes values; `apply` runs inside it and is as short
as can be. `gone` are the values that no row names after the commit, `made` those that are to
be removed where it fails.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence
from typing import Any

from ..kv import Entry, Write
from .blobs import Blobs

MANY = 64  # above, rows pass through a temporary table: one statement under the lock

_NUMBERS = itertools.count()
_OLD = "SELECT blob_id FROM _mf_entries WHERE key = ?"
_UPDATE = (  # not REPLACE, which moves the row and so writes three pages instead of one
    "ON CONFLICT (key) DO UPDATE SET blob_id = excluded.blob_id, "
    "expiration = excluded.expiration, metadata = excluded.metadata"
)
_PUT = f"INSERT INTO _mf_entries (key, blob_id, expiration, metadata) VALUES (?, ?, ?, ?) {_UPDATE}"


class Change:
    """A change of one namespace; its `result` is what the store's method returns."""

    everything = False  # True where any key may be concerned

    def __init__(self) -> None:
        self.now = 0  # milliseconds, set by the store
        self.made: list[str] = []
        self.gone: list[str] = []
        self.result: Any = None
        self.error: OSError | None = None

    def prepare(self, db: sqlite3.Connection, blobs: Blobs) -> None:
        """Do what can be done before the lock is taken."""

    def apply(self, db: sqlite3.Connection) -> None:
        """Change the rows."""

    def finish(self, db: sqlite3.Connection) -> None:
        """Clear away, after the commit as after a failure."""

    def forget(self) -> None:
        """Drop what `prepare` and `apply` found, before another try."""
        self.made, self.gone = [], []

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
        self._rows: list[tuple[str, str, int | None, str | None]] = []
        self._table: str | None = None

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
        if len(writes) > MANY:
            self._rows.sort()
            self._table = stage(
                db, "key TEXT PRIMARY KEY, blob_id, expiration, metadata", self._rows
            )

    def apply(self, db: sqlite3.Connection) -> None:
        if len(self._rows) > MANY:
            self.gone = staged_blobs(db, self._table)
            db.execute(
                "INSERT INTO _mf_entries (key, blob_id, expiration, metadata) "
                f"SELECT * FROM {self._table} WHERE true {_UPDATE}"
            )
            return
        for row in self._rows:
            old = db.execute(_OLD, (row[0],)).fetchone()
            if old is not None:
                self.gone.append(old[0])
            db.execute(_PUT, row)

    def finish(self, db: sqlite3.Connection) -> None:
        unstage(db, self._table)

    def touched(self) -> Sequence[str]:
        return [write.key for write in self.writes]

    def entry(self) -> tuple[str, Entry] | None:
        if len(self.writes) != 1:
            return None
        key, value, metadata, expiration = self.writes[0]
        return key, Entry(value, metadata, expiration)


class Replace(Change):
    """Give a key a new value; metadata and expiration stay. The result tells whether it was."""

    def __init__(self, key: str, value: bytes) -> None:
        super().__init__()
        self.key = key
        self.value = value

    def prepare(self, db: sqlite3.Connection, blobs: Blobs) -> None:
        self.made = [blobs.write(self.value)]

    def apply(self, db: sqlite3.Connection) -> None:
        old = db.execute(
            f"{_OLD} AND (expiration IS NULL OR expiration > ?)", (self.key, self.now)
        ).fetchone()
        self.result = old is not None
        self.gone = self.made if old is None else [old[0]]
        if old is not None:
            db.execute("UPDATE _mf_entries SET blob_id = ? WHERE key = ?", (*self.made, self.key))

    def touched(self) -> Sequence[str]:
        return (self.key,)


class Delete(Change):
    """Delete keys; the result is how many there were."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names = names
        self._table: str | None = None

    def prepare(self, db: sqlite3.Connection, blobs: Blobs) -> None:
        if len(self.names) > MANY:
            names = [(name,) for name in sorted(set(self.names))]
            self._table = stage(db, "key TEXT PRIMARY KEY", names)

    def apply(self, db: sqlite3.Connection) -> None:
        if len(self.names) > MANY:
            live = db.execute(
                f"SELECT count(*) FROM {self._table} JOIN _mf_entries USING (key) "
                "WHERE expiration IS NULL OR expiration > ?",
                (self.now,),
            )
            self.result = live.fetchone()[0]
            self.gone = staged_blobs(db, self._table)
            db.execute(f"DELETE FROM _mf_entries WHERE key IN (SELECT key FROM {self._table})")
            return
        self.result = 0
        for name in self.names:
            row = db.execute(
                "SELECT blob_id, expiration FROM _mf_entries WHERE key = ?", (name,)
            ).fetchone()
            if row is not None:
                db.execute("DELETE FROM _mf_entries WHERE key = ?", (name,))
                self.gone.append(row[0])
                self.result += row[1] is None or row[1] > self.now

    def finish(self, db: sqlite3.Connection) -> None:
        unstage(db, self._table)

    def touched(self) -> Sequence[str]:
        return self.names


class Clear(Change):
    """Delete every key; the result is how many there were."""

    everything = True

    def apply(self, db: sqlite3.Connection) -> None:
        rows = db.execute("SELECT blob_id, expiration FROM _mf_entries").fetchall()
        db.execute("DELETE FROM _mf_entries")
        self.gone = [row[0] for row in rows]
        self.result = sum(row[1] is None or row[1] > self.now for row in rows)


class Purge(Change):
    """Delete what has expired."""

    everything = True

    def apply(self, db: sqlite3.Connection) -> None:
        rows = db.execute("SELECT blob_id FROM _mf_entries WHERE expiration <= ?", (self.now,))
        self.gone = [row[0] for row in rows.fetchall()]
        if self.gone:
            db.execute("DELETE FROM _mf_entries WHERE expiration <= ?", (self.now,))


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
