"""Data passed between a namespace and its store. Expirations are in seconds since the epoch."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """A stored value; `metadata` is JSON text."""

    value: bytes
    metadata: str | None = None
    expiration: int | None = None

    def has_expired(self, now: float) -> bool:
        """Return whether it has expired at a time in seconds since the epoch."""
        return self.expiration is not None and self.expiration <= now


class Unknown(NamedTuple):
    """A stored entry whose value isn't known, such as a damaged one."""

    size: int | None = None
    metadata: str | None = None
    expiration: int | None = None


State = Entry | Unknown | None
"""What a key is at a moment; None if there is no such key."""


class KeyInfo(NamedTuple):
    """A key without its value; `metadata` is JSON text."""

    name: str
    expiration: int | None = None
    metadata: str | None = None
    damaged: str | None = None
    """Why it can't be read, as the error of `get`, if the list shows that."""
    foreign: bool = False
    """Whether its row names something that isn't a value, so that `clear` leaves it."""


class Page(NamedTuple):
    """Keys ordered by UTF-8 bytes. The next page starts after the last name."""

    keys: list[KeyInfo]
    complete: bool


class Write(NamedTuple):
    """What a put stores; `metadata` is JSON text, `expiration` absolute."""

    key: str
    value: bytes
    metadata: str | None = None
    expiration: int | None = None

    def size(self) -> int:
        """The size of the value in bytes."""
        return len(self.value)


class Stats(NamedTuple):
    """The size of a namespace: number of keys, bytes of their values; None is unknown."""

    keys: int | None
    size: int | None
