"""What other programs, such as `wrangler dev`, do to the keys of one namespace.

A copy of the rows in a temporary table shows which are new and which are gone. KV Lens knows the
values that it has written by their names; a row with any other value is another program's. It also
keeps small values, because the other program removes the file of a value that it overwrites.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import time
from collections.abc import Iterable, Iterator
from typing import Any

from kvlens.chunks import chunks
from kvlens.kv.clock import Clock
from kvlens.kv.records import Entry, State, Unknown
from kvlens.stores.base import StoreError
from kvlens.stores.outside import Look, OutsideChange, OutsideChanges
from kvlens.stores.wrangler.changes import data_version
from kvlens.stores.wrangler.database import WRITE_SECONDS, Database, connection, file_id, has_table
from kvlens.stores.wrangler.disk_format import IS_BLOB_ID, MAX_FIELD, OWN
from kvlens.stores.wrangler.errors import store_error
from kvlens.stores.wrangler.journal import Journals
from kvlens.stores.wrangler.state_folder import StateFolder

KEPT_KEYS = 20_000  # keys whose values are kept, if they are small
KEPT_SIZE = 64 * 1024  # bytes of a small value
_AT_ONCE = 200  # values that are read without a pause
_PAUSE = 0.01  # seconds for other threads

_TABLE = "(id INTEGER PRIMARY KEY, name, blob, expires, meta, size, value)"
_TABLES = (
    "PRAGMA temp_store = FILE",
    f"CREATE TEMP TABLE seen {_TABLE}",
    f"CREATE TEMP TABLE lost {_TABLE}",
    f"CREATE TEMP TABLE found {_TABLE}",
    "CREATE INDEX temp.lost_names ON lost (name)",
    "CREATE INDEX temp.found_names ON found (name)",
)
_ROW = "_mf_entries.rowid, key, blob_id, expiration, metadata, NULL, NULL FROM _mf_entries"
_IS_PLAIN = (
    f"{IS_BLOB_ID} AND typeof(expiration) IN ('integer', 'null') "
    f"AND typeof(key) = 'text' AND length(key) <= {MAX_FIELD} "
    f"AND (metadata IS NULL OR (typeof(metadata) = 'text' AND length(metadata) <= {MAX_FIELD}))"
)
_IS_SAME = "blob_id IS blob AND expiration IS expires AND metadata IS meta AND key IS name"
_COPY = f"INSERT INTO seen SELECT {_ROW} WHERE {_IS_PLAIN}"
_COMPARE = (
    "DELETE FROM lost",
    "DELETE FROM found",
    f"INSERT INTO found SELECT {_ROW} LEFT JOIN seen ON id = _mf_entries.rowid "
    f"WHERE NOT ({_IS_SAME}) AND {_IS_PLAIN}",
    "INSERT INTO lost SELECT seen.* FROM seen LEFT JOIN _mf_entries ON _mf_entries.rowid = id "
    f"WHERE NOT ({_IS_SAME})",
    "DELETE FROM seen WHERE id IN (SELECT id FROM lost)",
)
_IS_OWN = f"substr(f.blob, 1, {2 * len(OWN)}) = '{OWN.hex()}'"
_PUT = (
    "SELECT f.name, f.blob, f.meta, f.expires, "
    "l.id IS NOT NULL, l.size, l.value, l.meta, l.expires "
    "FROM found f LEFT JOIN lost l ON l.name = f.name "
    f"WHERE (l.blob IS f.blob OR NOT {_IS_OWN}) "
    "AND NOT (l.blob IS f.blob AND l.expires IS f.expires AND l.meta IS f.meta)"
)
_DELETED = (
    "SELECT l.name, l.size, l.value, l.meta, l.expires FROM lost l "
    "LEFT JOIN found f ON f.name = l.name WHERE f.name IS NULL "
    "AND (l.expires IS NULL OR l.expires > ?)"
)
_REMEMBER = "INSERT INTO seen SELECT * FROM found"


class OutsideRows(OutsideChanges):
    """Compares the rows of a namespace with those of the last time. For one thread at a time."""

    def __init__(self, state: StateFolder, ns: str, journals: Journals, room: int) -> None:
        """`room` is the size of the values that are kept, in bytes."""
        self._state = state
        self._path = state.database(ns)
        self._blobs = state.blobs(ns)
        self._journals = journals
        self._room = room
        self._kept = 0
        self._size = 0
        self._db: Database | None = None
        self._file: tuple[int, int] | None = None
        self._version = -1
        self._stopped = False

    def begin(self) -> None:
        self.close()
        self._file = file_id(str(self._path))
        self._kept = self._size = 0
        with self._errors():
            if self._file is not None and self._state.has(self._path):
                self._open(copy=True)

    def read(self, most: int, size: int, clock: Clock) -> Look | None:
        if self._journals.is_used():  # a change is in progress, and may be undone
            return None
        if file_id(str(self._path)) != self._file:
            if self._file is not None:  # other files: nobody has changed the keys one by one
                self.begin()
                return Look([], [])
            self._file = file_id(str(self._path))
        with self._errors():
            if self._db is None:
                if self._file is None or not self._state.has(self._path):
                    return Look([], [])
                self._open(copy=False)
            db = self._db
            assert db is not None
            version = data_version(db)
            if version == self._version:
                return Look([], [])
            if self._version < 0 and not has_table(db, self._path):
                return None
            self._version = version
            _together(db, _COMPARE)
            self._forget_lost(db)
            look = self._look(db, most, size, int(clock() * 1000))  # after the comparison
            db.execute(_REMEMBER)
            self._keep(db, "found")
            return look

    def stop(self) -> None:
        self._stopped = True
        db = self._db
        if db is not None:
            with contextlib.suppress(sqlite3.Error):  # it may have just been closed
                db.interrupt()

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    # -- the copy ----------------------------------------------------------------------------

    def _open(self, *, copy: bool) -> None:
        with contextlib.ExitStack() as stack:
            db = stack.enter_context(connection(self._path))
            db.seconds = WRITE_SECONDS
            for statement in _TABLES:
                db.execute(statement)
            self._db = db
            self._version = -1
            if copy and has_table(db, self._path):
                self._version = data_version(db)
                db.execute(_COPY)
                self._keep(db, "seen")
            stack.pop_all()

    def _keep(self, db: Database, table: str) -> None:
        """Keep the small values of the newest rows of a table, as far as there is room."""
        newest = db.execute(
            f"SELECT t.id, t.blob FROM {table} t JOIN seen s ON s.id = t.id "
            "WHERE s.size IS NULL ORDER BY t.id DESC LIMIT ?",
            (KEPT_KEYS - self._kept,),
        ).fetchall()
        for some in chunks(newest, _AT_ONCE):
            if self._stopped:
                return
            rows = []
            for number, blob_id in some:
                size = self._blobs.total([blob_id])
                value = None
                if size <= min(KEPT_SIZE, self._room - self._size):
                    with contextlib.suppress(OSError, StoreError):
                        value = self._blobs.read(blob_id)
                if value is not None:
                    size = len(value)
                    self._size += size
                elif not size:
                    continue
                self._kept += 1
                rows.append((size, value, number))
            db.executemany("UPDATE seen SET size = ?, value = ? WHERE id = ?", rows)
            if len(newest) > _AT_ONCE:
                time.sleep(_PAUSE)

    def _forget_lost(self, db: Database) -> None:
        kept, size = db.execute("SELECT count(size), total(length(value)) FROM lost").fetchone()
        self._kept -= kept
        self._size -= int(size)

    # -- what is different -------------------------------------------------------------------

    def _look(self, db: Database, most: int, size: int, now: int) -> Look:
        deleted = (
            OutsideChange(key, _state(*old), None) for key, *old in db.execute(_DELETED, (now,))
        )
        gone, size = _some(deleted, most, size)
        put, _ = _some(map(self._put, db.execute(_PUT)), most - len(gone), size)
        counts = [
            int(db.execute(f"SELECT count(*) FROM ({query})", values).fetchone()[0])
            for query, values in ((_DELETED, (now,)), (_PUT, ()))
        ]
        return Look(gone, put, counts[0] - len(gone), counts[1] - len(put))

    def _put(self, row: tuple[Any, ...]) -> OutsideChange:
        key, blob_id, metadata, expiration, existed, *old = row
        value = None
        with contextlib.suppress(OSError, StoreError):
            value = self._blobs.read(blob_id)
        after = _state(None, value, metadata, expiration)
        return OutsideChange(key, _state(*old) if existed else None, after)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self.close()
            self._file = None
            if isinstance(error, sqlite3.Error | OSError):
                raise store_error(self._path, error) from error
            raise


def _some(
    changes: Iterable[OutsideChange], most: int, size: int
) -> tuple[list[OutsideChange], int]:
    """Return the first changes, and the bytes that are left of `size`."""
    some: list[OutsideChange] = []
    for one in itertools.islice(changes, max(0, most)):
        size -= one.size()
        if size < 0:
            break
        some.append(one)
    return some, size


def _together(db: Database, statements: Iterable[str]) -> None:
    """Run statements that see the rows as they are at one moment."""
    db.execute("BEGIN")
    try:
        for statement in statements:
            db.execute(statement)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _state(
    size: int | None, value: bytes | None, metadata: str | None, expires: int | None
) -> State:
    expiration = None if expires is None else expires // 1000
    if value is None:
        return Unknown(size, metadata, expiration)
    return Entry(value, metadata, expiration)
