"""Committing changes of one namespace, with regard to a Worker that writes to the same file.

workerd has no busy timeout: a Worker's put, delete or list that meets our write transaction
fails. Nobody can ask it for a turn, but SQLite tells when it has committed, and its next write
takes a good while to come. So while a Worker writes, our transactions are few rows each and
begin right behind one of its commits, or when it has been quiet; see docs/stores.md.
"""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Sequence
from itertools import chain

from .base import StoreError
from .blobs import Blobs
from .changes import Change

BUSY_SECONDS = 5.0  # how long we wait for another program's lock
STEP = 32  # rows in one transaction while a Worker writes; about 0.2 ms
QUIET = 0.01  # seconds without a commit that are a pause, unless they are usual
PATIENCE = 1.0  # seconds to wait for a pause
LOOK_EVERY = 0.0001


class UndoError(StoreError):
    """Some rows of a change in steps were written, and could not be taken back."""


def commit(db: sqlite3.Connection, blobs: Blobs, changes: Sequence[Change]) -> None:
    """Write the values of all changes, then their rows in one transaction, or nothing."""
    ready: list[Change] = []
    try:
        _prepare(db, blobs, changes, ready)
        for change in ready:
            change.gather(db)
        db.execute("BEGIN IMMEDIATE")
        for change in ready:
            change.look(db)
            change.apply(db)
        db.execute("COMMIT")
    except BaseException:
        _give_up(db, blobs, changes)
        raise
    finally:
        for change in ready:
            change.finish(db)


def commit_between(db: sqlite3.Connection, blobs: Blobs, changes: Sequence[Change]) -> None:
    """Do the same between the commits of a Worker: in steps, each in a moment of its own.

    Where a step fails, those before it are taken back. Raises UndoError where that fails too.
    """
    ready: list[Change] = []
    done: list[Change] = []
    try:
        _prepare(db, blobs, changes, ready)
        parts = {id(change): change.split(db, STEP) for change in ready}
        turn = _Turn(db)
        for group in _groups(list(chain.from_iterable(parts.values()))):
            turn.run(group)
            done += group
        for change in ready:
            change.join(parts[id(change)])
    except BaseException as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        if done:
            _undo(db, done, error)
        _give_up(db, blobs, changes)
        raise


def _prepare(
    db: sqlite3.Connection, blobs: Blobs, changes: Sequence[Change], ready: list[Change]
) -> None:
    for change in changes:
        try:
            change.prepare(db, blobs)
        except OSError as error:  # its value cannot be written; the others' can
            blobs.remove(change.made)
            if len(changes) == 1:
                raise
            change.error = error
        else:
            ready.append(change)


def _give_up(db: sqlite3.Connection, blobs: Blobs, changes: Sequence[Change]) -> None:
    if db.in_transaction:
        db.execute("ROLLBACK")
    for change in changes:
        blobs.remove(change.made)
        change.forget()


def _groups(parts: Sequence[Change]) -> list[list[Change]]:
    """Put parts together up to the size of a step, none that looks at what another one writes."""
    groups: list[list[Change]] = []
    keys: set[str] = set()
    room = 0
    for part in parts:
        touched = part.touched()
        if part.rows > room or part.everything or not keys.isdisjoint(touched):
            groups.append([])
            keys.clear()
            room = STEP
        groups[-1].append(part)
        keys.update(touched)
        room = 0 if part.everything else room - part.rows
    return groups


class _Turn:
    """Finds the moments in which another program is unlikely to write."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._version = data_version(db)
        self._heard = time.monotonic()
        self._pauses: deque[float] = deque(maxlen=8)  # between the last commits we saw
        self._restless = False  # we have waited in vain

    def run(self, parts: Sequence[Change]) -> None:
        """Apply parts in one transaction of the next such moment."""
        db = self._db
        limit = time.monotonic() + BUSY_SECONDS
        while True:
            self._wait()
            try:
                # what is read before the first row is written is read without the lock
                db.execute("BEGIN")
                for part in parts:
                    part.look(db)
                for part in parts:
                    part.apply(db)
                db.execute("COMMIT")
                return
            except sqlite3.OperationalError as error:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                for part in parts:
                    part.again()
                if not is_busy(error) or time.monotonic() > limit:
                    raise
                self._heard = time.monotonic()  # it is at it right now

    def _wait(self) -> None:
        """Wait for a pause; where none comes, for the end of a commit."""
        limit = time.monotonic() + (0 if self._restless else PATIENCE)
        while True:
            version = data_version(self._db)
            now = time.monotonic()
            pause = now - self._heard
            if version != self._version:
                self._version = version
                self._heard = now
                self._pauses.append(pause)
                if now >= limit:
                    self._restless = True
                    return
            elif pause >= min(5 * QUIET, max(QUIET, 2 * max(self._pauses, default=0))):
                return
            time.sleep(LOOK_EVERY)


def _undo(db: sqlite3.Connection, done: Sequence[Change], cause: BaseException) -> None:
    try:
        db.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        db.execute("BEGIN IMMEDIATE")
        for part in reversed(done):
            part.undo(db)
        db.execute("COMMIT")
    except sqlite3.Error as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        written = sum(part.rows for part in done)
        raise UndoError(
            f"Writing stopped after {written} entries ({cause}), and they could not be taken back "
            f"({error}). What is there is whole; do it again to write the rest."
        ) from error
    finally:
        db.execute("PRAGMA busy_timeout = 0")


def data_version(db: sqlite3.Connection) -> int:
    """Return a number that changes when another connection commits."""
    version: int = db.execute("PRAGMA data_version").fetchone()[0]
    return version


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether another connection's lock was in the way."""
    return "locked" in str(error) or "busy" in str(error)
