"""Read many entries, from any store.

A damaged key doesn't hide the others: its error is passed to the function `damaged`. Without that
function, the error is raised.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from kvlens.chunks import chunks
from kvlens.kv.records import Entry
from kvlens.stores.base import ChangedError, DamagedKeyError, Found, Seen, Store

Damaged = Callable[[DamagedKeyError], object]

PAGE_KEYS = 500
PAGE_SIZE = 4 * 1024 * 1024  # bytes of values


async def each_found(store: Store, ns: str, keys: Sequence[str]) -> AsyncIterator[Found]:
    """Yield the entry of every key, None or its error, in the order given. Raises StoreError."""
    at = 0
    while at < len(keys):
        for found in await store.get_many(ns, keys[at : at + PAGE_KEYS], PAGE_SIZE):
            yield found
            at += 1


async def digests(
    store: Store, ns: str, keys: Sequence[str], size: int
) -> list[Seen | DamagedKeyError]:
    """See `Store.digests`. At most `PAGE_SIZE` and one value are in memory at once."""
    import asyncio  # late: the command line rarely needs it

    found: list[Seen | DamagedKeyError] = []
    while len(found) < len(keys) and (size > 0 or not found):
        some = keys[len(found) : len(found) + PAGE_KEYS]
        entries = await store.get_many(ns, some, min(size, PAGE_SIZE))
        size -= sum(len(one.value) for one in entries if isinstance(one, Entry))
        found += await asyncio.to_thread(_digests, some, entries)
    return found


def _digests(keys: Sequence[str], entries: Sequence[Found]) -> list[Seen | DamagedKeyError]:
    return [
        entry if isinstance(entry, DamagedKeyError) else Seen.of(key, entry)
        for key, entry in zip(keys, entries, strict=False)
    ]


async def check_unchanged(store: Store, ns: str, seen: Iterable[Seen]) -> None:
    """Raise ChangedError if a key is no longer as it was read, and StoreError."""
    for some in chunks(seen, PAGE_KEYS):
        keys = [one.key for one in some]
        now = [found async for found in each_found(store, ns, keys)]
        for one, found in zip(some, now, strict=True):
            if isinstance(found, DamagedKeyError) or not one.is_same(found):
                raise ChangedError(one.key)


async def each(
    store: Store, ns: str, keys: Sequence[str], damaged: Damaged | None = None
) -> AsyncIterator[tuple[str, Entry | None]]:
    """Yield every key with its entry, in the order given. Raises StoreError.

    A damaged key is skipped if there is a function `damaged`, which gets its error.
    """
    wanted = iter(keys)
    async for entry in each_found(store, ns, keys):
        key = next(wanted)
        if not isinstance(entry, DamagedKeyError):
            yield key, entry
        elif damaged is None:
            raise entry
        else:
            damaged(entry)


async def everything(
    store: Store, ns: str, *, prefix: str = "", damaged: Damaged | None = None
) -> AsyncIterator[tuple[str, Entry]]:
    """Yield all entries of a namespace in the order of their keys.

    Changes that another program makes meanwhile may or may not be seen, for each key. Raises
    StoreError; a damaged key is skipped if there is a function `damaged`.
    """
    after: str | None = None
    while True:
        page = await store.list(ns, prefix=prefix, after=after)
        async for key, entry in each(store, ns, [info.name for info in page.keys], damaged):
            if entry is not None:  # else it was deleted meanwhile
                yield key, entry
        if page.complete or not page.keys:
            return
        after = page.keys[-1].name
