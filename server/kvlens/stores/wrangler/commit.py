"""Commit changes to one namespace without disturbing a Worker that writes to the same file.

workerd has no busy timeout: a Worker's put, delete or list fails if it runs during our write
transaction. We can't coordinate with it, but SQLite shows when it has committed, and its next write
takes a while. So while a Worker writes, our transactions have only a few rows each and begin right
after one of its commits, or when it has been quiet; see docs/stores.md.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence

from kvlens.stores.base import StoreError
from kvlens.stores.wrangler.blob_ids import BlobIds
from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.changes import FEW, Change, data_version, delete_rows, put_rows
from kvlens.stores.wrangler.journal import DamagedError, Journal, Journals, Row, Value

BUSY_SECONDS = 5.0  # how long to wait for another program's lock
STEP = FEW  # rows in one transaction while a Worker writes; about 0.2 ms
QUIET_STEP = 200  # rows in one transaction otherwise
IN_USE_SECONDS = 2.0  # how long after its commit another program counts as writing
QUIET = 0.01  # seconds without a commit that count as a pause, unless they are usual
PATIENCE = 1.0  # seconds to wait for a pause
LOOK_EVERY = 0.0001

_LOG = logging.getLogger(__name__)
_BLOB_ID = "SELECT CAST(blob_id AS TEXT) FROM _mf_entries WHERE key = ?"


class UnfinishedError(StoreError):
    """A change failed halfway, and undoing it has to wait."""


Reach = Callable[[str], "tuple[sqlite3.Connection, Blobs] | None"]
"""Returns the files of a namespace in a journal, None if there are none."""


def commit(db: sqlite3.Connection, blobs: Blobs, changes: Sequence[Change]) -> None:
    """Write the values of all changes, then their rows in one transaction, or nothing."""
    ready: list[Change] = []
    for change in changes:
        change.batched = len(changes) > 1
    try:
        _prepare(db, blobs, changes, ready)
        if changes and not ready and changes[0].error is not None:
            raise changes[0].error
        for change in ready:
            change.gather(db)
        db.execute("BEGIN IMMEDIATE")
        for change in ready:
            change.look(db)
            change.apply(db)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        for change in changes:
            change.give_up(blobs)
        raise
    finally:
        for change in ready:
            change.finish(db)


def commit_between(
    db: sqlite3.Connection, blobs: Blobs, changes: Sequence[Change], ns: str, journals: Journals
) -> None:
    """Do the same between a Worker's commits, each change completely or not at all.

    Small changes share a transaction; large ones are made in steps, with a journal. If one fails,
    its `error` is set, and the others continue.
    """
    turn = _QuietMoments(db)
    small: list[Change] = []
    for change in [*changes, None]:
        if change is not None and (not change.large or change.must_be_whole(db)):
            change.limit = STEP
            small.append(change)
            continue
        ready: list[Change] = []
        _prepare(db, blobs, small, ready)
        for group in _groups(ready):
            _run(turn, blobs, group)
        small = []
        if change is not None:
            with_journal([(ns, change)], lambda _: (db, blobs), journals, turn=turn)


def with_journal(
    changes: Sequence[tuple[str, Change]],
    reach: Reach,
    journals: Journals,
    *,
    turn: _QuietMoments | None = None,
) -> None:
    """Make large changes to one or several namespaces together, in steps.

    If one fails, sets the `error` of all and undoes them.
    """
    try:
        journal = _written(changes, reach, journals)
    except Exception as error:
        for _, change in changes:
            change.give_up()
            change.error = error
        return
    try:
        _roll(journal, reach, dict(changes), turn)
    except Exception as error:
        failed = _taken_back(journal, reach, dict(changes), turn, error)
        for _, change in changes:
            change.error = failed
    else:
        journal.remove()
    for _, change in changes:
        change.finish()


def _taken_back(
    journal: Journal,
    reach: Reach,
    changes: dict[str, Change],
    turn: _QuietMoments | None,
    cause: Exception,
) -> Exception:
    """Undo the changes, now or later, and return the error to report."""
    marked = False
    try:
        with contextlib.suppress(OSError):  # a full disk has no room for a mark
            journal.roll_back()
            marked = True
        journal.back = True
        _roll(journal, reach, changes, turn)
    except Exception as error:
        journal.close()
        for change in changes.values():
            change.gone = []
        what = "taken back" if marked else "finished"
        return UnfinishedError(
            f"Writing stopped in the middle ({cause}), and what was there could not be put back "
            f"({error}). {journal.path} has all of it: the change will be {what} when the "
            "namespace is opened next. Free space, or end the program that is in the way."
        )
    journal.remove()
    return cause


def finish_journals(journals: Journals, reach: Reach) -> dict[str, BlobIds]:
    """Finish the changes whose writers are gone, as far as the keys are writable now.

    Returns the values that rows no longer refer to, by namespace.
    """
    gone: dict[str, BlobIds] = {}
    if not journals.is_used():
        return gone
    for journal in journals.left():
        try:
            if journal.check():
                changes: dict[str, Change] = {}
                _roll(journal, reach, changes)
                for ns, change in changes.items():
                    gone.setdefault(ns, BlobIds())
                    gone[ns] += change.gone
        except DamagedError as error:
            _LOG.warning("%s is damaged (%s) and is removed", journal.path, error)
        except (OSError, sqlite3.Error, StoreError) as error:
            if journal.path not in journals.logged:  # it is retried again and again
                journals.logged.add(journal.path)
                _LOG.warning("%s can't be finished now: %s", journal.path, error)
            journal.close()
            continue
        journal.remove()
    return gone


def _prepare(
    db: sqlite3.Connection, blobs: Blobs, changes: Sequence[Change], ready: list[Change]
) -> None:
    for change in changes:
        try:
            change.prepare(db, blobs)
        except (OSError, StoreError) as error:  # its value can't be written; the others' can
            change.give_up(blobs)
            change.error = error
        else:
            ready.append(change)


def _run(turn: _QuietMoments, blobs: Blobs, group: Sequence[Change]) -> None:
    try:
        turn.run(group)
    except Exception as error:
        for change in group:
            change.give_up(blobs)
            change.error = error


def _groups(parts: Sequence[Change]) -> list[list[Change]]:
    """Group parts up to the size of a step, none of which reads what another one writes."""
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


def _written(changes: Sequence[tuple[str, Change]], reach: Reach, journals: Journals) -> Journal:
    """Write the changes to a journal: from then on, they are final."""
    journal = journals.begin()
    try:
        for ns, change in changes:
            files = reach(ns)
            if files is None:
                raise StoreError(f'The namespace "{ns}" was removed in the meantime; try again.')
            with contextlib.closing(change.planned(files[0])) as rows:
                journal.add(ns, rows)
        journal.seal()
    except BaseException:
        journal.remove()
        raise
    return journal


def _roll(
    journal: Journal, reach: Reach, changes: dict[str, Change], turn: _QuietMoments | None = None
) -> None:
    """Apply the rows of a journal, or undo them, from where that was interrupted.

    What a Worker has written since the journal stays. Sets `gone` and `result` of the changes, and
    adds missing changes.
    """
    count = 0
    for ns, rows in journal.namespaces():
        change = changes.setdefault(ns, Change())
        gone = BlobIds()
        change.gone, change.result = gone, 0
        files = reach(ns)
        if files is None:
            count += sum(1 for _ in rows)
            continue
        db, blobs = files
        own = turn if turn is not None else _QuietMoments(db, in_use=False)
        now = change.now or int(time.time() * 1000)
        while True:
            done = 0 if journal.back else max(0, journal.done - count)
            some = list(itertools.islice(rows, min(own.step, done or own.step)))
            if not some:
                break
            count += len(some)
            step = _Step(some, blobs, now, back=journal.back, done=done > 0)
            try:
                own.run([step])
            except sqlite3.Error:
                change.is_cause = True
                raise
            gone += step.gone
            change.result += step.result
            if not journal.back and not done:
                change.check_left(step.left)
                journal.mark(count)


class _Step(Change):
    """Some rows of a journal, each applied only if the current row is the journal's old one.

    If the journal goes `back`, the old content is restored. Rows that are `done` are only read. The
    result is how many keys were deleted, and `left` are the keys with another row.
    """

    def __init__(
        self, rows: Sequence[Row], blobs: Blobs, now: int, *, back: bool, done: bool
    ) -> None:
        super().__init__()
        self.now = now
        self._rows = rows
        self._blobs = blobs
        self._back = back
        self._done = done
        self._puts: list[tuple[str, str, int | None, str | None]] = []
        self._deletes: list[str] = []
        self.left: list[str] = []

    def look(self, db: sqlite3.Connection) -> None:
        gone: list[str] = []
        self._puts, self._deletes, self.left, self.gone, self.result = [], [], [], gone, 0
        for key, old, new in self._rows:
            found = db.execute(_BLOB_ID, (key,)).fetchone()
            there = None if found is None else found[0]
            source, target = (new, old) if self._back else (old, new)
            if not self._done and not _names(source, there, self.now):
                self.left.append(key)
            elif not self._done and self._is_whole(target):
                if target is None:
                    self._deletes.append(key)
                    self.result += there is not None and _is_live(source, self.now)
                else:
                    self._puts.append((key, *target))
                there = target and target[0]
            gone += [value[0] for value in (old, new) if value is not None and value[0] != there]

    def apply(self, db: sqlite3.Connection) -> None:
        if self._puts:
            put_rows(db, self._puts)
        if self._deletes:
            delete_rows(db, self._deletes)

    def _is_whole(self, value: Value | None) -> bool:
        """Return whether a value is still on disk: a Worker that deletes a key removes it."""
        if value is None or self._back:
            return True
        try:
            return self._blobs.current().exists(value[0])
        except (OSError, StoreError):
            return False


def _is_live(value: Value | None, now: int) -> bool:
    return value is not None and (value[1] is None or value[1] > now)


def _names(value: Value | None, there: str | None, now: int) -> bool:
    """Return whether a row is unchanged; one that has expired may be gone."""
    if there is None:
        return not _is_live(value, now)
    return value is not None and value[0] == there


class _QuietMoments:
    """Finds the moments when another program is unlikely to write."""

    def __init__(self, db: sqlite3.Connection, in_use: bool = True) -> None:
        self._db = db
        self._version = data_version(db)
        self._heard = time.monotonic() if in_use else -math.inf
        self._pauses: deque[float] = deque(maxlen=8)  # between the last commits we saw
        self._restless = False  # waiting hasn't found a pause

    @property
    def step(self) -> int:
        """How many rows one transaction may take."""
        return STEP if time.monotonic() - self._heard < IN_USE_SECONDS else QUIET_STEP

    def run(self, parts: Sequence[Change]) -> None:
        """Apply parts in one transaction at the next such moment."""
        db = self._db
        limit = time.monotonic() + BUSY_SECONDS
        while True:
            self._wait()
            try:
                # reads before the first written row don't need the lock
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
                self._heard = time.monotonic()  # the other program is writing right now

    def _wait(self) -> None:
        """Wait for a pause; if none comes, for the end of a commit."""
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


def is_busy(error: sqlite3.Error) -> bool:
    """Return whether another connection's lock caused the error."""
    return "locked" in str(error) or "busy" in str(error)
