"""What is in a folder of a namespace: keys with a common prefix up to a delimiter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kvlens.kv.validation import list_prefix
from kvlens.operations.errors import InvalidError
from kvlens.operations.target import Target
from kvlens.search.rows import Row
from kvlens.stores.folders import end_of

PAGE_LIMIT = 1000
DELIMITERS = 20  # and characters of each


class Folder(NamedTuple):
    """A page of a folder: keys as rows, folders as the prefix of their keys."""

    items: list[Row | str]
    cursor: str | None
    """For the next page, if there is one."""


async def read_folder(
    target: Target,
    prefix: str = "",
    delimiters: Sequence[str] = (),
    *,
    limit: int = PAGE_LIMIT,
    after: str | None = None,
) -> Folder:
    """Return the keys and folders directly in the folder with a prefix, in order.

    Without delimiters, there are only keys. Raises InvalidError, KVError for a prefix that is too
    long, and StoreError.
    """
    if not 0 < limit <= PAGE_LIMIT:
        raise InvalidError("", lambda spell: f"{spell('limit')} is {limit}; it takes 1 to 1,000")
    if len(delimiters) > DELIMITERS or not all(0 < len(one) <= DELIMITERS for one in delimiters):
        raise InvalidError(
            "", lambda spell: f"{spell('delimiters')} takes up to 20 texts of 1 to 20 characters"
        )
    store = await target.store()
    found = await store.children(target.id, list_prefix(prefix), delimiters, after, limit)
    named = list(zip(found.names, found.are_folders, strict=True))
    keys = [name for name, is_folder in named if not is_folder]
    rows = iter(await store.rows(target.id, keys) if keys else ())
    items = [name if is_folder else next(rows) for name, is_folder in named]
    cursor = None
    if named and not found.complete:
        name, is_folder = named[-1]
        cursor = end_of(name) if is_folder else name
    return Folder([item for item in items if item is not None], cursor)


async def count_folders(target: Target, prefixes: Sequence[str], most: int) -> Sequence[int]:
    """Return the number of keys with each prefix; of more keys than `most`, that number.

    Raises StoreError.
    """
    store = await target.store()
    return await store.count_prefixes(target.id, prefixes, most)
