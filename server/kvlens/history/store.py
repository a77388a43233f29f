"""A store that records the changes made through it: the one gate to the history.

What a key was before is read right before it is changed. Nothing waits in between for a small
change of a local store; if another program writes in that moment, its value isn't in the history.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from kvlens.chunks import chunks
from kvlens.history.gather import Gathered
from kvlens.history.outside import Outside
from kvlens.history.recorder import Recorder
from kvlens.history.records import Change
from kvlens.history.size import cost
from kvlens.kv.clock import Shift
from kvlens.kv.records import Entry, KeyInfo, Page, State, Stats, Unknown, Write
from kvlens.search.language import Filter
from kvlens.search.rows import Row
from kvlens.stores.base import (
    Batch,
    Children,
    DamagedKeyError,
    Found,
    Matches,
    Replaced,
    Seen,
    Step,
    Store,
    StoreError,
)
from kvlens.stores.batch import PAGE_KEYS, PAGE_SIZE, each_found
from kvlens.stores.origin import UNKNOWN, Origin
from kvlens.stores.outside import OutsideChanges
from kvlens.stores.parts import Part
from kvlens.stores.spool import SeenSpool, Spool

PAGE_LIMIT = 10_000  # keys that `clear` lists at once

T = TypeVar("T")
_Key = tuple[str, str]


class _InProgress:
    """A key while changes of it are in progress: the last one to end tells the others."""

    __slots__ = ("count", "ended", "state")

    def __init__(self) -> None:
        self.count = 0
        self.ended = 0
        self.state: State = None


class RecordingStore(Store):
    """Records what is changed through it, in the name of its origin."""

    has_history = True

    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        origin: Origin = UNKNOWN,
        in_progress: dict[_Key, _InProgress] | None = None,
        whole: Store | None = None,
    ) -> None:
        self.info = store.info
        self.inline = store.inline
        self.recorder = recorder
        self._store = store
        self._whole = whole or store.with_hidden()  # a put replaces also what a moved clock hides
        self._origin = origin
        self._in_progress: dict[_Key, _InProgress] = {} if in_progress is None else in_progress
        self.watched: Sequence[str] = ()
        """Namespaces in which what other programs change is recorded too, by calls of `poll`."""
        self._outside: Outside | None = None
        self._last: RecordingStore | None = None  # of `by`

    def by(self, origin: Origin) -> RecordingStore:
        last = self._last
        if last is None or last._origin != origin:
            self._last = last = RecordingStore(
                self._store, self.recorder, origin, self._in_progress, self._whole
            )
        return last

    @property
    def atomic(self) -> bool:  # type: ignore[override]
        return self._store.atomic

    @property
    def writable(self) -> bool:  # type: ignore[override]
        return self._store.writable

    @property
    def shared(self) -> bool:
        return self._store.shared

    @property
    def has_sizes(self) -> bool:
        return self._store.has_sizes

    @property
    def local_path(self) -> Path | None:
        return self._store.local_path

    # -- reading ---------------------------------------------------------------------------

    async def get(self, ns: str, key: str) -> Entry | None:
        return await self._store.get(ns, key)

    async def peek(self, ns: str, key: str) -> Entry | None:
        return await self._store.peek(ns, key)

    async def get_many(self, ns: str, keys: Sequence[str], size: int) -> Sequence[Found]:
        return await self._store.get_many(ns, keys, size)

    async def digests(
        self, ns: str, keys: Sequence[str], size: int
    ) -> Sequence[Seen | DamagedKeyError]:
        return await self._store.digests(ns, keys, size)

    async def list(
        self, ns: str, *, prefix: str = "", limit: int = 1000, after: str | None = None
    ) -> Page:
        return await self._store.list(ns, prefix=prefix, limit=limit, after=after)

    async def part(self, ns: str, key: str, start: int, limit: int) -> Part | None:
        return await self._store.part(ns, key, start, limit)

    async def find(self, ns: str, filter: Filter, step: Step) -> Matches:
        return await self._store.find(ns, filter, step)

    async def rows(self, ns: str, names: Sequence[str]) -> Sequence[Row | None]:
        return await self._store.rows(ns, names)

    async def children(
        self, ns: str, prefix: str, delimiters: Sequence[str], after: str | None, limit: int
    ) -> Children:
        return await self._store.children(ns, prefix, delimiters, after, limit)

    async def count_prefixes(self, ns: str, prefixes: Sequence[str], most: int) -> Sequence[int]:
        return await self._store.count_prefixes(ns, prefixes, most)

    async def count(self, ns: str) -> int | None:
        return await self._store.count(ns)

    async def stats(self, ns: str) -> Stats:
        return await self._store.stats(ns)

    def now(self) -> float:
        return self._store.now()

    async def time(self) -> float:
        return await self._store.time()

    async def shift(self) -> Shift:
        return await self._store.shift()

    async def move_clock(self, shift: Shift, expected: Shift | None = None) -> bool:
        return await self._store.move_clock(shift, expected)

    async def clock_problem(self) -> str:
        return await self._store.clock_problem()

    def with_hidden(self) -> Store:
        return self._whole

    async def next_expiring(self, ns: str) -> KeyInfo | None:
        return await self._store.next_expiring(ns)

    async def namespaces(self) -> Sequence[str]:
        return await self._store.namespaces()

    def poll(self) -> Sequence[str]:
        changed = self._store.poll()
        if self.watched:
            self._outside = self._outside or Outside(self._store, self.recorder)
            self._outside.poll(self.watched, changed)
        return changed

    def outside(self, ns: str, room: int) -> OutsideChanges | None:
        return self._store.outside(ns, room)

    async def close(self) -> None:
        if self._outside is not None:
            await self._outside.close()
        await self._store.close()
        await asyncio.get_running_loop().run_in_executor(None, self.recorder.close)

    # -- one key ---------------------------------------------------------------------------

    async def put(self, ns: str, write: Write) -> None:
        after = _after(write)
        _, before = await self._changing(ns, write.key, self._store.put(ns, write), after)
        self._add(ns, write.key, before, after)

    async def put_unchanged(self, ns: str, write: Write, expected: str) -> bool:
        change = self._store.put_unchanged(ns, write, expected)
        done, before = await self._changing(ns, write.key, change, _after(write))
        if done:
            self._add(ns, write.key, before, _after(write))
        return done

    async def replace(
        self, ns: str, key: str, value: bytes, expected: str | None = None
    ) -> Replaced:
        change = self._store.replace(ns, key, value, expected)
        done, before = await self._changing(ns, key, change, Unknown())
        if done:
            kept = before[1:] if isinstance(before, Entry) else (None, None)
            self._add(ns, key, before, Entry(value, *kept))
        return done

    async def _changing(
        self, ns: str, key: str, change: Awaitable[T], after: State
    ) -> tuple[T, State]:
        """Make a change of one key; return its result and what the key was before it."""
        place = ns, key
        in_progress = self._in_progress.get(place)
        if in_progress is None:
            in_progress = self._in_progress[place] = _InProgress()
        in_progress.count += 1
        try:
            ended = in_progress.ended
            try:
                before: State = await self._whole.peek(ns, key)
            except StoreError:  # of this key, or the change meets it too
                before = Unknown()
            result = await change
            if in_progress.ended != ended:  # another change of the key came in between
                before = in_progress.state
            if result is None or result:
                in_progress.ended += 1
                in_progress.state = after
            return result, before
        finally:
            in_progress.count -= 1
            if not in_progress.count:
                del self._in_progress[place]

    async def _state(self, ns: str, key: str) -> State:
        try:
            return await self._whole.get(ns, key)
        except StoreError:
            return Unknown()

    def _add(self, ns: str, key: str, before: State, after: State) -> None:
        if after is None and isinstance(before, Entry) and self._is_hidden(before):
            return  # a delete leaves what a moved clock hides
        if before is not None or after is not None:
            recorder = self.recorder
            recorder.add(Change(self._origin, time.time(), recorder.store, ns, key, before, after))

    def _is_hidden(self, entry: Entry) -> bool:
        return entry.expiration is not None and entry.has_expired(self.now())

    # -- several keys ----------------------------------------------------------------------

    async def change_many(self, batches: Sequence[Batch]) -> int:
        gathered = self._gathered()
        taken = [_Taken(batch) for batch in batches]
        try:
            for one in taken:
                await self._take(gathered, one)
            deleted = await gathered.make(
                self._store.change_many([one.batch_again() for one in taken])
            )
            await gathered.made(
                sum(one.count for one in taken),
                [] if gathered.lost else [key for one in taken for key in await self._kept(one)],
            )
        except BaseException:
            await gathered.forget()
            raise
        finally:
            for one in taken:
                one.close()
        return deleted

    async def _take(self, gathered: Gathered, one: _Taken) -> None:
        """Read a batch ahead, as far as it can be recorded."""
        loop = asyncio.get_running_loop()
        while not gathered.lost and (some := await loop.run_in_executor(None, one.take)):
            if isinstance(some[0], Write):
                after = {write.key: _after(write) for write in some}
                await self._gather(gathered, one.batch.ns, after)
            else:
                keys = [key.key if isinstance(key, Seen) else key for key in some]
                await self._gather(gathered, one.batch.ns, dict.fromkeys(keys))

    async def _kept(self, one: _Taken) -> Sequence[tuple[str, str]]:
        """Return the keys that stayed, because they had changed since they were read."""
        ns = one.batch.ns
        keys = [seen.key for seen in one.unchanged()]
        found = each_found(self._whole, ns, keys)
        names = iter(keys)
        return [(ns, name) async for state in found if (name := next(names)) and state is not None]

    async def delete(self, ns: str, keys: Sequence[str]) -> int:
        gathered = self._gathered()
        await self._gather_deletes(gathered, ns, keys)
        deleted = await gathered.make(self._store.delete(ns, keys))
        await gathered.made(deleted)
        return deleted

    async def delete_unchanged(self, ns: str, seen: Sequence[Seen]) -> Sequence[str]:
        gathered = self._gathered()
        keys = [one.key for one in seen]
        await self._gather_deletes(gathered, ns, keys)
        deleted = await gathered.make(self._store.delete_unchanged(ns, seen))
        kept = set(keys).difference(deleted)
        await gathered.made(len(deleted), {(ns, key) for key in kept})
        return deleted

    async def clear(self, ns: str) -> int:
        gathered = self._gathered()
        after: str | None = None
        if cost(await self._store.count(ns) or 0, 0) > self.recorder.limit:
            gathered.lose()
        try:
            while not gathered.lost:
                page = await self._store.list(ns, limit=PAGE_LIMIT, after=after)
                keys = [info.name for info in page.keys if not info.foreign]
                await self._gather_deletes(gathered, ns, keys)
                if page.complete or not page.keys:
                    break
                after = page.keys[-1].name
            deleted = await gathered.make(self._store.clear(ns))
        except BaseException:
            await gathered.forget()
            raise
        await gathered.made(deleted)
        return deleted

    def _gathered(self) -> Gathered:
        """Return what gathers changes that belong together, even without a name."""
        origin = self._origin
        if not origin.action:
            origin = Origin.action_of(origin.writer, origin.title)
        return Gathered(self.recorder, origin, self._whole)

    async def _gather_deletes(self, gathered: Gathered, ns: str, keys: Sequence[str]) -> None:
        for some in chunks(dict.fromkeys(keys), PAGE_KEYS):
            await self._gather(gathered, ns, dict.fromkeys(some))

    async def _gather(self, gathered: Gathered, ns: str, after: Mapping[str, State]) -> None:
        """Add what keys are and what they become; a few MB are in memory at once."""
        states: list[tuple[str, State, State]] = []
        size = 0
        names = iter(after)
        try:
            if gathered.lost:
                return
            async for found in each_found(self._whole, ns, list(after)):
                key = next(names)
                before = Unknown() if isinstance(found, DamagedKeyError) else found
                if after[key] is None and isinstance(before, Entry) and self._is_hidden(before):
                    continue  # a delete leaves what a moved clock hides
                states.append((key, before, after[key]))
                size += len(before.value) if isinstance(before, Entry) else 0
                if size > PAGE_SIZE:
                    await gathered.add(ns, states)
                    states, size = [], 0
        except StoreError:  # the change meets it too
            gathered.lose()
        await gathered.add(ns, states)


def _after(write: Write) -> Entry:
    return Entry(write.value, write.metadata, write.expiration)


class _Taken:
    """A batch that is read ahead in parts, and then once more."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.count = 0  # of all changes, after the store has read them
        self._spool = Spool()
        self._kept: tuple[list[str], SeenSpool] = [], SeenSpool()
        self._sources: list[Iterator[Any]] = [  # a write overrides a delete, so they come last
            iter(batch.unchanged),
            iter(batch.deletes),
            iter(batch.writes),
        ]
        self._at = 0

    def take(self) -> Sequence[Any]:
        """Read the next part, of one kind; nothing at the end.

        Blocks, and raises what the batch raises to cancel the change.
        """
        some: list[Any] = []
        while self._at < len(self._sources):
            size = 0
            for item in self._sources[self._at]:
                self._keep(item)
                some.append(item)
                size += item.size() if isinstance(item, Write) else 0
                if len(some) == PAGE_KEYS or size > PAGE_SIZE:
                    return some
            self._at += 1
            if some:
                break
        return some

    def _keep(self, item: Any) -> None:
        self.count += 1
        if isinstance(item, Write):
            self._spool.add(item)
        elif isinstance(item, Seen):
            self._kept[1].add(item)
        else:
            self._kept[0].append(item)

    def batch_again(self) -> Batch:
        """Return the batch with everything in it."""
        unchanged, deletes, writes = (self._counted(source) for source in self._sources)
        return self.batch._replace(
            writes=chain(self._spool.writes(), writes),
            deletes=chain(self._kept[0], deletes),
            unchanged=chain(self._kept[1], unchanged),
        )

    def unchanged(self) -> Iterable[Seen]:
        """Return the keys that are deleted if they haven't changed, as far as they were taken."""
        return self._kept[1]

    def close(self) -> None:
        """Discard what was taken."""
        self._spool.close()

    def _counted(self, items: Iterable[T]) -> Iterator[T]:
        for item in items:
            self.count += 1
            yield item


def recording(store: Store, folder: Path, url: str, limit: int) -> Store:
    """Return the store with a history in a project's folder, unless `limit` bytes are none.

    `url` is what the history calls the store, without passwords.
    """
    if not limit or store.has_history:
        return store
    return RecordingStore(store, Recorder(folder, url, limit))
