"""A namespace of a snapshot as a store that only reads: to compare with, and to copy from."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NoReturn, TypeVar

from kvlens.kv.clock import Clock, system_clock
from kvlens.kv.records import Entry, KeyInfo, Page, Stats, Write
from kvlens.seeds.snapshots import Entries, Snapshot, SnapshotEntry
from kvlens.stores.base import Batch, Found, Replaced, Seen, Store, StoreError, StoreInfo

MARK_EVERY = 500  # keys between two remembered places in the file

T = TypeVar("T")


def _open_url(url: str, base: Path, clock: Clock) -> NoReturn:
    raise StoreError(f'"{url}" is not the URL of a store: name the snapshot instead.')


INFO = StoreInfo((), "a namespace of a snapshot", _open_url)


class SnapshotStore(Store):
    """One namespace of a snapshot, whatever its name is. Remembers places in the file, no values.

    Every method raises SnapshotError if the file is damaged.
    """

    info = INFO
    writable = False

    def __init__(
        self, snapshot: Snapshot, kept: SnapshotEntry, clock: Clock = system_clock
    ) -> None:
        self._name = snapshot.name
        self._keys = kept.keys
        self._size = kept.size
        self._entries = Entries(snapshot, kept)
        self._clock = clock
        self._file: BinaryIO | None = None
        self._marks: list[tuple[str, int]] = []  # some keys and their offsets, in order
        self._busy = asyncio.Lock()

    def now(self) -> float:
        return self._clock()

    async def get(self, ns: str, key: str) -> Entry | None:
        (found,) = await self.get_many(ns, [key], 0)
        assert not isinstance(found, StoreError)
        return found

    async def get_many(self, ns: str, keys: Sequence[str], size: int) -> Sequence[Found]:
        return await self._read(lambda: list(self._found(keys, size)))

    async def list(
        self, ns: str, *, prefix: str = "", limit: int = 1000, after: str | None = None
    ) -> Page:
        def read() -> Page:
            keys: list[KeyInfo] = []
            for key, entry in self._from(max(prefix, after or "")):
                if key.startswith(prefix) and (after is None or key > after):
                    if len(keys) == limit:
                        return Page(keys, complete=False)
                    keys.append(KeyInfo(key, entry.expiration, entry.metadata))
                elif key > prefix and not key.startswith(prefix):
                    break
            return Page(keys, complete=True)

        return await self._read(read)

    async def stats(self, ns: str) -> Stats:
        return Stats(self._keys, self._size)

    async def close(self) -> None:
        if self._file is not None:
            self._file.close()

    async def _read(self, work: Callable[[], T]) -> T:
        """Do something with the file in a thread, which has been checked."""

        def checked() -> T:
            if self._file is None:
                file = self._entries.handle()
                for number, (offset, key, _) in enumerate(self._entries.walk(file)):
                    if number % MARK_EVERY == 0:
                        self._marks.append((key, offset))
                self._file = file
            return work()

        async with self._busy:
            return await asyncio.to_thread(checked)

    def _from(self, key: str) -> Iterator[tuple[str, Entry]]:
        """Yield the entries that haven't expired, from `key` or a little before."""
        at = max(0, bisect_right(self._marks, key, key=lambda mark: mark[0]) - 1)
        if self._file is None or not self._marks:
            return
        self._file.seek(self._marks[at][1])
        now = self._clock()
        for _, _, name, entry in self._entries.items(self._file):
            if entry.expiration is None or entry.expiration > now:
                yield name, entry

    def _found(self, keys: Sequence[str], size: int) -> Iterator[Entry | None]:
        """Yield the entries of keys, until they have `size` bytes in total."""
        passed: str | None = None  # the last key that was read
        held: tuple[str, Entry] | None = None
        entries: Iterator[tuple[str, Entry]] = iter(())
        for key in keys:
            next_mark = bisect_right(self._marks, passed or "", key=lambda mark: mark[0])
            far = next_mark < len(self._marks) and key >= self._marks[next_mark][0]
            if passed is None or key <= passed or far:
                entries, held = self._from(key), None
            while held is None or held[0] < key:
                held = next(entries, None)
                if held is None:
                    break
            passed = key
            found = held[1] if held and held[0] == key else None
            yield found
            size -= len(found.value) if found else 0
            if size <= 0:
                return

    # it can't be changed ------------------------------------------------------------------

    def _refuse(self) -> NoReturn:
        raise StoreError(f'The snapshot "{self._name}" can\'t be changed. Save a new one instead.')

    async def put(self, ns: str, write: Write) -> None:
        self._refuse()

    async def put_unchanged(self, ns: str, write: Write, expected: str) -> bool:
        self._refuse()

    async def put_many(self, ns: str, writes: Iterable[Write]) -> None:
        self._refuse()

    async def change_many(self, batches: Sequence[Batch]) -> int:
        self._refuse()

    async def replace(
        self, ns: str, key: str, value: bytes, expected: str | None = None
    ) -> Replaced:
        self._refuse()

    async def delete(self, ns: str, keys: Sequence[str]) -> int:
        self._refuse()

    async def delete_unchanged(self, ns: str, seen: Sequence[Seen]) -> Sequence[str]:
        self._refuse()

    async def clear(self, ns: str) -> int:
        self._refuse()
