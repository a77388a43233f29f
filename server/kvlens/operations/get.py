"""Get the value of a key, with its metadata and expiration."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from kvlens.kv.records import Entry
from kvlens.operations.errors import InvalidError
from kvlens.operations.keys import checked_key
from kvlens.operations.target import Target
from kvlens.stores.base import DamagedKeyError, digest


async def get(target: Target, key: str, *, listed: bool = False) -> Entry | None:
    """Return a key's entry, or None if there is none.

    `listed`: the name comes from a list of the store's keys, which may have names that Workers KV
    rejects. Raises InvalidError, KVError for an invalid name, and StoreError.
    """
    name = key if listed else checked_key("get", key)
    store = await target.store()
    return await store.get(target.id, name)


class Part(NamedTuple):
    """A part of a value, as bytes, or as text if the whole value is UTF-8."""

    data: bytes
    text: str | None
    start: int
    end: int
    digest: str
    """Of the whole value."""


def part_of(value: bytes, start: int = 0, limit: int | None = None) -> Part:
    """Return at most `limit` bytes of a value; of a text, whole characters, but at least one.

    Raises InvalidError for a negative start or a limit below 1.
    """
    if start < 0:
        raise InvalidError("", lambda spell: f"{spell('start')} is {start}; it takes 0 or more")
    if limit is not None and limit < 1:
        raise InvalidError("", lambda spell: f"{spell('limit')} is {limit}; it takes 1 or more")
    start = min(start, len(value))
    end = len(value) if limit is None else min(len(value), start + limit)
    text: str | None = None
    with suppress(UnicodeDecodeError):
        value.decode()
        start, end = _character(value, start), _character(value, end)
        while start == end < len(value) or end != _character(value, end):
            end += 1
        text = value[start:end].decode()
    return Part(value[start:end], text, start, end, digest(value))


def _character(value: bytes, at: int) -> int:
    """Return where the character at an offset begins."""
    while 0 < at < len(value) and value[at] & 0xC0 == 0x80:
        at -= 1
    return at


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
