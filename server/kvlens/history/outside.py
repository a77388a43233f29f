"""Records what other programs do to the keys, such as `wrangler dev`: they don't tell us.

Of all processes of KV Lens that use a project, one looks, which holds a lock. Each records its own
changes by itself. Puts of KV Lens are known by their values' names (`OutsideChanges`); a deleted
key is another program's if the history doesn't say after a moment that it was one of us.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Container, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from kvlens.history import queries
from kvlens.history.database import PLACE, open_history
from kvlens.history.queries import Recorded
from kvlens.history.recorder import Recorder
from kvlens.history.records import Change, LeftOut
from kvlens.kv.records import State, Unknown
from kvlens.stores.base import Store, StoreError
from kvlens.stores.origin import OUTSIDE, Origin
from kvlens.stores.outside import Look, OutsideChange, OutsideChanges
from kvlens.stores.wrangler.database import Database
from kvlens.stores.wrangler.lock_file import LockFile

LOCK = "outside.lock"
MOST_KEYS = 20_000  # of one look that are recorded key by key
TRY_AGAIN = 5.0  # seconds until the lock is tried again
SETTLED = 2.0  # seconds in which every process records a delete of its own
SHARE = 10  # a look is repeated only after this many times its duration
FLUSHED = 2.0  # seconds to wait until this process's own changes are recorded

_LOG = logging.getLogger(__name__)


class _Gone(NamedTuple):
    """Deleted keys of one look."""

    ns: str
    changes: list[OutsideChange]
    more: int
    since: float  # of the look before
    seen: float
    due: float  # monotonic

    def only(self, keys: Container[str]) -> _Gone:
        """Return it with these keys."""
        return self._replace(changes=[one for one in self.changes if one.key in keys], more=0)

    def without(self, keys: Container[str]) -> _Gone:
        """Return it without these keys."""
        return self._replace(changes=[one for one in self.changes if one.key not in keys])


class _Namespace:
    def __init__(self, ns: str, changes: OutsideChanges) -> None:
        self.ns = ns
        self.changes = changes
        self.begun = False
        self.looked = 0.0  # when, by the real clock
        self.next = 0.0  # monotonic


class Outside:
    """Looks at the namespaces of a store, in a separate thread."""

    def __init__(self, store: Store, recorder: Recorder) -> None:
        self._store = store
        self._recorder = recorder
        self._thread = ThreadPoolExecutor(1, "kv-outside")
        self._namespaces: dict[str, _Namespace] = {}
        self._changed: set[str] = set()
        self._gone: list[_Gone] = []
        self._task: asyncio.Task[None] | None = None
        self._lock = LockFile(recorder.folder, PLACE, LOCK)
        self._try_at = 0.0
        self._complaint = ""
        self._closing = False

    def poll(self, namespaces: Sequence[str], changed: Iterable[str]) -> None:
        """Look at what another program has `changed`, soon. Called often; never blocks."""
        self._changed.update(set(changed).intersection(namespaces))
        if (self._task is None or self._task.done()) and not self._is_idle(namespaces):
            self._task = asyncio.get_running_loop().create_task(self._look(namespaces))

    async def close(self) -> None:
        """Wait for the end of a look, and release the files."""
        self._closing = True
        for one in self._namespaces.values():
            one.changes.stop()
        if self._task is not None:
            await asyncio.wait([self._task])
        for one in self._namespaces.values():
            one.changes.close()
        self._lock.release()
        self._thread.shutdown()

    def _is_idle(self, namespaces: Iterable[str]) -> bool:
        known = (self._namespaces.get(ns) for ns in namespaces)
        if not all(one is not None and one.begun for one in known):
            return False
        return self._lock.held and not self._changed and not self._gone

    async def _look(self, namespaces: Iterable[str]) -> None:
        for ns in namespaces:
            if ns not in self._namespaces:
                changes = self._store.outside(ns, self._recorder.limit // 2)
                if changes is None:
                    return
                with contextlib.suppress(StoreError):
                    await self._store.list(ns, limit=1)  # from now on, `poll` reports it
                self._namespaces[ns] = _Namespace(ns, changes)
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._work)
        except (StoreError, OSError, sqlite3.Error) as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        if str(error) != self._complaint and not self._closing:
            self._complaint = str(error)
            _LOG.warning("Changes by other programs are not in the history for now: %s", error)

    # -- in the thread -----------------------------------------------------------------------

    def _work(self) -> None:
        held = self._lock.held
        if time.monotonic() < self._try_at:
            return
        if not self._lock.hold():
            self._try_at = time.monotonic() + TRY_AGAIN
            self._changed.clear()
            return
        if not held:
            self._gone.clear()
            for one in self._namespaces.values():
                one.begun = False
        for one in self._namespaces.values():
            if self._closing:
                return
            try:
                self._visit(one)
            except StoreError as error:
                one.begun = False
                one.next = time.monotonic() + TRY_AGAIN
                self._complain(error)
        now = time.monotonic()
        due = [one for one in self._gone if one.due <= now]
        if due:
            self._gone = [one for one in self._gone if one.due > now]
            self._settle(due)

    def _visit(self, one: _Namespace) -> None:
        now = time.monotonic()
        if (one.begun and one.ns not in self._changed) or now < one.next:
            return
        self._changed.discard(one.ns)
        looked = time.time()
        found = None
        if not one.begun:
            one.changes.begin()
            one.begun = True
        else:
            found = one.changes.read(MOST_KEYS, self._recorder.limit // 2, time.time)
            if found is None:
                self._changed.add(one.ns)
                return
        before, one.looked = one.looked, looked
        one.next = now + SHARE * (time.monotonic() - now)
        if found is not None:
            self._add_found(one.ns, found, before, looked)

    def _unless_expired(self, state: State) -> State:
        """Return it, unless it has really expired: a moved clock only hides it."""
        if state is None or state.expiration is None or state.expiration > time.time():
            return state
        return None

    def _add_found(self, ns: str, found: Look, since: float, looked: float) -> None:
        put = {change.key for change in found.put}
        early = [gone.only(put) for gone in self._gone if gone.ns == ns]
        self._gone = [gone.without(put) if gone.ns == ns else gone for gone in self._gone]
        self._settle(gone for gone in early if gone.changes)
        if found.deleted:
            due = time.monotonic() + SETTLED
            gone = _Gone(ns, found.deleted, found.more_deleted, since, looked, due)
            self._gone.append(gone)
        if found.put:
            with self._history() as db:
                known = queries.changes_by_us(db, self._recorder.store, ns, since, put)
                changes = []
                for change in found.put:
                    before = change.before
                    if known is None:
                        before = Unknown()
                    elif last := _last(known.get(change.key, ()), looked):
                        before = self._unless_expired(queries.content(db, last, after=True))
                    changes.append(change._replace(before=before))
            self._add(ns, changes, found.more_put, looked)

    def _settle(self, due: Iterable[_Gone]) -> None:
        """Record deletes that nobody of us has recorded."""
        for gone in due:
            with self._history() as db:
                keys = {change.key for change in gone.changes}
                store = self._recorder.store
                known = queries.changes_by_us(db, store, gone.ns, gone.since, keys)
                if known is None:  # too many to be recorded one by one, so these may be among them
                    continue
                changes = []
                ours = 0
                for change in gone.changes:
                    made = known.get(change.key, [])
                    if any(one.after is None for one in made):
                        ours += 1
                        continue
                    last = _last(made, gone.seen)
                    if last is not None and last.before is not None:
                        before = self._unless_expired(queries.content(db, last, after=True))
                        change = change._replace(before=before)
                    if change.before is not None:
                        changes.append(change)
            self._add(gone.ns, changes, 0 if ours else gone.more, gone.seen)

    def _add(self, ns: str, changes: Iterable[OutsideChange], more: int, when: float) -> None:
        origin = Origin.action_of(OUTSIDE, "")
        add, store = self._recorder.add, self._recorder.store
        for key, before, after in changes:
            add(Change(origin, when, store, ns, key, before, after))
        if more:
            add(LeftOut(origin, when, store, more))

    @contextlib.contextmanager
    def _history(self) -> Iterator[Database]:
        """Open the history, with all that this process has changed."""
        self._recorder.flush(FLUSHED)
        db = open_history(self._recorder.folder, self._recorder.limit, create=True)
        assert db is not None
        with contextlib.closing(db):
            yield db


def _last(changes: Sequence[Recorded], until: float) -> Recorded | None:
    """Return the last of the changes up to a time."""
    return next((one for one in reversed(changes) if one.time <= until), None)
