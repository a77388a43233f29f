"""Many entries at a time, for any store.

A store that reads many in one go offers `get_many`; every other one is asked key by key.

A damaged key is one key's trouble: its error takes the entry's place. Who reads many gives a
function that is told of it, and gets all others; without one the error is raised.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from kvlens.kv.records import Entry, Write
from kvlens.stores.base import DamagedKeyError, Store

Found = Entry | DamagedKeyError | None
Damaged = Callable[[DamagedKeyError], object]

PAGE_KEYS = 500
PAGE_SIZE = 4 * 1024 * 1024  # bytes of values


@runtime_checkable
class ReadsMany(Protocol):
    """What a store may offer besides `Store`, where a call for each key would be dear."""

    async def get_many(self, ns: str, keys: Sequence[str], size: int) -> Sequence[Found]:
        """Return the entries of the first keys, None for one that is not there.

        It may stop where the values have `size` bytes together, but never before the first key.
        """


def in_parts(writes: Iterable[Write], count: int, size: int) -> Iterator[list[Write]]:
    """Cut writes into parts: `count` at most, and `size` bytes of values unless one has more."""
    part: list[Write] = []
    held = 0
    for write in writes:
        if part and (len(part) == count or held + len(write.value) > size):
            yield part
            part, held = [], 0
        part.append(write)
        held += len(write.value)
    if part:
        yield part


async def get_many(
    store: Store, ns: str, keys: Sequence[str], size: int = PAGE_SIZE
) -> Sequence[Found]:
    """Return the entries of the first keys, as many as `size` bytes of values allow.

    At least one, so that whoever asks for the rest comes to an end. Raises StoreError.
    """
    if isinstance(store, ReadsMany):
        return await store.get_many(ns, keys, size)
    found: list[Found] = []
    for key in keys:
        try:
            entry = await store.get(ns, key)
        except DamagedKeyError as error:
            found.append(error)
            continue
        found.append(entry)
        size -= len(entry.value) if entry else 0
        if size <= 0:
            break
    return found


async def each(
    store: Store, ns: str, keys: Sequence[str], damaged: Damaged | None = None
) -> AsyncIterator[tuple[str, Entry | None]]:
    """Yield every key with its entry, in the order given. Raises StoreError.

    A damaged key is left out where `damaged` is told of it.
    """
    at = 0
    while at < len(keys):
        asked = keys[at : at + PAGE_KEYS]
        found = await get_many(store, ns, asked)
        for key, entry in zip(asked, found, strict=False):
            if not isinstance(entry, DamagedKeyError):
                yield key, entry
            elif damaged is None:
                raise entry
            else:
                damaged(entry)
        at += len(found)


async def everything(
    store: Store, ns: str, *, prefix: str = "", damaged: Damaged | None = None
) -> AsyncIterator[tuple[str, Entry]]:
    """Yield the entries of a namespace in the order of the keys, whatever their number.

    What another program changes meanwhile is seen or not, key by key. Raises StoreError; a
    damaged key is left out where `damaged` is told of it.
    """
    after: str | None = None
    while True:
        page = await store.list(ns, prefix=prefix, after=after)
        async for key, entry in each(store, ns, [info.name for info in page.keys], damaged):
            if entry is not None:  # else it went meanwhile
                yield key, entry
        if page.complete or not page.keys:
            return
        after = page.keys[-1].name
