"""The file of the history: `.wrangler/kvlens/history/history.sqlite` in the project's folder.

Several processes add to it. It has three tables: an action is what somebody did, such as one seed;
its changes name the keys; contents are the values before and after. When it is full, the oldest
actions are removed as a whole.

A repository may contain such a file: no link is followed, only the tables that are made here are
accepted, and a file that is damaged, of another form or far too large is set aside.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from pathlib import Path

from kvlens.stores.base import StoreError
from kvlens.stores.wrangler.database import Database, connect
from kvlens.stores.wrangler.safe_paths import OWN, Folder, open_folder

PLACE = (OWN, "kvlens", "history")
NAME = "history.sqlite"
ASIDE = "history.damaged"
WRITE_SECONDS = 60.0  # that a statement may take; nobody waits for it
TOO_LARGE = 4  # times the limit, above which a file isn't even opened
PAGE_SIZE = 16384  # bytes; with SQLite's 4096, large values take 50% longer
LOG_SIZE = 16 * 1024 * 1024  # bytes of the write-ahead log that stay after a checkpoint

_LOG = logging.getLogger(__name__)
_LOGS = ("-wal", "-shm", "-journal")
_WAY_OUT = (
    "Remove it, or turn the history off: KVLENS_HISTORY=0 or the setting kvlens.history.size."
)
_SCHEMA = (
    "CREATE TABLE actions (id INTEGER PRIMARY KEY, name TEXT, time REAL NOT NULL, "
    "store TEXT NOT NULL, writer TEXT NOT NULL, title TEXT NOT NULL, left_out INTEGER NOT NULL)",
    "CREATE TABLE changes (id INTEGER PRIMARY KEY, action INTEGER NOT NULL, time REAL NOT NULL, "
    "ns TEXT NOT NULL, key TEXT NOT NULL, "
    "before_content INTEGER, before_size INTEGER, before_metadata TEXT, "
    "before_expiration INTEGER, after_content INTEGER, after_size INTEGER, after_metadata TEXT, "
    "after_expiration INTEGER)",
    "CREATE UNIQUE INDEX actions_by_name ON actions (name) WHERE name IS NOT NULL",
    "CREATE INDEX changes_of_action ON changes (action)",
    "CREATE TABLE contents (id INTEGER PRIMARY KEY, value BLOB NOT NULL)",
)


def history_file(folder: Path) -> Path:
    """Return the path of a project's history."""
    return folder.joinpath(*PLACE, NAME)


def open_history(folder: Path, limit: int, *, create: bool) -> Database | None:
    """Open the history of a project's folder; None if there is none and `create` is false.

    `limit` is its size in bytes. A file that isn't a history is set aside with `create`; without,
    StoreError says so. Also raises it for a link or the like in its place, OSError and
    sqlite3.Error.
    """
    try:
        with open_folder(folder, *PLACE, create=create, way_out=_WAY_OUT) as opened:
            there = opened.exists(NAME, written=True)
            for ending in _LOGS:
                opened.exists(NAME + ending, written=True)
            if not there and not create:
                return None
            if there and opened.status(NAME).st_size > max(limit, 1024 * 1024) * TOO_LARGE:
                _set_aside(opened)
            with contextlib.suppress(sqlite3.DatabaseError, StoreError):
                if (db := _opened(history_file(folder), create=create)) is not None:
                    return db
            if not create:
                raise StoreError(
                    f"{history_file(folder)} is damaged or not a history of KV Lens. The next "
                    f"change that is recorded renames it to {ASIDE} and starts a new history."
                )
            _set_aside(opened)
            return _opened(history_file(folder), create=True)
    except FileNotFoundError:
        return None


def _opened(path: Path, *, create: bool) -> Database | None:
    """Return the database, None if it isn't ours."""
    db = connect(path, "mode=rwc" if create else "mode=rw")
    try:
        if create:
            db.seconds = WRITE_SECONDS
            db.execute(f"PRAGMA page_size = {PAGE_SIZE}")  # of a new file
            db.execute("PRAGMA journal_mode = WAL").fetchall()
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute(f"PRAGMA journal_size_limit = {LOG_SIZE}")
            db.execute("BEGIN IMMEDIATE")
            if not db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall():
                for statement in _SCHEMA:
                    db.execute(statement)
            db.execute("COMMIT")
        found = db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
        tables = tuple(row[0] for row in found)
        if tables == _SCHEMA:
            return db
        if not tables:
            raise FileNotFoundError(f"{path} is being created")
    except sqlite3.OperationalError as error:
        db.close()
        if "locked" in str(error) or "busy" in str(error) or "disk" in str(error):
            raise OSError(f"{path}: {error}") from error  # it may well be ours
        raise
    except BaseException:
        db.close()
        raise
    db.close()
    return None


def _set_aside(folder: Folder) -> None:
    """Move the file out of the way, replacing the one that was moved before."""
    folder.replace(NAME, ASIDE)
    _LOG.warning(
        "The history %s was damaged, too large or not one of KV Lens: it is %s now, and a new one "
        "was started",
        folder.path / NAME,
        ASIDE,
    )
    for ending in _LOGS:
        folder.remove(NAME + ending)
