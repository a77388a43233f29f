"""Delete every key of a namespace, or only those that the user confirmed."""

from __future__ import annotations

from typing import NamedTuple

from kvlens.formatting import amount
from kvlens.operations.errors import ConflictError
from kvlens.operations.list_keys import pages
from kvlens.operations.target import Target
from kvlens.seeds.fingerprint import of_entries, of_infos
from kvlens.stores.base import Batch


class Present(NamedTuple):
    """The keys of a namespace, and a digest of their content."""

    keys: list[str]
    digest: str


async def count(target: Target) -> int | None:
    """Return how many keys there are to delete; None if the store doesn't know."""
    store = await target.store()
    return (await store.stats(target.id)).keys


async def before_clear(target: Target) -> Present:
    """Return the keys to delete, for a question to the user. Raises StoreError.

    The digest includes the values, unless each would have to be fetched over the network.
    """
    store = await target.store()
    infos = [info async for page in pages(target) for info in page.keys]
    keys = [info.name for info in infos]
    far = not store.has_sizes
    return Present(keys, of_infos(infos) if far else await of_entries(store, target.id, keys))


async def clear(target: Target, *, expected: str | None = None) -> int:
    """Delete every key and return how many there were.

    The caller asks the user first. With `expected`, the digest of what the user was asked about,
    exactly those keys are deleted. Raises ConflictError if the keys or their content have changed
    since, and StoreError.
    """
    store = await target.store()
    if expected is None:
        return await store.clear(target.id)
    present = await before_clear(target)
    if present.digest != expected:
        raise ConflictError(
            f"namespace {target.name} has changed since its keys were counted: it now has "
            f"{amount(len(present.keys), None)}. Nothing was deleted; count them again first"
        )
    if present.keys:
        await store.change_many([Batch(target.id, deletes=present.keys)])
    return len(present.keys)
