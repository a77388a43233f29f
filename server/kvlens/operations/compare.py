"""Compare two namespaces, of any stores, key by key.

Both lists are read page by page and merged. A store answers with digests of the values, so no value
is kept, and of a million keys only a few bytes each; see `Results`.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from bisect import bisect_right as bisect
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import Literal, NamedTuple

from kvlens.chunks import chunks
from kvlens.errors import KVLensError
from kvlens.internal import log_internal_error
from kvlens.operations.compared import DIFFERENT, Difference, Kind, Leaves, Results
from kvlens.operations.errors import InvalidError
from kvlens.operations.sides import Side, Times
from kvlens.search.language import Filter, read
from kvlens.search.rows import Row
from kvlens.stores.base import NOTHING, DamagedKeyError, Seen, Step, Store

Which = Literal["left", "right"]
FIRST_PAGE = 100  # keys of the first page, which is shown first
PAGE_LIMIT = 1000  # rows that are read at once, and keys of a page of a list
READ_SIZE = 64 * 1024 * 1024  # bytes of values that a store reads for one answer
_REPORT_EVERY = 0.1
_STEP = 250  # keys that are compared without a pause
_PAUSE_EVERY = 2000  # keys that are looked through without a pause
_WAIT = 0.05  # seconds that `start` waits for a small comparison to be complete
_REST = 0.3  # seconds between a change and the next comparison, or
_REST_FACTOR = 4  # this many times what the one before took
_FOLLOW = 2.0  # seconds: a comparison that takes longer is repeated only on request

_ALL = read("")

Found = Seen | DamagedKeyError


class State(NamedTuple):
    """How far a comparison is."""

    counts: dict[Kind, int]
    shown: int
    """The rows that match the filter."""
    done: bool
    time: float
    """When it began, in seconds since the epoch."""
    stale: bool = False
    """Whether keys have changed since."""
    message: str | None = None
    """Why it failed; what was found before stays."""


class Pair(NamedTuple):
    """A row: a key as it is on both sides now, and what differed when it was compared."""

    name: str
    difference: Difference
    left: Row | None
    right: Row | None


class Clocks(NamedTuple):
    """The times on both sides, which differ if the clock of one was moved.

    Keys that only a moved clock hides are compared too, or a copy would lose them.
    """

    left: Times
    right: Times

    @classmethod
    async def of(cls, left: Side, right: Side) -> Clocks:
        """Return the times now. Raises StoreError."""
        return cls(await left.times(), await right.times())

    @property
    def is_moved(self) -> bool:
        """Whether a clock was moved."""
        return self.left.is_moved or self.right.is_moved

    def shows(self, left: Found | None, right: Found | None) -> bool:
        """Return whether a key is there by the clock of a side that has it."""
        there = [one for one in ((left, self.left), (right, self.right)) if one[0] is not None]
        return not self.is_moved or not all(_is_over(found, times.now) for found, times in there)

    def leaves(self, left: Found | None, right: Found | None) -> Leaves:
        """Return whether a copy leaves a key that has expired by one of the clocks only."""
        if not self.is_moved:
            return False, False
        mine, theirs = (left, self.left), (right, self.right)
        return _is_left(theirs, mine), _is_left(mine, theirs)


def _is_left(source: tuple[Found | None, Times], target: tuple[Found | None, Times]) -> bool:
    found, times = source
    there, times_there = target
    if found is None:  # a delete: the source may lack it because it has expired
        return _is_over(there, max(times.now, times_there.now))
    return _is_over(found, max(times.now, times_there.earliest))


def _is_over(found: Found | None, now: float) -> bool:
    return isinstance(found, Seen) and found.expiration is not None and found.expiration <= now


class _Keys:
    """The keys of a namespace with the digests of their values, in order, page by page."""

    def __init__(self, store: Store, ns: str) -> None:
        self._store = store
        self._ns = ns
        self._page: list[tuple[str, Found]] = []
        self._limit = FIRST_PAGE
        self._after: str | None = None
        self._complete = False
        self._next: asyncio.Task[tuple[list[tuple[str, Found]], bool]] | None = None

    @property
    def last(self) -> str | None:
        """The last key that was read and not taken; None if there is none."""
        return self._page[-1][0] if self._page else None

    def take(self, last: str) -> list[tuple[str, Found]]:
        """Take the keys up to a name."""
        page = self._page
        count = len(page) if page and page[-1][0] <= last else bisect(page, last, key=_name)
        self._page = page[count:]
        return page if count == len(page) else page[:count]

    async def read(self) -> None:
        """Go on to the next page if all keys were taken. Raises StoreError."""
        while not self._page and not self._complete:
            self._next = self._next or asyncio.create_task(self._read_next())
            self._page, self._complete = await self._next
            # the next one is read while this one is compared
            self._next = None if self._complete else asyncio.create_task(self._read_next())

    async def _read_next(self) -> tuple[list[tuple[str, Found]], bool]:
        """Return a page, and whether it is the last one."""
        step = Step(after=self._after, limit=self._limit)
        page = await self._store.find(self._ns, _ALL, step)
        found = digests(self._store, self._ns, page.names)
        kept = [one async for one in found if _present(one[1]) is not None]
        self._after, self._limit = page.last, PAGE_LIMIT
        return kept, page.complete

    async def stop(self) -> None:
        """Stop reading ahead."""
        if self._next is not None:
            self._next.cancel()
            await asyncio.gather(self._next, return_exceptions=True)


def _name(one: tuple[str, Found]) -> str:
    return one[0]


def _paired(
    left: list[tuple[str, Found]], right: list[tuple[str, Found]]
) -> list[tuple[str, Found | None, Found | None]]:
    """Return each key of both lists once, in order, with what it is on both sides."""
    theirs = dict(right)
    rows: list[tuple[str, Found | None, Found | None]] = [
        (name, found, theirs.pop(name, None)) for name, found in left
    ]
    if theirs:
        rows += [(name, None, found) for name, found in theirs.items()]
        rows.sort(key=itemgetter(0))
    return rows


async def digests(store: Store, ns: str, names: Sequence[str]) -> AsyncIterator[tuple[str, Found]]:
    """Yield each name with the digest of its value. Raises StoreError."""
    at = 0
    while at < len(names):
        for found in await store.digests(ns, names[at : at + PAGE_LIMIT], READ_SIZE):
            yield names[at], found
            at += 1


class Comparison:
    """A comparison; `report` is called when its state changes, at most 10 times a second."""

    def __init__(self, left: Side, right: Side, report: Callable[[State], None]) -> None:
        self.left, self.right = left, right
        self._report_to = report
        self.results = Results()
        self._kinds: frozenset[Kind] = frozenset(DIFFERENT)
        self._filter = read("")
        self._shown = array("Q")
        self._asked = 0  # how often other rows were asked for
        self._began = time.time()
        self._took = 0.0
        self._stale = False
        self._message: str | None = None
        self._error: BaseException | None = None
        self._complete = asyncio.Event()
        self._reported = -_REPORT_EVERY
        self._task: asyncio.Task[None] | None = None
        self._follower: asyncio.Task[None] | None = None

    def side(self, which: Which) -> Side:
        """Return a side."""
        return self.left if which == "left" else self.right

    @property
    def state(self) -> State:
        """How far it is."""
        return State(
            dict(self.results.counts),
            len(self._shown),
            self._complete.is_set(),
            self._began,
            self._stale,
            self._message,
        )

    async def notices(self) -> list[str]:
        """Return what to say about moved clocks of the sides. Raises StoreError."""
        said = [await side.notice() for side in (self.left, self.right)]
        return list(dict.fromkeys(filter(None, said)))

    # running ------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to compare, or begin again. Raises the errors of a store that can't be read."""
        self.cancel()
        self._complete.clear()
        self._task = asyncio.get_running_loop().create_task(self._run())
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._complete.wait(), _WAIT)

    async def complete(self) -> None:
        """Wait until all keys are compared. Raises the errors of a store that can't be read."""
        await self._complete.wait()
        if self._error is not None:
            raise self._error

    def cancel(self) -> None:
        """Stop; what was found stays."""
        if self._task is not None:
            self._task.cancel()
        self._complete.set()

    async def close(self) -> None:
        """Stop, and close what was opened for it."""
        self.cancel()
        if self._follower is not None:
            self._follower.cancel()
        tasks = [task for task in (self._task, self._follower) if task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.left.close()
        await self.right.close()

    def fail(self, why: str) -> None:
        """Stop, because a side is gone."""
        self.cancel()
        self._message = why
        self._report()

    def keys_changed(self) -> None:
        """Note that keys have changed: compare again if that is quick and costs nothing."""
        if not self._stale:
            self._stale = True
            self._report()
        free = "remote" not in (self.left.place, self.right.place)
        idle = self._follower is None or self._follower.done()
        if free and self._took <= _FOLLOW and idle:
            self._follower = asyncio.get_running_loop().create_task(self._follow())

    async def _follow(self) -> None:
        while self._stale and self._took <= _FOLLOW:
            await asyncio.sleep(max(_REST, _REST_FACTOR * self._took))
            await self._complete.wait()
            await self.start()
            await self._complete.wait()

    async def _run(self) -> None:
        began = time.monotonic()
        self._began, self._stale = time.time(), False
        self._message = self._error = None
        try:
            await self._compare()
        except Exception as error:
            known = isinstance(error, KVLensError | OSError)
            self._message = str(error) if known else log_internal_error("the comparison", error)
            self._error = error
        self._took = time.monotonic() - began
        self._complete.set()
        self._report()

    async def _compare(self) -> None:
        """Merge both lists. What was found before stays until all is found again."""
        again = len(self.results) > 0
        results = Results() if again else self.results
        clocks = await Clocks.of(self.left, self.right)
        left = _Keys(await self.left.whole(), self.left.target.id)
        right = _Keys(await self.right.whole(), self.right.target.id)
        try:
            await self._merge(left, right, results, clocks, show=not again)
        finally:
            await left.stop()
            await right.stop()
        if again:
            self.results = results
            await self.show(self._filter, self._kinds)

    async def _merge(
        self, left: _Keys, right: _Keys, results: Results, clocks: Clocks, *, show: bool
    ) -> None:
        """Add the keys of both sides to the results, and those to show to the rows."""
        while True:
            await asyncio.gather(left.read(), right.read())
            lasts = [one for one in (left.last, right.last) if one is not None]
            if not lasts:
                return
            rows = _paired(left.take(min(lasts)), right.take(min(lasts)))
            if clocks.is_moved:
                rows = [row for row in rows if clocks.shows(*row[1:])]
            for some in chunks(rows, _STEP):
                first = len(results)
                kinds = results.add(some, clocks.leaves)
                if show:
                    self._shown.extend(
                        first + at
                        for at, kind in enumerate(kinds)
                        if kind in self._kinds and self._filter.has_name(some[at][0])
                    )
                if time.monotonic() - self._reported >= _REPORT_EVERY:
                    self._report()
                await asyncio.sleep(0)

    def _report(self) -> None:
        self._reported = time.monotonic()
        self._report_to(self.state)

    # rows ---------------------------------------------------------------------------------------

    async def show(self, filter: Filter, kinds: Collection[Kind]) -> None:
        """Choose the rows. Raises InvalidError for a filter of more than keys."""
        if filter.infos or filter.contents:
            raise InvalidError(
                "a comparison is filtered by key only, such as user:* or /^user/; the filter has "
                "something else"
            )
        self._filter, self._kinds = filter, frozenset(kinds)
        self._asked += 1
        asked, results = self._asked, self.results
        shown = array("Q")
        for seen, number in enumerate(results.numbers(self._kinds), 1):
            if not filter.names or filter.has_name(results.name(number)):
                shown.append(number)
            if seen % _PAUSE_EVERY == 0:
                await asyncio.sleep(0)
                if asked != self._asked or results is not self.results:
                    return  # something else was asked for meanwhile
        last = shown[-1] if shown else -1
        rest = results.numbers(self._kinds, last + 1)  # found meanwhile
        shown.extend(at for at in rest if filter.has_name(results.name(at)))
        self._shown = shown

    def shown_numbers(self) -> array[int]:
        """Return the numbers of all rows."""
        return self._shown

    def numbers_of(self, names: Sequence[str]) -> array[int]:
        """Return the numbers of keys, in order; without those that were not compared."""
        found = {at for name in names if (at := self.results.find(name)) is not None}
        return array("Q", sorted(found))

    async def rows(
        self, offset: int, limit: int, among: tuple[Results, array[int]] | None = None
    ) -> list[Pair]:
        """Return rows as they are now, of those shown or of others. Raises StoreError."""
        if offset < 0 or not 0 < limit <= PAGE_LIMIT:
            raise InvalidError(
                "", lambda spell: f"{spell('limit')} is {limit}; it takes 1 to {PAGE_LIMIT}"
            )
        results, numbers = (self.results, self._shown) if among is None else among
        some = numbers[offset : offset + limit]
        names = [results.name(at) for at in some]
        differences = [results.difference(at) for at in some]
        left, right = await asyncio.gather(
            *(_rows(side, names) for side in (self.left, self.right))
        )
        return [Pair(*pair) for pair in zip(names, differences, left, right, strict=True)]

    # after a change -----------------------------------------------------------------------------

    async def compare_again(self, results: Results, numbers: Sequence[int]) -> None:
        """Compare some keys again, such as those that were copied. Raises StoreError."""
        if results is not self.results:  # all were compared again meanwhile
            await self.start()
            return
        clocks = await Clocks.of(self.left, self.right)
        for some in chunks(numbers, PAGE_LIMIT):
            names = [results.name(at) for at in some]
            sides = []
            for side in (self.left, self.right):
                store = await side.whole()
                found = [one async for one in digests(store, side.target.id, names)]
                sides.append([_present(one) for _, one in found])
            for at, left, right in zip(some, *sides, strict=True):
                results.set(at, left, right, clocks.leaves(left, right))
        await self.show(self._filter, self._kinds)
        self._report()


def _present(found: Found) -> Found | None:
    return None if isinstance(found, Seen) and found.digest == NOTHING else found


async def _rows(side: Side, names: Sequence[str]) -> Sequence[Row | None]:
    store = await side.whole()
    return await store.rows(side.target.id, names) if names else []
