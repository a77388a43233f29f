"""Open a namespace's database, which may be untrusted: a repository can contain one.

Only the plain table that Miniflare makes is accepted: no view, trigger or generated column may run
when it is read or written. Every statement has a time limit.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import stat
import time
from functools import partial
from pathlib import Path
from typing import Any

from kvlens.stores.base import StoreError
from kvlens.stores.wrangler.commit import BUSY_SECONDS, is_busy
from kvlens.stores.wrangler.disk_format import SCHEMA

READ_SECONDS = 10.0  # that a statement may take
INLINE_SECONDS = 1.0  # the same on the event loop, which it blocks
WRITE_SECONDS = 300.0  # the same for a statement that writes many rows
MAX_ROW = 32 * 1024 * 1024  # bytes; reading a larger row fails

LOG_SIZE = 4 * 1024 * 1024  # bytes of the write-ahead log that trigger a checkpoint
IMMUTABLE = "immutable=1"
WRITABLE = "mode=rw"  # other options open a database read-only

_OPERATIONS = 20_000  # virtual machine instructions between time checks: about a millisecond
_TABLE = "_mf_entries"
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")  # SQLite's, also at the end after a name
_LEAST_NAMING = 16  # bytes of a journal that names a file
_JOURNAL = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
if hasattr(os, "O_BINARY"):
    _JOURNAL |= os.O_BINARY
_PLAIN_INDEX = re.compile(r'create (unique )?index [^()]* on "?_mf_entries"? ?\([\w", ]+\)')

lenient = partial(str, encoding="utf-8", errors="surrogateescape")
"""Decodes text that may not be UTF-8; only its own row fails."""


class Database(sqlite3.Connection):
    """A connection on which no statement, however it is made, runs longer than `seconds`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.seconds = READ_SECONDS
        self._until = until = [
            time.monotonic() + READ_SECONDS
        ]  # shared with the handler, which must not refer to the connection
        clock = time.monotonic
        self.set_progress_handler(lambda: clock() > until[0], _OPERATIONS)

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        self._until[0] = time.monotonic() + self.seconds
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        self._until[0] = time.monotonic() + self.seconds
        return super().executemany(*arguments)


def connect(path: Path, options: str = "mode=rwc") -> Database:
    """Open a database, for use by any one thread at a time."""
    check_journal(path)
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        factory=Database,
    )
    try:
        db.text_factory = lenient
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA cell_size_check = ON")
        if hasattr(db, "setlimit"):  # Python 3.11
            db.setlimit(getattr(sqlite3, "SQLITE_LIMIT_LENGTH"), MAX_ROW)  # noqa: B009
    except BaseException:
        db.close()
        raise
    return db


def check_journal(path: Path) -> None:
    """Raise StoreError if the database has a rollback journal that names another file.

    When SQLite opens the database, it rolls such a journal back, and then removes the file named at
    its end, wherever that is. Such journals belong to transactions over several databases, which
    aren't used with these.
    """
    journal = path.with_name(f"{path.name}-journal")
    try:
        handle = os.open(journal, _JOURNAL)
    except FileNotFoundError:
        return
    with os.fdopen(handle, "rb") as file:
        size = os.fstat(handle).st_size
        file.seek(max(0, size - len(_JOURNAL_MAGIC)))
        names_another = file.read(len(_JOURNAL_MAGIC)) == _JOURNAL_MAGIC
    if size >= _LEAST_NAMING and names_another:
        raise StoreError(
            f"{journal} names another file, which SQLite would remove; neither wrangler dev nor "
            "KV Lens writes such a journal. Nothing was read or changed; remove it, or move the "
            "database away to start empty."
        )


def connection(path: Path, options: str = WRITABLE) -> contextlib.closing[Database]:
    """Return a connection for one thread's own use, which a `with` block closes."""
    return contextlib.closing(connect(path, options))


def open_database(path: Path, there: bool) -> tuple[Database, Database, str]:
    """Open a database twice, creating it unless it is `there`; also return the options used.

    If it can't be written, it is opened read-only.
    """
    try:
        return *_open_to_write(path), WRITABLE
    except sqlite3.OperationalError as error:
        if not there or is_busy(error):
            raise
        for options in ("mode=ro", IMMUTABLE):
            # without a log that it can find or create, SQLite reads a database in WAL mode only if
            # it may assume that nobody writes; `state_of` shows whether anybody did
            if options == IMMUTABLE and has_log(path):
                break
            with contextlib.suppress(sqlite3.OperationalError):
                return *_open_to_read(path, options), options
        raise


def _open_to_write(path: Path) -> tuple[Database, Database]:
    with contextlib.ExitStack() as stack:
        main = connect(path)
        stack.callback(main.close)
        known = has_table(main, path)
        _use_log(main)
        if not known:
            main.execute("BEGIN IMMEDIATE")
            for statement in SCHEMA:
                main.execute(statement)
            main.execute("COMMIT")
        elif not os.access(path, os.W_OK):
            raise sqlite3.OperationalError("attempt to write a readonly database")
        main.execute("PRAGMA synchronous = NORMAL")
        main.execute("PRAGMA wal_autocheckpoint = 0")  # the thread checkpoints
        main.execute(f"PRAGMA journal_size_limit = {LOG_SIZE}")
        side = connect(path)
        stack.callback(side.close)
        return _inline(stack, main, side)


def _use_log(db: Database) -> None:
    """Switch to a write-ahead log. Where two processes do so at once, SQLite doesn't wait."""
    limit = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > limit:
                raise
        time.sleep(0.01)


def _open_to_read(path: Path, options: str) -> tuple[Database, Database]:
    with contextlib.ExitStack() as stack:
        main = connect(path, options)
        stack.callback(main.close)
        if not has_table(main, path):
            raise sqlite3.OperationalError("attempt to write a readonly database")
        side = connect(path, options)
        stack.callback(side.close)
        return _inline(stack, main, side)


def _inline(
    stack: contextlib.ExitStack, main: Database, side: Database
) -> tuple[Database, Database]:
    """Keep the opened connections, for use on the event loop."""
    for db in (main, side):
        db.execute("PRAGMA busy_timeout = 0")
        db.seconds = INLINE_SECONDS
    stack.pop_all()
    return main, side


def is_late(error: sqlite3.Error) -> bool:
    """Return whether a statement took too long."""
    return "interrupted" in str(error)


def has_log(path: Path) -> bool:
    """Return whether a database has a log with changes that aren't in its file yet."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except FileNotFoundError:
        return False


def state_of(path: Path) -> tuple[object, ...]:
    """Return a state that changes when a read-only database is written or becomes writable."""
    found: list[object] = []
    log = path.with_name(f"{path.name}-wal")
    for place in (path, log, path.parent):
        try:
            status = place.lstat()
        except OSError:
            found.append(None)
        else:
            if place == log and not status.st_size:  # an empty log counts as none
                found.append(None)
                continue
            size = None if stat.S_ISDIR(status.st_mode) else (status.st_size, status.st_mtime_ns)
            found.append((status.st_ino, status.st_mode, size))
    return tuple(found)


def file_id(name: str) -> tuple[int, int] | None:
    """Return what distinguishes this file from others at the same path; None if it is missing."""
    try:
        status = os.lstat(name)  # called before every write, so it must be fast
    except OSError:
        return None
    return status.st_dev, status.st_ino


def can_be_read(path: Path) -> bool:
    """Return whether a new connection finds the keys' table in this file; True if it can't look.

    The file isn't read without SQLite: closing it would release all of this process's locks on it.
    """
    try:
        with connection(path, "mode=ro") as db:
            return has_table(db, path)
    except sqlite3.OperationalError:
        return True
    except (sqlite3.Error, StoreError):
        return False


def has_table(db: sqlite3.Connection, path: Path) -> bool:
    """Return whether the database has the keys' table. Raises StoreError for a different one."""
    rows = db.execute(
        "SELECT type, sql FROM sqlite_master "
        f"WHERE tbl_name = '{_TABLE}' COLLATE NOCASE OR name = '{_TABLE}' COLLATE NOCASE"
    ).fetchall()
    for kind, sql in rows:
        text = " ".join(str(sql or "").lower().split())
        if kind == "table":
            plain = _tokens(text) == _tokens(SCHEMA[0].lower())
        else:
            plain = kind == "index" and (sql is None or bool(_PLAIN_INDEX.fullmatch(text)))
        if not plain:
            what = f"a table of another form ({text:.100})" if kind == "table" else f"a {kind}"
            raise StoreError(
                f"The KV database {path} has {what} where wrangler dev makes a plain table "
                f"{_TABLE}. Nothing was read or changed; move the file away to start empty."
            )
    return bool(rows)


def _tokens(sql: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", sql.replace("if not exists ", "").replace('"', ""))
