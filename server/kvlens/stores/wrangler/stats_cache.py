"""Keep a namespace's key count and total size, without counting each time.

The database doesn't have the sizes of values, so a count looks at every file. Changes by this
process are added and subtracted. After changes by others, the keys are counted again, which is
fast, and the files too, but only as often as `SHARE` allows.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from kvlens.kv.records import Stats
from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.changes import Change, is_live
from kvlens.stores.wrangler.walk import each_row

AT_ONCE = 5_000  # files
CHEAP = 0.05  # seconds; a faster count is repeated at every request
SHARE = 20  # a slower count is repeated only after this many times its duration


class StatsCache:
    """A count at a point in time."""

    def __init__(self, keys: int, size: int, now: int, until: int | None, took: float) -> None:
        self.keys = keys
        self.size = size
        self.at = now  # milliseconds; keys that expire later are counted
        self.until = until  # the next expiration
        self.is_stale = False  # others have changed keys since
        self._took = took
        self._counted = time.monotonic()

    @property
    def due(self) -> float:
        """How many seconds until the files may be counted again."""
        pause = 0.0 if self._took < CHEAP else self._took * SHARE
        return self._counted + pause - time.monotonic()

    def stats(self, db: sqlite3.Connection, blobs: Blobs, now: int, *, running: bool) -> Stats:
        """Return the current count; the size may be outdated if it is stale.

        It may also be while a thread is `running`, whose change isn't noted yet.
        """
        if self.is_stale:
            return Stats(count_keys(db, now), max(0, self.size))
        if self.until is not None and self.until <= now:
            rows = db.execute(
                "SELECT blob_id FROM _mf_entries WHERE expiration > ? AND expiration <= ?",
                (self.at, now),
            ).fetchall()
            expired = blobs.total(row[0] for row in rows)
            if running:  # it may be deleting these, and would subtract them once more or not at all
                return Stats(count_keys(db, now), max(0, self.size - expired))
            self.keys -= len(rows)
            self.size -= expired
            self.at, self.until = now, _next(db, now)
        return Stats(self.keys, self.size)

    def note(self, change: Change, blobs: Blobs) -> None:
        """Add the effect of a change, before the files that it replaced are removed."""
        if change.emptied:
            self.keys = self.size = 0
            self.until = None
        elif change.before is None or len(change.before) > AT_ONCE:
            self.is_stale = True
        else:
            replaced = [blob_id for blob_id, expires in change.before if is_live(expires, self.at)]
            self.keys += change.added - len(replaced)
            self.size += change.added_size - (blobs.total(replaced) if replaced else 0)
            if change.until is not None:
                self.until = min(change.until, self.until or change.until)


def count(db: sqlite3.Connection, blobs: Blobs, now: int) -> StatsCache:
    """Count everything, in parts: no statement may run for as long as reading the files takes."""
    began = time.monotonic()
    keys = size = 0
    last = -(2**63)
    while some := each_row(db, "blob_id, expiration", last, AT_ONCE):
        live = [row[1] for row in some if is_live(row[2], now)]
        keys += len(live)
        size += blobs.total(live)
        last = some[-1][0]
    return StatsCache(keys, size, now, _next(db, now), time.monotonic() - began)


def count_keys(db: sqlite3.Connection, now: int) -> int:
    """Return the number of keys; each part scans one small index."""
    every: int = db.execute("SELECT count(*) FROM _mf_entries").fetchone()[0]
    expired = db.execute("SELECT count(*) FROM _mf_entries WHERE expiration <= ?", (now,))
    return every - int(expired.fetchone()[0])


def _next(db: sqlite3.Connection, now: int) -> int | None:
    found: Any = db.execute(
        "SELECT min(expiration) FROM _mf_entries "
        "WHERE typeof(expiration) = 'integer' AND expiration > ?",
        (now,),
    ).fetchone()[0]
    return found if type(found) is int else None
