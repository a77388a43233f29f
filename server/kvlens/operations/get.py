"""Get the value of a key, with its metadata and expiration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kvlens.kv.records import Entry
from kvlens.operations.errors import InvalidError
from kvlens.operations.keys import checked_key
from kvlens.operations.target import Target
from kvlens.stores.base import WHOLE, DamagedKeyError

if TYPE_CHECKING:
    from kvlens.stores.parts import Part


async def get(target: Target, key: str, *, listed: bool = False) -> Entry | None:
    """Return a key's entry, or None if there is none.

    `listed`: the name comes from a list of the store's keys, which may have names that Workers KV
    rejects. Raises InvalidError, KVError for an invalid name, and StoreError.
    """
    name = key if listed else checked_key("get", key)
    store = await target.store()
    return await store.get(target.id, name)


async def get_part(
    target: Target, key: str, *, start: int | None = None, limit: int | None = None
) -> Part | None:
    """Return at most `limit` bytes of a key's value, or None if there is no such key.

    The name comes from a list, as in `get`. Of a text, it returns whole characters, but at least
    one. Raises InvalidError for a negative start or a limit below 1, and StoreError.
    """
    if start is not None and start < 0:
        raise InvalidError("", lambda spell: f"{spell('start')} is {start}; it takes 0 or more")
    if limit is not None and limit < 1:
        raise InvalidError("", lambda spell: f"{spell('limit')} is {limit}; it takes 1 or more")
    store = await target.store()
    return await store.part(target.id, key, start or 0, WHOLE if limit is None else limit)


class Values(NamedTuple):
    """The content of several keys, as items of a seed file; None for a key that doesn't exist."""

    found: dict[str, dict[str, Any] | None]
    damaged: list[DamagedKeyError]

    @property
    def missing(self) -> list[str]:
        """The keys that don't exist."""
        return [key for key, item in self.found.items() if item is None]


async def get_many(target: Target, keys: Sequence[str]) -> Values:
    """Return several keys in their order; unreadable ones are separate.

    Raises StoreError.
    """
    from kvlens.seeds.export import to_item  # late: getting one key needs neither
    from kvlens.stores.batch import each

    store = await target.store()
    result = Values({}, [])
    async for key, entry in each(store, target.id, keys, result.damaged.append):
        result.found[key] = None if entry is None else to_item(key, entry)
    return result
