"""Read a part of a value, so that a large one need not be sent and shown at once."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from kvlens.kv.records import Entry
from kvlens.stores.base import digest

if TYPE_CHECKING:
    from kvlens.stores.base import Store


class Part(NamedTuple):
    """A part of a value, and what is known of all of it; `metadata` is JSON text."""

    data: bytes
    start: int
    """Where the part begins, in bytes."""
    size: int
    """Bytes of the whole value."""
    digest: str
    """Of the whole value."""
    is_text: bool
    """Whether the whole value is UTF-8."""
    metadata: str | None = None
    expiration: int | None = None

    @property
    def end(self) -> int:
        """Where the part ends, in bytes."""
        return self.start + len(self.data)


async def read_part(store: Store, ns: str, key: str, start: int, limit: int) -> Part | None:
    """See `Store.part`."""
    entry = await store.get(ns, key)
    # hashing 25 MiB takes a while
    return None if entry is None else await asyncio.to_thread(part_of, entry, start, limit)


def part_of(entry: Entry, start: int, limit: int) -> Part:
    """Return at most `limit` bytes of a value; of a text, whole characters, but at least one."""
    value = entry.value
    start = min(start, len(value))
    end = min(len(value), start + limit)
    is_text = False
    with suppress(UnicodeDecodeError):
        value.decode()
        is_text = True
        start, end = _character(value, start), _character(value, end)
        while start == end < len(value) or end != _character(value, end):
            end += 1
    return Part(value[start:end], start, len(value), digest(value), is_text, *entry[1:])


def _character(value: bytes, at: int) -> int:
    """Return where the character at an offset begins."""
    while 0 < at < len(value) and value[at] & 0xC0 == 0x80:
        at -= 1
    return at
