"""Delete keys."""

from __future__ import annotations

from collections.abc import Sequence

from kvlens.operations.keys import checked_key
from kvlens.operations.target import Target


async def delete(target: Target, keys: Sequence[str], *, listed: bool = False) -> int:
    """Delete keys, all or none, and return how many there were.

    `listed` is as in `get`. Raises InvalidError, KVError for a refused name, and StoreError.
    """
    names = keys if listed else [checked_key("delete", key) for key in keys]
    store = await target.store()
    return await store.delete(target.id, names) if names else 0
