"""Find keys by a filter, in small steps: for every store that has no faster way.

A step reads for a short time. To go on, start the next one after the last key; to cancel, don't.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

from kvlens.kv.records import Entry, KeyInfo, Page
from kvlens.search.kinds import HEAD
from kvlens.search.language import Content, Filter
from kvlens.search.rows import Row, row_of
from kvlens.stores.base import DamagedKeyError, Found, Matches, Step, Store
from kvlens.stores.batch import PAGE_SIZE

PAGE_KEYS = 1000


class Growing:
    """The result of a step, as it grows."""

    def __init__(self, step: Step) -> None:
        self._every = step.every
        self._next = step.skip
        self._limit = step.limit
        self.names: list[str] = []
        self.matched = 0
        self.scanned = 0
        self.last: str | None = None

    def add(self, names: Sequence[str], matching: Sequence[str]) -> bool:
        """Add the next keys and those of them that match; return whether that is enough."""
        room = self._limit - self.matched
        if len(matching) >= room:
            matching = matching[:room]
            names = names[: names.index(matching[-1]) + 1]
        self.names += matching[self._next :: self._every]
        self._next -= len(matching)
        if self._next < 0:
            self._next %= self._every
        self.matched += len(matching)
        self.scanned += len(names)
        if names:
            self.last = names[-1]
        return self.matched >= self._limit

    def result(self, complete: bool) -> Matches:
        """Return the result of the step."""
        return Matches(self.names, self.matched, self.scanned, self.last, complete)


async def find(store: Store, ns: str, filter: Filter, step: Step) -> Matches:
    """See `Store.find`."""
    until = time.monotonic() + step.seconds
    found = Growing(step)
    after, now = step.after, store.now()
    while True:
        page = await store.list(ns, prefix=filter.prefix, limit=PAGE_KEYS, after=after)
        names = [info.name for info in page.keys]
        matching = await _matching(store, ns, filter, page, now)
        enough = found.add(names, matching)
        if page.complete or not names:
            whole = found.last == names[-1] if names else True
            return found.result(complete=whole)
        if enough or time.monotonic() >= until:
            return found.result(complete=False)
        after = found.last


async def _matching(store: Store, ns: str, filter: Filter, page: Page, now: float) -> list[str]:
    """Return the names of a page's keys that match; filters run in a thread."""

    def by_info() -> list[KeyInfo]:
        return [
            info for info in page.keys if filter.has_name(info.name) and filter.has_info(info, now)
        ]

    infos = page.keys
    if filter.names or filter.infos:
        infos = await asyncio.to_thread(by_info)
    if not filter.contents:
        return [info.name for info in infos]
    matching: list[str] = []
    async for some in _entries(store, ns, infos):
        matching += await asyncio.to_thread(_by_content, filter, some)
    return matching


def _by_content(filter: Filter, some: list[tuple[KeyInfo, Entry]]) -> list[str]:
    return [
        info.name
        for info, entry in some
        if filter.has_content(Content(info, entry.value[:HEAD], len(entry.value), entry.value))
    ]


async def _entries(
    store: Store, ns: str, infos: Sequence[KeyInfo]
) -> AsyncIterator[list[tuple[KeyInfo, Entry]]]:
    """Yield the readable entries of keys, some at a time."""
    at = 0
    while at < len(infos):
        some = infos[at : at + PAGE_KEYS]
        found = await store.get_many(ns, [info.name for info in some], PAGE_SIZE)
        at += len(found)
        pairs = zip(some, found, strict=False)
        yield [(info, entry) for info, entry in pairs if isinstance(entry, Entry)]


async def rows(store: Store, ns: str, names: Sequence[str]) -> list[Row | None]:
    """See `Store.rows`."""
    found: list[Row | None] = []
    while len(found) < len(names):
        some = names[len(found) : len(found) + PAGE_KEYS]
        entries = await store.get_many(ns, some, PAGE_SIZE)
        found += await asyncio.to_thread(_rows, some, entries)
    return found


def _rows(names: Sequence[str], entries: Sequence[Found]) -> list[Row | None]:
    return [_row(name, entry) for name, entry in zip(names, entries, strict=False)]


def _row(name: str, entry: Found) -> Row | None:
    if entry is None:
        return None
    if isinstance(entry, DamagedKeyError):
        return Row(name, damaged=str(entry))
    info = KeyInfo(name, entry.expiration, entry.metadata)
    return row_of(info, entry.value[:HEAD], len(entry.value))
