"""A view of a namespace's keys: filtered, sorted, read page by page, up to date.

It looks through the namespace in the background, in small steps, and again when keys have changed.
Of many matches it keeps places to continue from, not their names, so its size is limited.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from kvlens.chunks import chunks
from kvlens.errors import KVLensError
from kvlens.internal import log_internal_error
from kvlens.kv.clock import system_clock
from kvlens.operations.errors import InvalidError
from kvlens.operations.target import Target
from kvlens.search.language import Filter
from kvlens.search.rows import Row
from kvlens.search.sorting import sort_key
from kvlens.stores.base import Step, Store

SORT_LIMIT = 100_000  # matching keys; more are in the order of the keys
PAGE_LIMIT = 1000  # rows that are read at once
_KEPT_SIZE = 16 * 1024 * 1024  # characters of names in memory; more are only counted
_MARK_EVERY = 1000  # matches between two places to continue from
_NAMES_AT_ONCE = 10_000  # of one step, so that reading the answer doesn't delay other requests
_FIRST_STEP = 0.02  # seconds
_WAIT = 0.01  # seconds that `start` waits for a small namespace to be complete
_REPORT_EVERY = 0.1
_REST = 0.2  # seconds between a change and the next search, or
_REST_FACTOR = 4  # this many times what the search before took
_READ_AT_ONCE = 500  # rows, to sort


class Index:
    """The matching keys of one search: their names, or some places among them."""

    def __init__(self) -> None:
        self.names: list[str] | None = []
        """All of them in the order of the view; None if they are too many."""
        self.order = "key"
        self.matched = self.scanned = 0
        self.complete = False
        self.marks: list[tuple[int, str | None]] = [(0, None)]
        """How many keys match up to a key, and that key."""
        self._size = 0

    def next_step(self, after: str | None) -> Step:
        """Return the next part of the search; the first one is short."""
        if not self.scanned:
            return Step(after, limit=PAGE_LIMIT, seconds=_FIRST_STEP)
        if self.names is not None:
            return Step(after, limit=min(_NAMES_AT_ONCE, SORT_LIMIT + 1 - self.matched))
        return Step(after, _MARK_EVERY, skip=-(self.matched + 1) % _MARK_EVERY)

    def add(self, names: Sequence[str], matched: int, scanned: int, last: str | None) -> None:
        """Add the result of a step."""
        if self.names is None:
            first = self.matched + -(self.matched + 1) % _MARK_EVERY + 1
            self._mark((first + at * _MARK_EVERY, name) for at, name in enumerate(names))
        else:
            self.names += names
            self._size += sum(map(len, names))
        self.matched += matched
        self.scanned += scanned
        if self.names is None:
            self._mark([(self.matched, last)] if last is not None else [])
        elif self.matched > SORT_LIMIT or self._size > _KEPT_SIZE:
            kept, self.names = self.names, None
            whole = range(_MARK_EVERY - 1, len(kept), _MARK_EVERY)
            self._mark((at + 1, kept[at]) for at in whole)
            self._mark([(self.matched, last)] if last is not None else [])

    def _mark(self, marks: Any) -> None:
        self.marks += marks


class State(NamedTuple):
    """How far a view is."""

    matched: int
    scanned: int
    total: int | None
    done: bool
    order: str
    stale: bool = False
    """Whether rows that were read before may have changed."""
    message: str | None = None
    """Why the search failed."""


class View:
    """A view; `report` is called when its state changes, at most 10 times a second."""

    def __init__(
        self,
        target: Target,
        filter: Filter,
        sort: str,
        descending: bool,
        report: Callable[[State], None],
    ) -> None:
        self.target = target
        self._filter = filter
        self._sort = sort
        self._descending = descending
        self._report_to = report
        self._index = Index()
        self._total: int | None = None
        self._message: str | None = None
        self._changed = asyncio.Event()
        self._first = asyncio.Event()  # a step has been made, or has failed
        self._complete = asyncio.Event()
        self._error: BaseException | None = None
        self._reported = -_REPORT_EVERY
        self._noted = -_REST
        self._expiry: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        """How far it is."""
        index = self._index
        return State(
            index.matched,
            index.scanned,
            self._total,
            self._complete.is_set(),
            index.order,
            message=self._message,
        )

    async def start(self) -> None:
        """Begin to search, and wait for the first keys. Raises the errors of `Store.find`."""
        self._task = asyncio.get_running_loop().create_task(self._run())
        await self._first.wait()
        if self._error is not None:
            self.close()
            raise self._error
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._complete.wait(), _WAIT)

    async def complete(self) -> None:
        """Wait until all keys are found and sorted. Raises the errors of `Store.find`."""
        await self._complete.wait()
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Stop searching."""
        if self._expiry is not None:
            self._expiry.cancel()
        if self._task is not None:
            self._task.cancel()
        self._first.set()  # nobody waits for what doesn't come
        self._complete.set()

    def keys_changed(self) -> None:
        """Note that keys have changed: search again."""
        self._changed.set()
        now = time.monotonic()
        if self._complete.is_set() and now - self._noted >= _REST:
            self._noted = now
            self._report(stale=True)

    async def rows(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from an offset; fewer if keys are gone or haven't been found yet.

        Raises InvalidError, and StoreError.
        """
        if offset < 0:
            raise InvalidError(
                "", lambda spell: f"{spell('offset')} is {offset}; it takes 0 or more"
            )
        if not 0 < limit <= PAGE_LIMIT:
            raise InvalidError(
                "", lambda spell: f"{spell('limit')} is {limit}; it takes 1 to {PAGE_LIMIT}"
            )
        store = await self.target.store()
        names = await self._names(store, offset, limit)
        found = await store.rows(self.target.id, names) if names else ()
        rows = [row for row in found if row is not None]
        await self._wake(rows, store)
        return rows

    async def _wake(self, rows: Sequence[Row], store: Store) -> None:
        """Search again when the first of these rows expires, which no store reports."""
        soonest = min((row.expiration for row in rows if row.expiration), default=None)
        if soonest is None:
            return
        shift = await store.shift()
        if shift.frozen is not None:
            return
        loop = asyncio.get_running_loop()
        delay = max(_REST, soonest - shift.time(system_clock()))
        if self._expiry is not None:
            if self._expiry.when() <= loop.time() + delay:
                return
            self._expiry.cancel()
        self._expiry = loop.call_later(delay, self._expired)

    def _expired(self) -> None:
        self._expiry = None
        self.keys_changed()

    async def keys(self, limit: int) -> list[str]:
        """Return the names of the first matching keys, in the order of the keys.

        Searches again if it didn't keep them. Raises the errors of `Store.find`.
        """
        await self.complete()
        return await self._names(await self.target.store(), 0, limit)

    # the search ---------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            began = time.monotonic()
            try:
                await self._search()
            except Exception as error:
                known = isinstance(error, KVLensError | OSError)
                self._message = str(error) if known else log_internal_error("the table", error)
                self._error = error
                self._first.set()
                self._complete.set()
                self._report()
            took = time.monotonic() - began
            await self._changed.wait()
            await asyncio.sleep(max(_REST, _REST_FACTOR * took))

    async def _search(self) -> None:
        store = await self.target.store()
        again = self._complete.is_set()
        index = Index()
        if not again:
            self._index = index
        after: str | None = None
        while not index.complete:
            found = await store.find(self.target.id, self._filter, index.next_step(after))
            after = found.last or after
            index.add(found.names, found.matched, found.scanned, found.last)
            index.complete = found.complete
            if not self._first.is_set():
                self._first.set()
            if not again and not index.complete:
                if self._total is None:
                    self._total = await store.count(self.target.id)
                if time.monotonic() - self._reported >= _REPORT_EVERY:
                    self._report()
        if self._sort != "key" and index.names is not None:
            index.names = await self._sorted(store, index.names)
            index.order = self._sort
        self._total = (
            index.scanned if not self._filter.prefix else await store.count(self.target.id)
        )
        self._message = self._error = None
        self._index = index
        self._complete.set()
        self._report(stale=again or index.order != "key")

    async def _sorted(self, store: Store, names: list[str]) -> list[str]:
        key_of = sort_key(self._sort)
        assert key_of is not None
        keyed: list[tuple[Any, str]] = []
        unknown: list[str] = []
        for some in chunks(names, _READ_AT_ONCE):
            for row in await store.rows(self.target.id, some):
                if row is not None:
                    key = key_of(row)
                    if key is None:
                        unknown.append(row.name)
                    else:
                        keyed.append((key, row.name))
        keyed.sort()
        if self._descending:
            keyed.reverse()
        return [*(name for _, name in keyed), *unknown]

    def _report(self, *, stale: bool = False) -> None:
        self._reported = time.monotonic()
        self._report_to(self.state._replace(stale=stale))

    # pages --------------------------------------------------------------------------------------

    async def _names(self, store: Store, offset: int, limit: int) -> list[str]:
        """Return the names of the keys from an offset."""
        index = self._index
        if not self._descending or index.order != "key":
            return await self._ascending(store, index, offset, limit)
        end = max(0, index.matched - offset)
        start = max(0, end - limit)
        found = await self._ascending(store, index, start, end - start)
        found.reverse()
        return found

    async def _ascending(self, store: Store, index: Index, offset: int, limit: int) -> list[str]:
        if index.names is not None:
            return index.names[offset : offset + limit]
        limit = min(limit, index.matched - offset)
        at = bisect_right(index.marks, offset, key=lambda mark: mark[0]) - 1
        before, after = index.marks[at]
        skip = offset - before
        names: list[str] = []
        while len(names) < limit:
            step = Step(after, skip=skip, limit=skip + limit - len(names))
            found = await store.find(self.target.id, self._filter, step)
            names += found.names
            skip = max(0, skip - found.matched)
            after = found.last or after
            if found.complete:
                break
        return names
