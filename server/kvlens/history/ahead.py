"""Records a change of many keys before it is made: what it removes is then never only in memory.

What the keys are goes into one transaction of the history, which ends before the change begins. So
the change can be undone even if the process is killed in the middle, and a change that doesn't fit
removes nothing from the history.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Collection, Sequence

from kvlens.errors import InternalError
from kvlens.history.database import open_history
from kvlens.history.recorder import Recorder
from kvlens.history.records import Change
from kvlens.history.writing import Latest, date, insert, remove, shrink
from kvlens.stores.base import StoreError
from kvlens.stores.wrangler.database import Database

FLUSHED = 5.0  # seconds to wait until what was changed before is recorded

_LOG = logging.getLogger(__name__)
_ERRORS = (sqlite3.Error, OSError, StoreError, ValueError)


class Ahead:
    """Changes of one action, to be made. Every method blocks, and none raises.

    If the history can't take them, they are `lost`.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.lost = False
        self._recorder = recorder
        self._db: Database | None = None
        self._latest = Latest()
        self._size = 0
        self._ids = range(0)

    def add(self, changes: Sequence[Change]) -> None:
        """Add changes. No other process adds any until `keep` or `drop`."""
        if self.lost:
            return
        limit = self._recorder.limit
        size = sum(change.cost() for change in changes)
        self._size += size
        try:
            if self._size > limit:
                raise FullError
            if self._db is None:
                self._recorder.flush(FLUSHED)
                self._db = open_history(self._recorder.folder, limit, create=True)
                assert self._db is not None
                self._db.execute("BEGIN IMMEDIATE")
            added = insert(self._db, changes, size, limit, self._latest)
            self._ids = range(self._ids.start or added.start, added.stop)
        except FullError:
            self._lose()
        except _ERRORS as error:
            self._lose(error)

    def keep(self) -> None:
        """Make what was added final, before the changes are made."""
        try:
            if self._db is not None:
                self._db.execute("COMMIT")
        except _ERRORS as error:
            self._lose(error)

    def made(self, unmade: Collection[tuple[str, str]]) -> None:
        """Note that the changes were made just now, but those with some namespaces and keys."""
        self._end(unmade)

    def drop(self) -> None:
        """Remove what was added: the changes were not made."""
        self._end(None)

    def _end(self, unmade: Collection[tuple[str, str]] | None) -> None:
        db, self._db = self._db, None
        if db is None:
            return
        try:
            if db.in_transaction:
                db.execute("ROLLBACK")
            elif self._ids:
                db.execute("BEGIN IMMEDIATE")
                if unmade is None or unmade:
                    remove(db, self._ids, unmade)
                if unmade is not None:
                    date(db, self._ids, time.time())
                db.execute("COMMIT")
                shrink(db, self._recorder.limit)
                self._recorder.added()
        except _ERRORS as error:
            self._complain(error)
        finally:
            db.close()

    def _lose(self, error: Exception | None = None) -> None:
        self.lost = True
        if self._db is not None:
            self._db.close()  # which rolls back
            self._db = None
        if error is not None:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        _LOG.warning("A change of many keys can't be recorded in the history: %s", error)


class FullError(InternalError):
    """The changes take more than the history's size."""
