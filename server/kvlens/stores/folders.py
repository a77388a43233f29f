"""Show keys as folders: from one key or folder to the next, without reading what is inside.

For every store: a page of folders takes a short list of keys for each of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from kvlens.stores.base import Children, Store

_LAST = "\U0010ffff" * 129
"""After a folder's prefix, this sorts after all of its keys: they have 512 bytes at most."""
_PAGE_KEYS = 1000
_FIRST_KEYS = 2  # for a store without a round trip, where the next folder is found quickly


async def children(
    store: Store, ns: str, prefix: str, delimiters: Sequence[str], after: str | None, limit: int
) -> Children:
    """See `Store.children`."""
    found = Children([], [], True)
    first = _FIRST_KEYS if store.inline else _PAGE_KEYS
    size = first
    while True:
        page = await store.list(ns, prefix=prefix, limit=size, after=after)
        names = [info.name for info in page.keys]
        size = min(2 * size, _PAGE_KEYS)
        at = 0
        while at < len(names):
            if len(found.names) == limit:
                return found._replace(complete=False)
            name = names[at]
            folder = folder_of(name, prefix, delimiters)
            found.names.append(folder or name)
            found.are_folders.append(folder is not None)
            after = name if folder is None else end_of(folder)
            at = at + 1 if folder is None else bisect_right(names, after, at)
            if folder is not None:
                size = first
        if page.complete or not names:
            return found


async def count_prefixes(store: Store, ns: str, prefixes: Sequence[str], most: int) -> list[int]:
    """See `Store.count_prefixes`."""
    counts = []
    for prefix in prefixes:
        count = 0
        after: str | None = None
        while count < most:
            limit = min(_PAGE_KEYS, most - count)
            page = await store.list(ns, prefix=prefix, limit=limit, after=after)
            count += len(page.keys)
            if page.complete or not page.keys:
                break
            after = page.keys[-1].name
        counts.append(count)
    return counts


def end_of(folder: str) -> str:
    """Return the cursor that follows all keys of a folder."""
    return folder + _LAST


def folder_of(name: str, prefix: str, delimiters: Sequence[str]) -> str | None:
    """Return the prefix of the folder that a key is in, below `prefix`; None if in no other.

    >>> folder_of("a:b:c", "a:", [":", "/"])
    'a:b:'
    """
    start = len(prefix)
    ends = [at + len(one) for one in delimiters if (at := name.find(one, start)) >= 0]
    return name[: min(ends)] if ends else None
