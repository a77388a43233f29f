"""The interface of every store."""

from __future__ import annotations

import hashlib
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Union

from kvlens.errors import KVLensError
from kvlens.kv.clock import REAL, Clock, Shift, system_clock
from kvlens.kv.records import Entry, KeyInfo, Page, Stats, Write
from kvlens.search.language import Filter
from kvlens.search.rows import Row
from kvlens.stores.origin import Origin

if TYPE_CHECKING:
    from kvlens.stores.outside import OutsideChanges
    from kvlens.stores.parts import Part


class StoreError(KVLensError):
    """A store's operation failed. The text names the place and what to do."""


class MissingPackageError(StoreError):
    """A store needs a Python package that isn't installed. `command` installs it."""

    def __init__(self, what: str, package: str, missing: ImportError) -> None:
        self.command = f"{sys.executable} -m pip install -U {package}"
        super().__init__(
            f"{what} the Python package {package}, as KV Lens runs on Python ({missing}). "
            f"Install it in a terminal with: {self.command}"
        )


class DamagedKeyError(StoreError):
    """One stored key can't be read; all others can. The text names it."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


class ChangedError(StoreError):
    """A key has changed since it was read, so nothing was written."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The key {key!r:.200} has changed since it was read. Nothing was written; try again."
        )
        self.key = key


Found = Union[Entry, DamagedKeyError, None]  # noqa: UP007  evaluated, in Python 3.10 too


class Replaced(Enum):
    """The result of `Store.replace`; true if the key has the new value now."""

    DONE = "done"
    GONE = "gone"  # the key was deleted, or has expired
    CHANGED = "changed"  # its value isn't the expected one

    def __bool__(self) -> bool:
        return self is Replaced.DONE


class Batch(NamedTuple):
    """The changes to one namespace. The last write of a key counts, and overrides a delete.

    The keys of `unchanged`, which must not be in the other two, are deleted like those of
    `Store.delete_unchanged`: one that was written since it was read stays. If a key of `expected`,
    which may be in the other three, is no longer as it was read, nothing is changed at all; it may
    have been read `with_hidden`.
    """

    ns: str
    writes: Iterable[Write] = ()
    deletes: Iterable[str] = ()
    unchanged: Iterable[Seen] = ()
    expected: Iterable[Seen] = ()


def digest(value: bytes) -> str:
    """Return the hash that `Store.replace` compares: SHA-256 in hexadecimal."""
    return hashlib.sha256(value).hexdigest()


WHOLE = 1 << 40
"""The `limit` of `Store.part` for all of a value, in bytes."""

NOTHING = ""
"""The `expected` of `Store.put_unchanged` if the key must not exist."""


def has_digest(entry: Entry | None, expected: str) -> bool:
    """Return whether an entry has the digest that `Store.put_unchanged` expects."""
    return expected == (NOTHING if entry is None else digest(entry.value))


class Seen(NamedTuple):
    """An entry as it was read, or `Seen(key, NOTHING)` for none, to compare with later."""

    key: str
    digest: str
    metadata: str | None = None
    expiration: int | None = None

    @classmethod
    def of(cls, key: str, entry: Entry | Write | None) -> Seen:
        """Return the compared parts of an entry that was read from or written to a store."""
        if entry is None:
            return cls(key, NOTHING)
        return cls(key, digest(entry.value), entry.metadata, entry.expiration)

    def is_same(self, entry: Entry | None) -> bool:
        """Return whether `entry` is the one that was read."""
        return Seen.of(self.key, entry) == self


class Step(NamedTuple):
    """A part of a search, which `Store.find` does at once."""

    after: str | None = None
    """The last key of the step before."""
    every: int = 1
    """Return the name of every so-manieth match,"""
    skip: int = 0
    """after this many."""
    limit: int = 1_000_000
    """End after so many matches,"""
    seconds: float = 0.1
    """or after about this time."""


class Children(NamedTuple):
    """The keys and folders that are directly in a folder, in order."""

    names: list[str]
    """Of a folder, the prefix of its keys, which ends with a delimiter."""
    are_folders: list[bool]
    complete: bool
    """Whether there are no more."""


class Matches(NamedTuple):
    """The result of a step."""

    names: list[str]
    """The matching keys, in order; with `every`, some of them."""
    matched: int
    """The number of all matching keys."""
    scanned: int
    """The number of keys that were looked at. Those without the filter's prefix don't count."""
    last: str | None
    """The last of them; the next step starts after it."""
    complete: bool
    """Whether there are no more keys to look at."""


class StoreInfo(NamedTuple):
    """A kind of store: its name, what it is for and what it can do."""

    urls: tuple[str, ...]
    """The forms of its URL, as shown in help and documentation."""
    summary: str
    """What it is for; its row in docs/stores.md."""
    open_url: Callable[[str, Path, Clock], Store]
    """Open the store of a URL; relative paths are relative to the folder. Nothing is read yet."""
    shared: bool = True
    """Whether all processes that open the same URL share its keys."""
    has_sizes: bool = True
    """Whether it knows the size of a namespace."""
    local_path: Callable[[str, Path], Path] | None = None
    """Return a URL's folder, given the base folder, if the keys are on this machine."""
    identity: Callable[[str], str] | None = None
    """Return the same for all URLs of the same keys, if their form doesn't matter."""

    @property
    def by_scheme(self) -> dict[str, str]:
        """The forms of its URL by scheme: {"wrangler": "wrangler: or wrangler:PATH"}."""
        found: dict[str, str] = {}
        for url in self.urls:
            scheme = url.partition(":")[0]
            found[scheme] = f"{found[scheme]} or {url}" if scheme in found else url
        return found


class Store(ABC):
    """Keys and values of many namespaces. `ns` is a namespace's id in the store.

    Expired keys are never returned. Every method raises StoreError if the store is locked, damaged,
    read-only or unreachable; nothing was changed then. If only one key is damaged, `get` raises
    DamagedKeyError for it, and `list` still has its name. `clear` leaves a `foreign` key.
    """

    info: StoreInfo
    inline = False
    """True if most calls finish without waiting and none needs an asyncio task."""
    atomic = True
    """False if `change_many` makes its changes one by one: an error leaves those made before it."""
    has_history = False
    """True if it records its changes, so that nobody else has to."""
    writable = True
    """False if the user has not allowed changes; a store that turns out to be read-only raises."""

    @property
    def shared(self) -> bool:
        """Whether all processes that open the same URL share its keys."""
        return self.info.shared

    @property
    def has_sizes(self) -> bool:
        """Whether `stats` knows the size of a namespace."""
        return self.info.has_sizes

    @property
    def local_path(self) -> Path | None:
        """The folder on this machine that holds the keys, if there is one."""
        return None

    def by(self, origin: Origin) -> Store:
        """Return the same store for changes of this origin; a store with a history records it."""
        return self

    @abstractmethod
    async def get(self, ns: str, key: str) -> Entry | None:
        """Return the entry of `key`, or None."""

    async def peek(self, ns: str, key: str) -> Entry | None:
        """Return what `get` does, but perhaps without another program's change of this moment."""
        return await self.get(ns, key)

    async def get_many(self, ns: str, keys: Sequence[str], size: int) -> Sequence[Found]:
        """Return the entries of the first keys: None if missing, an error if damaged.

        Stops once the values have `size` bytes in total, but returns at least one key.
        """
        found: list[Found] = []
        for key in keys:
            try:
                entry = await self.get(ns, key)
            except DamagedKeyError as error:
                found.append(error)
                continue
            found.append(entry)
            size -= len(entry.value) if entry else 0
            if size <= 0:
                break
        return found

    async def digests(
        self, ns: str, keys: Sequence[str], size: int
    ) -> Sequence[Seen | DamagedKeyError]:
        """Return the first keys to compare them: `Seen(key, NOTHING)` if missing.

        Stops once about `size` bytes of values were read, but returns at least one key.
        """
        from kvlens.stores import batch  # late: it needs this module

        return await batch.digests(self, ns, keys, size)

    async def part(self, ns: str, key: str, start: int, limit: int) -> Part | None:
        """Return at most `limit` bytes of a value from an offset, or None if there is no such key.

        Of a text, it returns whole characters, but at least one.
        """
        from kvlens.stores import parts  # late: it needs this module

        return await parts.read_part(self, ns, key, start, limit)

    @abstractmethod
    async def put(self, ns: str, write: Write) -> None:
        """Store one entry, replacing any existing one."""

    @abstractmethod
    async def put_unchanged(self, ns: str, write: Write, expected: str) -> bool:
        """Store one entry if the current value is the one that was read; return whether it was.

        `expected` is the `digest` of that value, or `NOTHING` if there was no key. Comparing and
        writing is one step.
        """

    async def put_many(self, ns: str, writes: Iterable[Write]) -> None:
        """Store all entries or none. If a key occurs more than once, the last one counts."""
        await self.change_many([Batch(ns, writes)])

    @abstractmethod
    async def change_many(self, batches: Sequence[Batch]) -> int:
        """Change one or several namespaces, completely or not at all.

        Returns how many keys it deleted. Raises ChangedError if a key of `expected` has changed;
        comparing and changing is one step.

        The items of the batches are read one by one, often in another thread, and staged. To
        cancel, raise an exception while yielding them: it propagates, and nothing is changed. A
        cancel of the task does the same, unless it comes too late: then this returns as usual. A
        store that isn't `atomic` may have made some changes.
        """

    @abstractmethod
    async def replace(
        self, ns: str, key: str, value: bytes, expected: str | None = None
    ) -> Replaced:
        """Give `key` a new value; metadata and expiration stay.

        Nothing is written if the key is gone, or if `expected` is given and differs from the
        `digest` of the current value: comparing and writing is one step.
        """

    @abstractmethod
    async def delete(self, ns: str, keys: Sequence[str]) -> int:
        """Delete the keys and return how many of them existed."""

    @abstractmethod
    async def delete_unchanged(self, ns: str, seen: Sequence[Seen]) -> Sequence[str]:
        """Delete the keys whose entries haven't changed since they were read; return their names.

        Comparing an entry and deleting it is one step; a key that was written since stays. Metadata
        is compared as text, as this store returned it.
        """

    @abstractmethod
    async def list(
        self, ns: str, *, prefix: str = "", limit: int = 1000, after: str | None = None
    ) -> Page:
        """Return up to `limit` keys that start with `prefix` and sort after `after`."""

    async def find(self, ns: str, filter: Filter, step: Step) -> Matches:
        """Look for keys that match a filter, for a short time, beginning after `step.after`.

        A damaged key has no value and may have no metadata. Raises SlowExpressionError if a regular
        expression of the filter takes too long, and StoreError.
        """
        from kvlens.stores import searching  # late: it needs this module

        return await searching.find(self, ns, filter, step)

    async def rows(self, ns: str, names: Sequence[str]) -> Sequence[Row | None]:
        """Return the keys as rows of the table; None for a key that doesn't exist."""
        from kvlens.stores import searching  # late, as above

        return await searching.rows(self, ns, names)

    async def children(
        self, ns: str, prefix: str, delimiters: Sequence[str], after: str | None, limit: int
    ) -> Children:
        """Return what is directly in a folder: up to `limit` keys and folders after `after`.

        The keys of a folder have a common prefix up to one of the delimiters. `after` is the last
        key, or `folders.end_of` the last folder. Takes no longer for folders of many keys.
        """
        from kvlens.stores import folders  # late, as above

        return await folders.children(self, ns, prefix, delimiters, after, limit)

    async def count_prefixes(self, ns: str, prefixes: Sequence[str], most: int) -> Sequence[int]:
        """Return the number of keys with each prefix; of more keys than `most`, that number."""
        from kvlens.stores import folders  # late, as above

        return await folders.count_prefixes(self, ns, prefixes, most)

    async def count(self, ns: str) -> int | None:
        """Return the number of keys; None if the store can't tell quickly."""
        return (await self.stats(ns)).keys if self.has_sizes else None

    @abstractmethod
    async def stats(self, ns: str) -> Stats:
        """Return the number of keys and the total size of their values."""

    @abstractmethod
    async def clear(self, ns: str) -> int:
        """Delete every key but foreign ones, and return how many."""

    async def namespaces(self) -> Sequence[str]:
        """Return the ids of the namespaces that were written to, in order.

        Empty if the store doesn't know them.
        """
        return ()

    def now(self) -> float:
        """Return the time by which keys expire, in seconds since the epoch.

        Use `time` for a store that may be another process's.
        """
        return system_clock()

    async def time(self) -> float:
        """Return the time by which keys expire, in seconds since the epoch. Raises StoreError."""
        return self.now()

    async def shift(self) -> Shift:
        """Return how the clock by which keys expire is moved. Raises StoreError."""
        return REAL

    async def move_clock(self, shift: Shift, expected: Shift | None = None) -> bool:
        """Move the clock by which keys expire, for all processes that use the store.

        With `expected`, only if it is still moved like that; return whether it was moved. Raises
        StoreError for a store whose keys others expire.
        """
        raise _others_clock()

    async def clock_problem(self) -> str:
        """Return why what says how the clock is moved is ignored; "" if it isn't."""
        return ""

    async def next_expiring(self, ns: str) -> KeyInfo | None:
        """Return the key that expires next, if any; StoreError as in `move_clock`."""
        raise _others_clock()

    def with_hidden(self) -> Store:
        """Return the same store for reading, with the keys that only a moved clock hides.

        Its `time` is the moved or the real one, the earlier of both.
        """
        return self

    def poll(self) -> Sequence[str]:
        """Return the namespaces that another program changed since the last call.

        Empty if the store doesn't know, or if no other program can use it.
        """
        return ()

    def outside(self, ns: str, room: int) -> OutsideChanges | None:
        """Return what finds the changes of other programs; None if the store can't.

        It keeps up to `room` bytes of values to know them after they have been overwritten.
        """
        return None

    @abstractmethod
    async def close(self) -> None:
        """Finish running operations and release files and connections."""


def _others_clock() -> StoreError:
    return StoreError(
        "The clock of this store can't be moved: its server decides when keys expire. "
        "Use a local store, wrangler: or memory:."
    )


def after_prefix(prefix: str) -> str | None:
    """Return the smallest text that sorts after all texts with `prefix`; None if there is none.

    >>> after_prefix("user:")
    'user;'
    """
    for index in range(len(prefix) - 1, -1, -1):
        code = ord(prefix[index]) + 1
        if code == 0xD800:  # surrogates aren't characters
            code = 0xE000
        if code <= 0x10FFFF:
            return prefix[:index] + chr(code)
    return None
