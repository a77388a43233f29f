"""Delete every key of a namespace, or only those that the user confirmed.

Foreign keys stay: their rows name something that isn't a value. They can be deleted by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from kvlens.formatting import amount
from kvlens.kv.records import KeyInfo
from kvlens.operations.errors import ConflictError
from kvlens.operations.list_keys import pages
from kvlens.operations.target import Target
from kvlens.seeds.fingerprint import of_entries, of_infos
from kvlens.stores.base import Batch, ChangedError, Seen


class Present(NamedTuple):
    """The keys of a namespace, what was read of their content, its digest, the keys that stay."""

    keys: list[str]
    seen: Iterable[Seen]
    digest: str
    kept: list[KeyInfo]
    size: int
    """The bytes of the names, values and metadata, as far as they were read."""


class Cleared(NamedTuple):
    """How many keys were deleted, and those that stayed."""

    deleted: int
    kept: list[KeyInfo]


async def count(target: Target) -> int | None:
    """Return how many keys there are to delete; None if the store doesn't know."""
    store = await target.store()
    return (await store.stats(target.id)).keys


async def before_clear(target: Target) -> Present:
    """Return the keys to delete, for a question to the user. Raises StoreError.

    The digest includes the values, unless each would have to be fetched over the network.
    """
    store = await target.store()
    keys: list[str] = []
    kept: list[KeyInfo] = []
    infos: list[KeyInfo] = []  # only if needed: a namespace may have a million keys
    async for page in pages(target):
        keys += [info.name for info in page.keys if not info.foreign]
        kept += [info for info in page.keys if info.foreign]
        if not store.has_sizes:
            infos += page.keys
    if not store.has_sizes:
        return Present(keys, [], of_infos(infos), kept, sum(len(key) for key in keys))
    held = await of_entries(store, target.id, keys)
    return Present(keys, held.seen, held.digest, kept, held.size)


async def clear(target: Target, *, expected: str | None = None) -> Cleared:
    """Delete every key but foreign ones.

    The caller asks the user first. With `expected`, the digest of what the user was asked about,
    exactly those keys are deleted. Raises ConflictError if the keys or their content have changed
    since, and StoreError.
    """
    store = await target.store()
    if expected is None:
        deleted = await store.clear(target.id)
        if not await count(target):
            return Cleared(deleted, [])
        left = [info async for page in pages(target) for info in page.keys]
        return Cleared(deleted, [info for info in left if info.foreign])
    present = await before_clear(target)
    if present.digest == expected:
        batch = Batch(target.id, deletes=present.keys, expected=present.seen)
        with suppress(ChangedError):
            deleted = await store.change_many([batch]) if present.keys else 0
            return Cleared(deleted, present.kept)
    raise ConflictError(
        f"namespace {target.name} has changed since its keys were counted: it now has "
        f"{amount(len(present.keys), None)}. Nothing was deleted; count them again first"
    )
