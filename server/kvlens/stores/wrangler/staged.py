"""A staged large change to one namespace: values on disk, rows not yet visible.

The rows wait in a temporary database, which SQLite keeps in a private file: memory holds neither a
million values nor a million rows.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

from kvlens.errors import InternalError
from kvlens.stores.base import Batch, Seen
from kvlens.stores.wrangler.blobs import Blobs

MEMORY_SIZE = 8 * 1024 * 1024  # bytes of rows; more goes to the file
AT_ONCE = 1000

Row = tuple[str, "str | None", "int | None", "str | None"]
"""Key, blob id (None: delete the key), expiration in milliseconds, metadata."""


class StagedError(InternalError):
    """The caller no longer waits for the change."""


class Staged:
    """Writes and deletes of one namespace. The last write of a key overrides any delete.

    The keys of `unchanged` are deleted only if they are still as they were read; if one of
    `expected` isn't, the change fails.
    """

    def __init__(self, blobs: Blobs, known: set[Staged] | None = None) -> None:
        """It stays in `known` until rows refer to its values, or they are removed."""
        self.blobs = blobs
        self._known = known if known is not None else set()
        self._known.add(self)
        self.count = 0
        self.compares = False  # whether there are keys to compare
        self.abandoned = False  # set from another thread: `fill` stops then
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute(f"PRAGMA cache_size = -{MEMORY_SIZE // 1024}")
        self._db.execute(
            "CREATE TABLE rows (key TEXT PRIMARY KEY, blob_id, expiration, metadata) WITHOUT ROWID"
        )
        self._db.execute("CREATE TABLE seen (key, digest, metadata, expiration, deleted)")
        self._db.execute("BEGIN")

    def fill(self, batch: Batch) -> None:
        """Add a batch's items. On any error, the values are removed and the error is raised."""
        insert = "INSERT INTO rows VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        add = self._db.execute
        try:
            for key, value, metadata, expiration in batch.writes:
                if self.abandoned:
                    raise StagedError
                blob_id = self.blobs.write(value)
                try:
                    row = (
                        key,
                        blob_id,
                        None if expiration is None else expiration * 1000,
                        metadata,
                    )
                    if add(insert, row).rowcount:
                        self.count += 1
                    else:
                        self._replace(row)
                except BaseException:
                    self.blobs.remove([blob_id])
                    raise
            for key in batch.deletes:
                if self.abandoned:
                    raise StagedError
                self.count += add(insert, (key, None, None, None)).rowcount
            for deleted, compared in ((True, batch.unchanged), (False, batch.expected)):
                for seen in compared:
                    if self.abandoned:
                        raise StagedError
                    add("INSERT INTO seen VALUES (?, ?, ?, ?, ?)", (*seen, deleted))
                    self.count += deleted
                    self.compares = True
        except BaseException:
            self.discard()
            raise

    def rows(self) -> Iterator[Row]:
        """Yield the rows in the order of their keys: neighbors share pages."""
        return self._db.execute("SELECT * FROM rows ORDER BY key")

    def unchanged(self) -> Iterator[Seen]:
        """Yield the keys to delete if they haven't changed, as they were read."""
        return self._seen(deleted=True)

    def expected(self) -> Iterator[Seen]:
        """Yield the keys that must not have changed, as they were read."""
        return self._seen(deleted=False)

    def expects(self, key: str) -> bool:
        """Return whether a key must not have changed."""
        found = self._db.execute("SELECT 1 FROM seen WHERE key = ? AND NOT deleted LIMIT 1", (key,))
        return found.fetchone() is not None

    def _seen(self, *, deleted: bool) -> Iterator[Seen]:
        found = self._db.execute("SELECT * FROM seen WHERE deleted = ?", (deleted,))
        return (Seen(*row[:4]) for row in found)

    def discard(self) -> None:
        """Remove the values and forget the change."""
        with contextlib.suppress(sqlite3.Error):  # closed already
            found = self._db.execute("SELECT blob_id FROM rows WHERE blob_id IS NOT NULL")
            while some := found.fetchmany(AT_ONCE):
                self.blobs.remove(row[0] for row in some)
        self.close()

    def close(self) -> None:
        """Discard the rows."""
        self._db.close()
        self._known.discard(self)

    def _replace(self, row: tuple[Any, ...]) -> None:
        before = self._db.execute("SELECT blob_id FROM rows WHERE key = ?", row[:1]).fetchone()
        self._db.execute("REPLACE INTO rows VALUES (?, ?, ?, ?)", row)
        if before[0] is not None:
            self.blobs.remove([before[0]])
