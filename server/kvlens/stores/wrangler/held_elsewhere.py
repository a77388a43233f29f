"""Count the keys of a state folder that the one in use doesn't have, without writing to either."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from pathlib import Path

from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.database import IMMUTABLE, Database, connection, has_log, has_table
from kvlens.stores.wrangler.errors import store_error
from kvlens.stores.wrangler.state_folder import StateFolder
from kvlens.stores.wrangler.stats_cache import count_keys

_AT_ONCE = 500  # keys; SQLite allows 999 parameters
_MOST = 10_000  # keys that are compared; of more, one is taken to be different
# As bytes: a name that isn't UTF-8 can't be passed on as text.
_ROWS = (
    "SELECT CAST(key AS BLOB), expiration, metadata, blob_id FROM _mf_entries "
    "WHERE (expiration IS NULL OR expiration > ?)"
)


def count_held(folder: Path, used: Path, ns: str, now: int) -> int:
    """Return how many keys of a namespace `folder` has, or 0 if `used` has all of them, the same.

    Both are without `v3`; `now` is in milliseconds. Raises StoreError.
    """
    try:
        with ExitStack() as stack:
            theirs = _opened(stack, folder, ns)
            count = 0 if theirs is None else count_keys(theirs[0], now)
            if theirs is None or not count or count > _MOST:
                return count
            ours = _opened(stack, used, ns)
            return 0 if ours is not None and _has_all(ours, theirs, now) else count
    except (OSError, sqlite3.Error) as error:
        raise store_error(folder, error) from error


def _has_all(ours: tuple[Database, Blobs], theirs: tuple[Database, Blobs], now: int) -> bool:
    rows = theirs[0].execute(_ROWS, (now,))
    while some := rows.fetchmany(_AT_ONCE):
        each = ", ".join(["CAST(? AS TEXT)"] * len(some))
        names = (row[0] for row in some)
        found = ours[0].execute(f"{_ROWS} AND key IN ({each})", (now, *names)).fetchall()
        known = {row[0]: row for row in found}
        for name, expiration, metadata, blob in some:
            row = known.get(name)
            if row is None or row[1:3] != (expiration, metadata):
                return False
            if ours[1].read(row[3]) != theirs[1].read(blob):
                return False
    return True


def _opened(stack: ExitStack, folder: Path, ns: str) -> tuple[Database, Blobs] | None:
    state = StateFolder(folder, ("v3",))
    path = state.database(ns)
    try:
        if not state.has(path):
            return None
    except FileNotFoundError:
        return None
    db = stack.enter_context(connection(path, "mode=ro" if has_log(path) else IMMUTABLE))
    blobs = state.blobs(ns)
    stack.callback(blobs.close)
    return (db, blobs) if has_table(db, path) else None
