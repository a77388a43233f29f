"""Changes to the rows of one namespace on disk.

`prepare` and `gather` run before the transaction: they write the values, and combine many rows into
one statement. In the transaction, `look` reads and `apply` writes, each as briefly as possible.
`gone` are the values that no row refers to after the commit, `made` those to remove if it fails.

A change of many rows is `large`: while a Worker runs, it isn't made in one transaction. The rows of
`planned` are written to a journal and then changed in steps; see `kvlens.stores.wrangler.journal`.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from kvlens.kv.records import Entry, Write
from kvlens.stores.base import NOTHING, ChangedError, Replaced, Seen, StoreError, digest
from kvlens.stores.wrangler.blob_ids import BlobIds
from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.disk_format import IS_BLOB_ID, MAX_FIELD, is_blob_id
from kvlens.stores.wrangler.journal import Row, Value, is_text
from kvlens.stores.wrangler.staged import Staged
from kvlens.stores.wrangler.walk import FIRST, each_row

_AT_ONCE = 5000  # rows per query of a walk
FEW = 32  # rows that one short transaction takes

_NUMBERS = itertools.count()
_FROM_KEY = "FROM _mf_entries WHERE key = ?"
_LOOK = f"SELECT blob_id, expiration, metadata {_FROM_KEY}"
_WHOLE = "CAST(blob_id AS TEXT), CAST(expiration AS INTEGER), CAST(metadata AS TEXT)"
_UPDATE = (  # not REPLACE, which moves the row and so writes three pages instead of one
    "ON CONFLICT (key) DO UPDATE SET blob_id = excluded.blob_id, "
    "expiration = excluded.expiration, metadata = excluded.metadata"
)
_EXPIRED = f"expiration <= ? AND {IS_BLOB_ID}"  # other names are ignored
_COLUMNS = "key, blob_id, expiration, metadata"

_Row = tuple[str, str, "int | None", "str | None"]  # key, blob id, expiration, metadata


class Change:
    """A change to one namespace; the store's method returns its `result`."""

    everything = False  # True if any key may be affected
    batched = False  # True if others are committed with it
    emptied = False  # True if no keys are left
    large = False  # True if it may have more rows than one short transaction takes
    limit = -1  # of the rows, if it need not be complete
    keeps_expired = False  # True if a moved clock may bring back what has expired

    def __init__(self) -> None:
        self.now = 0  # milliseconds, set by the store
        self.made: list[str] = []
        self.gone: list[str] | BlobIds = []
        self.result: Any = None
        # For the stats: blob id and expiration of the previous rows (None if there are too many),
        # the live rows now, their bytes, the first expiration.
        self.before: list[tuple[Any, Any]] | None = None
        self.added = self.added_size = 0
        self.until: int | None = None
        self.error: Exception | None = None
        self.is_cause = False  # True if the error of several changes is this one's

    @property
    def rows(self) -> int:
        """How many rows are affected, as far as known in advance."""
        return 1

    def prepare(self, db: sqlite3.Connection, blobs: Blobs) -> None:
        """Do the work that doesn't need the lock."""

    def gather(self, db: sqlite3.Connection) -> None:
        """Combine many rows into one statement, for a transaction with the whole change."""

    def planned(self, db: sqlite3.Connection) -> Generator[Row, None, None]:
        """Yield the old and new content of each row of a large change."""
        raise NotImplementedError

    def check_left(self, keys: Sequence[str]) -> None:
        """Raise ChangedError if one of these, whose row has changed since `planned`, must not."""

    def must_be_whole(self, db: sqlite3.Connection) -> bool:
        """Return whether a large change has rows that are too large for a journal."""
        return False

    def look(self, db: sqlite3.Connection) -> None:
        """Read the current rows."""

    def apply(self, db: sqlite3.Connection) -> None:
        """Change the rows."""

    def again(self) -> None:
        """Drop the results of `look` and `apply`, before they are retried."""
        self.gone = []

    def finish(self, db: sqlite3.Connection | None = None) -> None:
        """Clean up, after a commit or a failure."""

    def give_up(self, blobs: Blobs | None = None) -> None:
        """Remove the values that were written, and drop all results."""
        if blobs is not None:
            blobs.remove(self.made)
        self.made, self.gone = [], []

    def touched(self) -> Sequence[str]:
        """Return the keys that may have changed."""
        return ()

    def is_hidden(self, expiration: object) -> bool:
        """Return whether a row can't be seen and so must not be deleted."""
        return self.keeps_expired and not is_live(expiration, self.now)

    def entry(self) -> tuple[str, Entry] | None:
        """Return the current entry, if the change is a put of one entry."""
        return None


class Put(Change):
    """Store a few entries, replacing existing ones."""

    def __init__(self, writes: Sequence[Write]) -> None:
        super().__init__()
        self.writes = writes
        self._rows: list[_Row] = []

    @property
    def rows(self) -> int:
        return len(self._rows)

    def prepare(self, db: sqlite3.Connection, blobs: Blobs) -> None:
        writes = self.writes
        if len(writes) > 1:  # the last write of a key counts
            writes = list({write.key: write for write in writes}.values())
        self._rows = []
        self.added = self.added_size = 0
        for key, value, metadata, expiration in writes:
            blob_id = blobs.write(value)
            self.made.append(blob_id)
            expires = None if expiration is None else expiration * 1000
            self._rows.append((key, blob_id, expires, metadata))
            if expires is not None:
                self.until = expires if self.until is None else min(self.until, expires)
            if is_live(expires, self.now):
                self.added += 1
                self.added_size += len(value)

    def look(self, db: sqlite3.Connection) -> None:
        found = (_row_of(db, row[0]) for row in self._rows)
        self.before = [old[:2] for old in found if old is not None]
        self.gone = [old[0] for old in self.before]

    def apply(self, db: sqlite3.Connection) -> None:
        put_rows(db, self._rows)

    def touched(self) -> Sequence[str]:
        return [row[0] for row in self._rows]

    def entry(self) -> tuple[str, Entry] | None:
        if len(self.writes) != 1:
            return None
        key, value, metadata, expiration = self.writes[0]
        return key, Entry(value, metadata, expiration)


class Bulk(Change):
    """Store and delete what is staged; the result is how many of the deleted keys existed.

    Keys that must be unchanged are compared while a journal is written. The journal then leaves
    each row that has changed since. So such a change is always made with a journal.
    """

    everything = True
    large = True

    def __init__(self, staged: Staged) -> None:
        super().__init__()
        self.staged = staged
        self._table = ""

    @property
    def rows(self) -> int:
        return self.staged.count

    def gather(self, db: sqlite3.Connection) -> None:
        """Put the rows into a temporary table of this connection, which locks nobody."""
        self._table = f"temp.kv_staged_{next(_NUMBERS)}"
        db.execute(
            f"CREATE TABLE {self._table} (key TEXT PRIMARY KEY, blob_id, expiration, metadata) "
            "WITHOUT ROWID"
        )
        db.execute("BEGIN")
        db.executemany(f"INSERT INTO {self._table} VALUES (?, ?, ?, ?)", self.staged.rows())
        db.execute("COMMIT")

    def planned(self, db: sqlite3.Connection) -> Generator[Row, None, None]:
        db.execute("BEGIN")  # all rows are read and compared as they are at one time
        try:
            yield from self._planned(db)
        finally:
            db.execute("ROLLBACK")

    def _planned(self, db: sqlite3.Connection) -> Iterator[Row]:
        whole = f"SELECT {_WHOLE} FROM _mf_entries WHERE key = ?"
        for key, blob_id, expiration, metadata in self.staged.rows():
            old = db.execute(whole, (key,)).fetchone()
            if blob_id is not None:
                yield Row(key, old, (blob_id, expiration, metadata))
            elif old is not None and not self.is_hidden(old[1]):
                yield Row(key, old, None)
        for seen in self.staged.expected():
            if not self._is_same(db.execute(whole, (seen.key,)).fetchone(), seen):
                raise ChangedError(seen.key)
        for seen in self.staged.unchanged():
            old = db.execute(whole, (seen.key,)).fetchone()
            if self._is_same(old, seen) and not (old and self.is_hidden(old[1])):
                yield Row(seen.key, old, None)

    def _is_same(self, row: Value | None, seen: Seen) -> bool:
        if row is None:
            return seen.digest == NOTHING
        if not is_live(row[1], self.now) and (seen.digest == NOTHING or not self.keeps_expired):
            return seen.digest == NOTHING  # it isn't there, or only if hidden keys are read
        return _is_same(row, seen, _Digests(self.staged.blobs))

    def check_left(self, keys: Sequence[str]) -> None:
        for key in keys:
            if self.staged.expects(key):
                raise ChangedError(key)

    def look(self, db: sqlite3.Connection) -> None:
        hidden = " WHERE s.blob_id IS NOT NULL OR e.expiration IS NULL OR e.expiration > ?1"
        rows = db.execute(
            f"SELECT e.blob_id, s.blob_id IS NULL AND (e.expiration IS NULL OR e.expiration > ?1) "
            f"FROM {self._table} s CROSS JOIN _mf_entries e ON e.key = s.key"
            f"{hidden if self.keeps_expired else ''}",
            (self.now,),
        )
        gone = BlobIds()
        self.gone, self.result = gone, 0
        for some in iter(lambda: rows.fetchmany(_AT_ONCE), []):
            gone += [row[0] for row in some]
            self.result += sum(row[1] for row in some)

    def apply(self, db: sqlite3.Connection) -> None:
        table = self._table
        db.execute(
            f"INSERT INTO _mf_entries ({_COLUMNS}) "
            f"SELECT * FROM {table} WHERE blob_id IS NOT NULL {_UPDATE}"
        )
        db.execute(
            f"DELETE FROM _mf_entries WHERE key IN (SELECT key FROM {table} WHERE blob_id IS NULL)"
            f"{f' AND {_live(self.now)}' if self.keeps_expired else ''}"
        )

    def finish(self, db: sqlite3.Connection | None = None) -> None:
        if db is not None and self._table:
            db.execute(f"DROP TABLE IF EXISTS {self._table}")
        self.staged.close()

    def give_up(self, blobs: Blobs | None = None) -> None:
        super().give_up(blobs)
        self.staged.discard()


class _Digests:
    """Digests of values, computed before a transaction and looked up in it."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._known: dict[str, str | None] = {}  # blob id -> digest

    def of(self, blob_id: str) -> str | None:
        """Return the digest of a value, None if it can't be read and so isn't what was read."""
        if blob_id not in self._known:
            value = None
            with contextlib.suppress(StoreError):
                value = self._blobs.read(blob_id)
            self._known[blob_id] = None if value is None else digest(value)
        return self._known[blob_id]


def _is_same(row: Value, seen: Seen, digests: _Digests) -> bool:
    """Return whether a row is the entry that was read."""
    seconds = row[1] // 1000 if isinstance(row[1], int) else row[1]
    same = (seconds, row[2]) == (seen.expiration, seen.metadata)
    return same and digests.of(row[0]) == seen.digest


class Replace(Change):
    """Give a key a new value; metadata and expiration stay. The result says whether it was.

    `expected` is the digest of the expected value. The current one is computed before the
    transaction, and again in it only if the row has changed in between.
    """

    def __init__(self, key: str, value: bytes, expected: str | None = None) -> None:
        super().__init__()
        self.key = key
        self.value = value
        self.expected = expected
        self._before: Value | None = None
        self._digests: _Digests | None = None

    def prepare(self, db: sqlite3.Connection, blobs: Blobs) -> None:
        self._digests = _Digests(blobs)
        self._is_expected(self._find(db))
        self.made = [blobs.write(self.value)]

    def look(self, db: sqlite3.Connection) -> None:
        old = self._find(db)
        self._before = old if self._is_expected(old) else None
        self.before = []
        if self._before is not None:
            self.result = Replaced.DONE
            self.gone = [self._before[0]]
            self.before = [self._before[:2]]
            self.added, self.added_size = 1, len(self.value)
        else:
            self.added = self.added_size = 0
            self.result = Replaced.GONE if old is None else Replaced.CHANGED
            self.gone = self.made

    def _find(self, db: sqlite3.Connection) -> Value | None:
        row: Value | None = db.execute(
            f"{_LOOK} AND (expiration IS NULL OR expiration > ?)", (self.key, self.now)
        ).fetchone()
        return row

    def _is_expected(self, old: Value | None) -> bool:
        if old is None or self.expected is None:
            return old is not None
        return self._digests is not None and self._digests.of(old[0]) == self.expected

    def apply(self, db: sqlite3.Connection) -> None:
        if self._before is not None:
            db.execute("UPDATE _mf_entries SET blob_id = ? WHERE key = ?", (*self.made, self.key))

    def touched(self) -> Sequence[str]:
        return (self.key,)


class PutUnchanged(Put):
    """Store one entry if the current value is the one that was read; the result says whether.

    Digests are computed before the transaction, as in `Replace`.
    """

    def __init__(self, write: Write, expected: str) -> None:
        super().__init__([write])
        self.expected = expected
        self._digests: _Digests | None = None

    def prepare(self, db: sqlite3.Connection, blobs: Blobs) -> None:
        self._digests = _Digests(blobs)
        self._is_expected(_row_of(db, self.writes[0].key))
        super().prepare(db, blobs)

    def look(self, db: sqlite3.Connection) -> None:
        old = _row_of(db, self.writes[0].key)
        self.result = self._is_expected(old)
        if self.result:
            self.before = [] if old is None else [old[:2]]
            self.gone = [] if old is None else [old[0]]
        else:
            self.before, self.gone = None, self.made

    def _is_expected(self, old: Value | None) -> bool:
        if old is None or self._digests is None or not is_live(old[1], self.now):
            return self.expected == NOTHING
        return self._digests.of(old[0]) == self.expected

    def apply(self, db: sqlite3.Connection) -> None:
        if self.result:
            super().apply(db)

    def entry(self) -> tuple[str, Entry] | None:
        return super().entry() if self.result else None


class Delete(Change):
    """Delete a few keys; the result is how many existed."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names = list(dict.fromkeys(names))
        self._found: list[str] = []

    @property
    def rows(self) -> int:
        return len(self.names)

    def look(self, db: sqlite3.Connection) -> None:
        found = [(name, _row_of(db, name)) for name in self.names]
        rows = [(name, old) for name, old in found if old and not self.is_hidden(old[1])]
        self._found = [name for name, _ in rows]
        self.before = [old[:2] for _, old in rows]
        self.gone = [old[0] for _, old in rows]
        self.result = sum(is_live(old[1], self.now) for _, old in rows)

    def apply(self, db: sqlite3.Connection) -> None:
        if self._found:
            delete_rows(db, self._found)

    def touched(self) -> Sequence[str]:
        return self.names


class DeleteUnchanged(Change):
    """Delete those of a few keys that haven't changed since; the result is their names.

    Digests are computed before the transaction, as in `Replace`.
    """

    def __init__(self, seen: Sequence[Seen]) -> None:
        super().__init__()
        self.seen = seen
        self._digests: _Digests | None = None

    @property
    def rows(self) -> int:
        return len(self.seen)

    def prepare(self, db: sqlite3.Connection, blobs: Blobs) -> None:
        self._digests = _Digests(blobs)
        for one in self.seen:
            self._find(db, one)

    def look(self, db: sqlite3.Connection) -> None:
        found = {one.key: old for one in self.seen if (old := self._find(db, one)) is not None}
        self.result = list(found)
        self.before = [old[:2] for old in found.values()]
        self.gone = [old[0] for old in found.values()]

    def _find(self, db: sqlite3.Connection, one: Seen) -> Value | None:
        """Return the row of a key if it hasn't changed since it was read."""
        row = _row_of(db, one.key)
        if row is None or self._digests is None or not is_live(row[1], self.now):
            return None
        return row if _is_same(row, one, self._digests) else None

    def apply(self, db: sqlite3.Connection) -> None:
        if self.result:
            delete_rows(db, self.result)

    def touched(self) -> Sequence[str]:
        return [one.key for one in self.seen]


class Clear(Change):
    """Delete every key but foreign ones, which name no value; the result is how many existed."""

    everything = True
    large = True

    def __init__(self, sweep: Callable[[], bool] = lambda: False) -> None:
        """`sweep`, called under the lock, returns whether every value may be removed."""
        super().__init__()
        self._sweep = sweep
        self._foreign: list[bool] = []  # of those that stay, which are live
        self._version = -1  # of the database that has them
        self.swept = False

    def must_be_whole(self, db: sqlite3.Connection) -> bool:
        try:
            found = db.execute(
                "SELECT 1 FROM _mf_entries WHERE length(CAST(key AS BLOB)) > ?1 "
                "OR length(CAST(metadata AS BLOB)) > ?1 OR length(blob_id) > ?1 "
                "OR length(expiration) > ?1 LIMIT 1",
                (MAX_FIELD,),
            )
            return found.fetchone() is not None
        except sqlite3.DataError:
            return True

    def planned(self, db: sqlite3.Connection) -> Generator[Row, None, None]:
        for key, *old in db.execute(f"SELECT key, {_WHOLE} FROM _mf_entries WHERE {IS_BLOB_ID}"):
            # other keys can't be named by a user
            if is_text(key) and not self.is_hidden(old[1]):
                yield Row(key, (old[0], old[1], old[2]), None)

    def gather(self, db: sqlite3.Connection) -> None:
        """Find the foreign keys, which takes a second for a million rows."""
        self._version, self._foreign, last = data_version(db), [], FIRST
        while some := each_row(db, "blob_id", last, _AT_ONCE):
            for rowid in (row[0] for row in some if not is_blob_id(row[1])):
                ((_, expiration),) = each_row(db, "expiration", rowid - 1, 1)
                self._foreign.append(is_live(expiration, self.now))
            last = some[-1][0]

    def look(self, db: sqlite3.Connection) -> None:
        if self._version != data_version(db):
            self.gather(db)  # another program has written since
        expired = db.execute("SELECT count(*) FROM _mf_entries WHERE expiration <= ?", (self.now,))
        every = db.execute("SELECT count(*) FROM _mf_entries")
        self.result = every.fetchone()[0] - expired.fetchone()[0]
        self.result -= sum(self._foreign)
        self.swept = not self.batched and not self.keeps_expired and self._sweep()
        if not self.swept:
            last, gone = FIRST, BlobIds()
            self.gone = gone
            while some := each_row(db, "blob_id, expiration", last, _AT_ONCE):
                gone += [row[1] for row in some if not self.is_hidden(row[2])]
                last = some[-1][0]

    def apply(self, db: sqlite3.Connection) -> None:
        conditions = [IS_BLOB_ID] if self._foreign else []
        if self.keeps_expired:
            conditions.append(_live(self.now))
        # without a condition, SQLite drops all pages at once
        condition = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        _write(db, f"DELETE FROM _mf_entries{condition}", ())
        self.emptied = not conditions

    def give_up(self, blobs: Blobs | None = None) -> None:
        super().give_up(blobs)
        self.emptied = False


class Purge(Change):
    """Delete expired rows, at most `limit`; the result is how many."""

    everything = True

    def __init__(self) -> None:
        super().__init__()
        self._ids: list[tuple[int]] = []

    def look(self, db: sqlite3.Connection) -> None:
        rows = db.execute(
            f"SELECT rowid, blob_id, expiration FROM _mf_entries WHERE {_EXPIRED} LIMIT ?",
            (self.now, self.limit),
        ).fetchall()
        self._ids = [row[:1] for row in rows]
        self.before = [row[1:] for row in rows]
        self.gone = [row[1] for row in rows]
        self.result = len(rows)

    def apply(self, db: sqlite3.Connection) -> None:
        if self._ids:
            db.executemany("DELETE FROM _mf_entries WHERE rowid = ?", self._ids)


def data_version(db: sqlite3.Connection) -> int:
    """Return a number that changes when another connection commits."""
    version: int = db.execute("PRAGMA data_version").fetchone()[0]
    return version


def is_live(expiration: object, now: int) -> bool:
    """Return whether a row hasn't expired, with SQL's comparison for any type."""
    return not isinstance(expiration, (int, float)) or expiration > now


def _live(now: int) -> str:
    """Return `is_live` as a condition in SQL."""
    return f"(expiration IS NULL OR expiration > {now:d})"


def _write(db: sqlite3.Connection, statement: str, values: Sequence[Any]) -> None:
    """Run a statement that may remove a row that is too large to be read."""
    try:
        db.execute(statement, values)
    except sqlite3.DataError:
        if not hasattr(db, "setlimit"):  # Python 3.10
            raise
        limit = getattr(sqlite3, "SQLITE_LIMIT_LENGTH")  # noqa: B009
        before = db.setlimit(limit, 2**31 - 1)
        try:
            db.execute(statement, values)
        finally:
            db.setlimit(limit, before)


def put_rows(db: sqlite3.Connection, rows: Sequence[_Row]) -> None:
    """Write a few rows in one statement."""
    marks = ", ".join(["(?, ?, ?, ?)"] * len(rows))
    values = list(itertools.chain.from_iterable(rows))
    try:
        _write(db, f"INSERT INTO _mf_entries ({_COLUMNS}) VALUES {marks} {_UPDATE}", values)
    except UnicodeEncodeError:  # the row wasn't UTF-8, and is put back unchanged
        cast = ", ".join(["(?, CAST(? AS TEXT), ?, CAST(? AS TEXT))"] * len(rows))
        raw = [_raw(value) if at % 4 else value for at, value in enumerate(values)]
        _write(db, f"INSERT INTO _mf_entries ({_COLUMNS}) VALUES {cast} {_UPDATE}", raw)


def _raw(value: Any) -> Any:
    return value.encode(errors="surrogateescape") if isinstance(value, str) else value


def _row_of(db: sqlite3.Connection, key: str) -> Value | None:
    """Return a key's row; if it is too large to be read, the fields that fit."""
    for look in (_LOOK, _LOOK.replace("metadata", "NULL"), "SELECT '', NULL, NULL " + _FROM_KEY):
        try:
            row: Value | None = db.execute(look, (key,)).fetchone()
        except sqlite3.DataError:
            continue
        return row
    return None


def delete_rows(db: sqlite3.Connection, names: Sequence[str]) -> None:
    """Delete a few rows in one statement."""
    marks = ", ".join("?" * len(names))
    _write(db, f"DELETE FROM _mf_entries WHERE key IN ({marks})", names)
