"""A cache of one namespace's most recently read entries."""

from __future__ import annotations

from typing import Any, Final

from kvlens.kv.records import Entry

SIZE = 32 * 1024 * 1024  # bytes of values, per namespace

MISSING: Final[Any] = object()
"""The cache's value for an unknown key; None means that the key doesn't exist."""


class EntryCache:
    """Entries by key; None for a key that the namespace doesn't have."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry | None] = {}
        self._size = 0
        self.get = self._entries.get  # `get(key, MISSING)`; bound directly, as reads are hot

    def put(self, key: str, entry: Entry | None) -> None:
        """Keep an entry, and drop the oldest ones if the total is too large."""
        self.drop(key)
        self._entries[key] = entry
        self._size += _cost(key, entry)
        while self._size > SIZE:
            oldest = next(iter(self._entries))
            self._size -= _cost(oldest, self._entries.pop(oldest))

    def drop(self, key: str) -> None:
        """Drop an entry."""
        before = self._entries.pop(key, MISSING)
        if before is not MISSING:
            self._size -= _cost(key, before)

    def clear(self) -> None:
        """Drop every entry."""
        self._entries.clear()
        self._size = 0


def _cost(key: str, entry: Entry | None) -> int:
    return 200 + len(key) + (len(entry.value) if entry is not None else 0)
