"""A store that records the changes made through it: the one gate to the history.

What a key was before is read right before it is changed. Nothing waits in between for a small
change of a local store; if another program writes in that moment, its value isn't in the history.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TypeVar

from kvlens.history.database import Change, LeftOut
from kvlens.history.outside import Outside
from kvlens.history.recorder import Recorder
from kvlens.history.size import MOST_KEYS
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
from kvlens.stores.batch import each_found
from kvlens.stores.origin import UNKNOWN, Origin
from kvlens.stores.outside import OutsideChanges
from kvlens.stores.parts import Part

T = TypeVar("T")
_Key = tuple[str, str]


class _InProgress:
    """A key while changes of it are in progress: the last one to end tells the others."""

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
        origin = self._one_action()
        taken = [_Taken(batch, self.recorder.limit // 2) for batch in batches]
        for one in taken:
            await asyncio.get_running_loop().run_in_executor(None, one.take)
        states = [await self._states(one.batch.ns, one.keys()) for one in taken]
        deleted = await self._store.change_many([one.rest() for one in taken])
        for one, before in zip(taken, states, strict=True):
            if before is None:
                origin._left_out(one.batch.ns, one.count)
            else:
                await origin._add_all(one, before)
        return deleted

    async def delete(self, ns: str, keys: Sequence[str]) -> int:
        origin = self._one_action()
        states = await self._states(ns, keys)
        deleted = await self._store.delete(ns, keys)
        origin._deleted(ns, keys, states, deleted)
        return deleted

    async def delete_unchanged(self, ns: str, seen: Sequence[Seen]) -> Sequence[str]:
        origin = self._one_action()
        states = await self._states(ns, [one.key for one in seen])
        deleted = await self._store.delete_unchanged(ns, seen)
        origin._deleted(ns, deleted, states, len(deleted))
        return deleted

    async def clear(self, ns: str) -> int:
        origin = self._one_action()
        states: dict[str, State] | None = None
        page = await self._store.list(ns, limit=MOST_KEYS)
        if page.complete:
            keys = [info.name for info in page.keys if not info.foreign]
            states = await self._states(ns, keys)
        deleted = await self._store.clear(ns)
        origin._deleted(ns, list(states or ()), states, deleted)
        return deleted

    def _one_action(self) -> RecordingStore:
        """Return the store for changes that belong together, even without a name."""
        if self._origin.action:
            return self
        return self.by(Origin.action_of(self._origin.writer, self._origin.title))

    async def _states(self, ns: str, keys: Sequence[str] | None) -> dict[str, State] | None:
        """Return what keys are now; None if that is too much to be recorded."""
        if keys is None or len(keys) > MOST_KEYS:
            return None
        states: dict[str, State] = {}
        room = self.recorder.limit // 2
        wanted = iter(keys)
        try:
            async for found in each_found(self._whole, ns, keys):
                if isinstance(found, Entry):
                    room -= len(found.value)
                    if room < 0:
                        return None
                states[next(wanted)] = Unknown() if isinstance(found, DamagedKeyError) else found
        except StoreError:  # the change meets it too
            return None
        return states

    def _deleted(
        self, ns: str, keys: Iterable[str], states: dict[str, State] | None, count: int
    ) -> None:
        if states is None:
            self._left_out(ns, count)
            return
        for key in dict.fromkeys(keys):
            self._add(ns, key, states.get(key), None)

    async def _add_all(self, one: _Taken, states: dict[str, State]) -> None:
        for key, write in one.changes().items():
            if isinstance(write, Seen):
                if await self._state(one.batch.ns, key) is None:
                    self._add(one.batch.ns, key, states.get(key), None)
            else:
                self._add(one.batch.ns, key, states.get(key), write and _after(write))

    def _left_out(self, ns: str, count: int) -> None:
        if count:
            recorder = self.recorder
            recorder.add(LeftOut(self._origin, time.time(), recorder.store, count))


def _after(write: Write) -> Entry:
    return Entry(write.value, write.metadata, write.expiration)


class _Taken:
    """A batch that was read ahead, as far as it is small enough to be recorded key by key."""

    def __init__(self, batch: Batch, size: int) -> None:
        self.batch = batch
        self.count = 0  # of all changes, after the store has read them
        self._room = size
        self._whole = True
        self._writes: list[Write] = []
        self._deletes: list[str] = []
        self._unchanged: list[Seen] = []
        self._rest: tuple[Iterable[Write], Iterable[str], Iterable[Seen]] = ((), (), ())

    def take(self) -> None:
        """Read ahead. Blocks, and raises what the batch raises to cancel the change."""
        sources = iter(self.batch.writes), iter(self.batch.deletes), iter(self.batch.unchanged)
        self._rest = sources
        for source, target in zip(
            sources, (self._writes, self._deletes, self._unchanged), strict=True
        ):
            for item in source:
                target.append(item)  # type: ignore[attr-defined]
                self.count += 1
                self._room -= item.size() if isinstance(item, Write) else 0
                if self.count > MOST_KEYS or self._room < 0:
                    self._whole = False
                    return

    def rest(self) -> Batch:
        """Return the batch with everything in it."""
        read = len(self._writes), len(self._deletes), len(self._unchanged)
        writes = chain(self._writes, self._counted(self._rest[0]))
        deletes = chain(self._deletes, self._counted(self._rest[1]))
        unchanged = chain(self._unchanged, self._counted(self._rest[2]))
        if self._whole:
            self.count = sum(read)
            return Batch(
                self.batch.ns, self._writes, self._deletes, self._unchanged, self.batch.expected
            )
        return Batch(self.batch.ns, writes, deletes, unchanged, self.batch.expected)

    def keys(self) -> list[str] | None:
        """Return the keys; None if there is too much to be recorded."""
        return list(self.changes()) if self._whole else None

    def changes(self) -> dict[str, Write | Seen | None]:
        """Return what becomes of each key: None if it is deleted, `Seen` if it may be."""
        found: dict[str, Write | Seen | None] = {one.key: one for one in self._unchanged}
        found.update(dict.fromkeys(self._deletes))
        found.update({write.key: write for write in self._writes})
        return found

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
