"""`memory:` keeps keys as long as the process runs."""

from __future__ import annotations

import asyncio
import copy
import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from pathlib import Path

from kvlens.kv.clock import Clock, MovableClock, Shift
from kvlens.kv.records import Entry, KeyInfo, Page, Stats, Write
from kvlens.stores.base import (
    Batch,
    ChangedError,
    Replaced,
    Seen,
    Store,
    StoreError,
    StoreInfo,
    after_prefix,
    digest,
    has_digest,
)

AT_ONCE = 500  # writes applied in one iteration of the event loop


def _open_url(url: str, base: Path, clock: Clock) -> Store:
    if url.lower() != "memory:":
        raise StoreError(f'Unknown store "{url}": use memory: with nothing after it.')
    return MemoryStore(clock)


STORE = StoreInfo(
    ("memory:",),
    "in memory only: keys live as long as the emulator",
    _open_url,
    shared=False,
)


async def _next_turn() -> None:
    """Wait for the loop's next iteration, even without a task: see `Store.inline`."""
    loop = asyncio.get_running_loop()
    turn = loop.create_future()
    loop.call_soon(_ring, turn)
    await turn


def _ring(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)


class _Names:
    """The keys of a namespace, sorted when a list needs them in order.

    Python compares text by code point, which is the order of its UTF-8 bytes.
    """

    FEW = 64  # up to this number, inserting each one is faster than sorting

    def __init__(self) -> None:
        self._sorted: list[str] = []
        self._fresh: set[str] = set()  # not in _sorted yet
        self._dead: set[str] = set()  # deleted, but still in _sorted

    def add(self, name: str) -> None:
        """Add a new name."""
        if name in self._dead:
            self._dead.remove(name)
        else:
            self._fresh.add(name)

    def remove(self, name: str) -> None:
        """Remove an existing name."""
        if name in self._fresh:
            self._fresh.remove(name)
        else:
            self._dead.add(name)

    def in_order(self) -> list[str]:
        """Return the names in order."""
        names, fresh, dead = self._sorted, self._fresh, self._dead
        if dead:
            if len(dead) <= self.FEW:
                for name in dead:
                    del names[bisect_left(names, name)]
            else:
                names = self._sorted = [name for name in names if name not in dead]
            dead.clear()
        if fresh:
            if len(fresh) <= self.FEW:
                for name in fresh:
                    insort(names, name)
            else:
                names.extend(sorted(fresh))
                names.sort()  # two sorted runs: a merge
            self._fresh = set()
        return names


class _Namespace:
    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.names = _Names()
        self.size = 0

    def put(self, write: Write) -> None:
        key = write.key
        before = self.entries.get(key)
        if before is None:
            self.names.add(key)
        else:
            self.size -= len(before.value)
        self.entries[key] = Entry(write.value, write.metadata, write.expiration)
        self.size += len(write.value)

    def delete(self, key: str) -> None:
        self.size -= len(self.entries.pop(key).value)
        self.names.remove(key)


class MemoryStore(Store):
    """Namespaces in dictionaries; lists stay fast with a million keys."""

    info = STORE
    inline = True

    def __init__(self, clock: Clock) -> None:
        self._movable = MovableClock(clock)
        self._clock: Clock = self._movable
        self._namespaces: dict[str, _Namespace] = {}

    def _namespace(self, ns: str) -> _Namespace:
        found = self._namespaces.get(ns)
        if found is None:
            found = self._namespaces[ns] = _Namespace()
        return found

    async def get(self, ns: str, key: str) -> Entry | None:
        space = self._namespaces.get(ns)
        if space is None:
            return None
        entry = space.entries.get(key)
        expires = None if entry is None else entry.expiration
        if expires is not None and expires <= self._clock():
            self._drop(space, [key])
            return None
        return entry

    def _drop(self, space: _Namespace, expired: Sequence[str]) -> None:
        """Delete expired keys, unless they may come back."""
        if not self._movable.is_moved:
            for key in expired:
                space.delete(key)

    async def put(self, ns: str, write: Write) -> None:
        self._namespace(ns).put(write)

    async def put_unchanged(self, ns: str, write: Write, expected: str) -> bool:
        same = has_digest(await self.get(ns, write.key), expected)
        if same:
            self._namespace(ns).put(write)
        return same

    async def change_many(self, batches: Sequence[Batch]) -> int:
        staged: list[tuple[str, dict[str, Write | None], list[Seen]]] = []
        read: list[tuple[str, Seen]] = []
        for ns, writes, deletes, unchanged, expected in batches:
            rows: dict[str, Write | None] = {}
            for number, write in enumerate(writes, 1):
                rows[write.key] = write
                if number % AT_ONCE == 0:
                    await _next_turn()  # let other tasks run, such as one that cancels
            for key in deletes:
                rows.setdefault(key, None)
            staged.append((ns, rows, list(unchanged)))
            read += ((ns, one) for one in expected)
        whole = self.with_hidden()
        for ns, one in read:
            entries = await self.get(ns, one.key), await whole.get(ns, one.key)
            if not any(map(one.is_same, entries)):
                raise ChangedError(one.key)
        deleted = 0
        for ns, rows, seen in staged:
            space = self._namespace(ns)
            for row in rows.values():
                if row is not None:
                    space.put(row)
            deleted += await self.delete(ns, [key for key, row in rows.items() if row is None])
            deleted += len(await self.delete_unchanged(ns, seen))
        return deleted

    async def replace(
        self, ns: str, key: str, value: bytes, expected: str | None = None
    ) -> Replaced:
        entry = await self.get(ns, key)
        if entry is None:
            return Replaced.GONE
        if expected is not None and digest(entry.value) != expected:
            return Replaced.CHANGED
        self._namespace(ns).put(Write(key, value, entry.metadata, entry.expiration))
        return Replaced.DONE

    async def delete(self, ns: str, keys: Sequence[str]) -> int:
        space = self._namespace(ns)
        now = self._clock()
        deleted = 0
        for key in keys:
            entry = space.entries.get(key)
            if entry is None:
                continue
            if entry.expiration is None or entry.expiration > now:
                deleted += 1
                space.delete(key)
            else:
                self._drop(space, [key])
        return deleted

    async def delete_unchanged(self, ns: str, seen: Sequence[Seen]) -> Sequence[str]:
        deleted = []
        for one in seen:
            if one.is_same(await self.get(ns, one.key)):
                self._namespace(ns).delete(one.key)
                deleted.append(one.key)
        return deleted

    async def list(
        self, ns: str, *, prefix: str = "", limit: int = 1000, after: str | None = None
    ) -> Page:
        space = self._namespaces.get(ns)
        if space is None:
            return Page([], True)
        names = space.names.in_order()
        start = bisect_left(names, prefix)
        if after is not None:
            start = max(start, bisect_right(names, after))
        end = after_prefix(prefix)
        stop = len(names) if end is None else bisect_left(names, end, start)
        now = self._clock()
        found: list[KeyInfo] = []
        expired: list[str] = []
        complete = True
        for index in range(start, stop):
            name = names[index]
            entry = space.entries[name]
            if entry.expiration is not None and entry.expiration <= now:
                expired.append(name)
            elif len(found) == limit:
                complete = False
                break
            else:
                found.append(KeyInfo(name, entry.expiration, entry.metadata))
        self._drop(space, expired)
        return Page(found, complete)

    async def stats(self, ns: str) -> Stats:
        space = self._namespaces.get(ns)
        if space is None:
            return Stats(0, 0)
        now = self._clock()
        gone = [k for k, e in space.entries.items() if (e.expiration or math.inf) <= now]
        keys = len(space.entries) - len(gone)
        size = space.size - sum(len(space.entries[key].value) for key in gone)
        self._drop(space, gone)
        return Stats(keys, size)

    async def clear(self, ns: str) -> int:
        space = self._namespaces.get(ns)
        if space is None:
            return 0
        if self._movable.is_moved:
            return await self.delete(ns, list(space.entries))
        count = (await self.stats(ns)).keys or 0
        del self._namespaces[ns]
        return count

    async def namespaces(self) -> Sequence[str]:
        return sorted(self._namespaces)

    def now(self) -> float:
        return self._clock()

    async def shift(self) -> Shift:
        return self._movable.shift

    async def move_clock(self, shift: Shift, expected: Shift | None = None) -> bool:
        return self._movable.move(shift, expected)

    async def next_expiring(self, ns: str) -> KeyInfo | None:
        space, now = self._namespaces.get(ns), self._clock()
        entries = space.entries.items() if space is not None else ()
        coming = ((e.expiration, k) for k, e in entries if (e.expiration or 0) > now)
        _, key = min(coming, default=(None, None))
        if space is None or key is None:
            return None
        entry = space.entries[key]
        return KeyInfo(key, entry.expiration, entry.metadata)

    def with_hidden(self) -> MemoryStore:
        store = copy.copy(self)
        store._clock = self._movable.earliest
        return store

    async def close(self) -> None:
        self._namespaces.clear()
