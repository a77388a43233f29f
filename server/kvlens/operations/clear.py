"""Delete every key of a namespace."""

from __future__ import annotations

from kvlens.operations.target import Target


async def count(target: Target) -> int | None:
    """Return how many keys there are to delete; None where the store does not know it."""
    store = await target.store()
    return (await store.stats(target.id)).keys


async def clear(target: Target) -> int:
    """Delete every key and return how many there were. Raises StoreError.

    To ask the user first is the caller's part.
    """
    store = await target.store()
    return await store.clear(target.id)
