"""Delete every key of a namespace, or exactly those that were counted before."""

from __future__ import annotations

from typing import NamedTuple

from kvlens.formatting import amount
from kvlens.operations.errors import ConflictError
from kvlens.operations.list_keys import pages
from kvlens.operations.target import Target
from kvlens.seeds.fingerprint import of_names
from kvlens.stores.base import Batch


class Names(NamedTuple):
    """The keys of a namespace, and the digest that tells them from others."""

    keys: list[str]
    digest: str


async def count(target: Target) -> int | None:
    """Return how many keys there are to delete; None where the store does not know it."""
    store = await target.store()
    return (await store.stats(target.id)).keys


async def list_names(target: Target) -> Names:
    """Return the keys that there are to delete, for a question to the user. Raises StoreError."""
    names = [info.name async for page in pages(target) for info in page.keys]
    return Names(names, of_names(names))


async def clear(target: Target, *, expected: str | None = None) -> int:
    """Delete every key and return how many there were.

    To ask the user first is the caller's part. With `expected`, the digest of the keys that the
    user was asked about, exactly these are deleted. Raises ConflictError if there are others by
    now, and StoreError.
    """
    store = await target.store()
    if expected is None:
        return await store.clear(target.id)
    names = await list_names(target)
    if names.digest != expected:
        raise ConflictError(
            f"namespace {target.name} now has {amount(len(names.keys), None)}, which aren't those "
            f"that were counted. Nothing was deleted; count them again first"
        )
    if names.keys:
        await store.change_many([Batch(target.id, deletes=names.keys)])
    return len(names.keys)
