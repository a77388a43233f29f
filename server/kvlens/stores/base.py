"""What every store does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import NamedTuple, Protocol

from kvlens.errors import KVLensError
from kvlens.kv.clock import Clock
from kvlens.kv.records import Entry, Page, Stats, Write


class StoreError(KVLensError):
    """A store cannot do what it was asked. The text names the place and the way out."""


class DamagedKeyError(StoreError):
    """One key cannot be read as it is stored; all others can. The text names it."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


class Replaced(Enum):
    """What became of a `Store.replace`; true where the key has the new value now."""

    DONE = "done"
    GONE = "gone"  # the key was deleted, or has expired
    CHANGED = "changed"  # its value is not the one that was expected

    def __bool__(self) -> bool:
        return self is Replaced.DONE


class Batch(NamedTuple):
    """What to change in one namespace. Of equal keys the last write counts, before a delete."""

    ns: str
    writes: Iterable[Write] = ()
    deletes: Iterable[str] = ()


def digest(value: bytes) -> str:
    """Return what `Store.replace` compares values by: SHA-256 in hexadecimal."""
    return hashlib.sha256(value).hexdigest()


class Store(Protocol):
    """Keys and values of many namespaces. `ns` is a namespace's id in the store.

    An expired key is never returned. Every method raises StoreError where the store is locked,
    damaged, read-only or out of reach; then nothing was changed. Where only one key is damaged,
    `get` raises DamagedKeyError for it, and `list` has its name.

    A store that reads many entries in one go offers `get_many` too: see `kvlens.stores.batch`.
    """

    inline: bool
    """True where most calls finish without waiting and none needs an asyncio task around it."""

    async def get(self, ns: str, key: str) -> Entry | None:
        """Return the entry of `key`, or None."""

    async def put(self, ns: str, write: Write) -> None:
        """Store one entry in place of what is there."""

    async def put_many(self, ns: str, writes: Iterable[Write]) -> None:
        """Store all entries or none; of equal keys the last one counts."""

    async def change_many(self, batches: Sequence[Batch]) -> None:
        """Make the changes of one or several namespaces, all of them or none.

        What the batches have is taken one by one, often in another thread, while the values are
        set aside out of sight. An exception from there ends it, passes, and nothing was changed:
        that is how to cancel.
        """

    async def replace(
        self, ns: str, key: str, value: bytes, expected: str | None = None
    ) -> Replaced:
        """Give `key` a new value; metadata and expiration stay.

        Nothing is written where the key is gone, or where `expected` is given and is not the
        `digest` of the value that the key has: to compare and to write are one step.
        """

    async def delete(self, ns: str, keys: Sequence[str]) -> int:
        """Delete the keys and return how many there were."""

    async def list(
        self, ns: str, *, prefix: str = "", limit: int = 1000, after: str | None = None
    ) -> Page:
        """Return up to `limit` keys that begin with `prefix` and sort behind `after`."""

    async def stats(self, ns: str) -> Stats:
        """Return the number of keys and the bytes of their values."""

    async def clear(self, ns: str) -> int:
        """Delete every key and return how many there were."""

    def poll(self) -> Sequence[str]:
        """Return the namespaces that another program changed since the last call."""

    async def close(self) -> None:
        """Finish what is under way and let go of files and connections."""


class Opener(Protocol):
    """The function `open_url` of a store's module."""

    def __call__(self, url: str, base: Path, clock: Clock) -> Store: ...


def after_prefix(prefix: str) -> str | None:
    """Return the smallest text that sorts behind everything with `prefix`; None for no end.

    >>> after_prefix("user:")
    'user;'
    """
    for index in range(len(prefix) - 1, -1, -1):
        code = ord(prefix[index]) + 1
        if code == 0xD800:  # surrogates are no characters
            code = 0xE000
        if code <= 0x10FFFF:
            return prefix[:index] + chr(code)
    return None
