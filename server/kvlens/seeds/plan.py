"""Plan the changes that a seed file makes to a store, and compare versions of the file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from kvlens.kv.coerce import UNSET
from kvlens.kv.errors import KVSyntaxError
from kvlens.kv.records import Entry, Write
from kvlens.kv.validation import expiration_time
from kvlens.kv.values import parse_json
from kvlens.seeds.file import SeedItem
from kvlens.stores.base import DamagedKeyError, Found, Seen, Store
from kvlens.stores.batch import each, each_found
from kvlens.stores.spool import SeenSpool

Kind = Literal["new", "changed", "same", "gone"]


class Change(NamedTuple):
    """The change of one key; `parts` are those that differ: value, metadata, expiration."""

    key: str
    kind: Kind
    parts: tuple[str, ...] = ()

    @property
    def overwrites(self) -> bool:
        """Whether an existing value or metadata is lost."""
        return self.kind == "changed" and self.parts != ("expiration",)


def to_writes(items: Iterable[SeedItem], now: float, earliest: float | None = None) -> list[Write]:
    """Return the items as writes: one per key (the last counts), with absolute times.

    Raises KVError for a time that is invalid at `now` (seconds), or for an absolute one at
    `earliest`; see `file.check`.
    """
    writes: dict[str, Write] = {}
    for item in items:
        expires = expiration_time(
            UNSET if item.expiration is None else item.expiration,
            UNSET if item.expiration_ttl is None else item.expiration_ttl,
            now if earliest is None or item.expiration_ttl is not None else earliest,
        )
        writes[item.key] = Write(item.key, item.value, item.metadata, expires)
    return list(writes.values())


def drain(items: list[SeedItem]) -> Iterator[SeedItem]:
    """Yield the items in order, removing each from the list: a file may have a million."""
    items.reverse()
    while items:
        yield items.pop()


async def plan(store: Store, ns: str, writes: Sequence[Write]) -> list[Change]:
    """Return what putting these writes would change, one change per key, without writing.

    A key with an `expiration_ttl` counts as changed: putting it again makes it live longer.
    """
    return [_compare(write, found) async for write, found in _compared(store, ns, writes)]


async def count_overwrites(store: Store, ns: str, writes: Sequence[Write]) -> int:
    """Return how many keys would lose a value or metadata if these writes were put."""
    count = 0
    async for write, found in _compared(store, ns, writes):
        count += _compare(write, found).overwrites
    return count


async def _compared(
    store: Store, ns: str, writes: Sequence[Write]
) -> AsyncIterator[tuple[Write, Found]]:
    """Yield each write with what the store has under its key, even if a moved clock hides it."""
    wanted = iter(writes)
    keys = [write.key for write in writes]
    async for found in each_found(store.with_hidden(), ns, keys):
        yield next(wanted), found


class Compared(NamedTuple):
    """The keys that would lose something, and what the store has under all but damaged ones."""

    keys: list[str]
    seen: SeenSpool


async def conflicts(store: Store, ns: str, writes: Sequence[Write]) -> Compared:
    """Return the keys that would lose something if these writes were put.

    That is a value, metadata, or an expiration that is added or removed. A changed time of
    expiration doesn't count: an `expiration_ttl` gives a new one at every put.
    """
    compared = Compared([], SeenSpool())
    async for write, found in _compared(store, ns, writes):
        if isinstance(found, DamagedKeyError):
            compared.keys.append(write.key)
            continue
        compared.seen.add(Seen.of(write.key, found))
        if found is not None:
            lasts = (write.expiration is None) == (found.expiration is None)
            if not (lasts and _same(write, found)):
                compared.keys.append(write.key)
    return compared


class SplitWrites(NamedTuple):
    """The writes of a saved seed file to put, and the keys that something else has changed.

    `expected` has what the store has for the writes: they are safe as long as it does.
    """

    writes: list[Write]
    kept: list[str]
    expected: SeenSpool


async def split_by_change(
    store: Store, ns: str, writes: Sequence[Write], before: Iterable[SeedItem]
) -> SplitWrites:
    """Separate the writes that lose nobody's work from the keys that were changed since.

    A key is safe to write if it doesn't exist, or is still as in the file `before`. Nothing is
    written.
    """
    known = {item.key: item for item in before}
    split = SplitWrites([], [], SeenSpool())
    wanted = iter(writes)
    async for key, entry in each(store.with_hidden(), ns, [write.key for write in writes]):
        write, item = next(wanted), known.get(key)
        if entry is None or (item is not None and _same(item, entry)):
            split.writes.append(write)
            split.expected.add(Seen.of(key, entry))
        elif not _same(write, entry):
            split.kept.append(key)
    return split


def _same(one: SeedItem | Write, entry: Entry) -> bool:
    return not differing(Write(one.key, one.value, one.metadata, entry.expiration), entry)


def changed_items(old: Iterable[SeedItem], new: Iterable[SeedItem]) -> list[SeedItem]:
    """Return the items of the new version that are new or different.

    Keys that are only in the old version aren't in the result: a seed file deletes nothing.
    """
    before = {item.key: _content(item) for item in old}
    last = {item.key: item for item in new}
    return [item for item in last.values() if before.get(item.key) != _content(item)]


def _content(item: SeedItem) -> tuple[object, ...]:
    return item.value, item.metadata, item.expiration, item.expiration_ttl


def _compare(write: Write, found: Found) -> Change:
    if found is None:
        return Change(write.key, "new")
    parts = ("value",) if isinstance(found, DamagedKeyError) else differing(write, found)
    return Change(write.key, "changed" if parts else "same", parts)


def differing(one: Entry | Write, other: Entry | Write) -> tuple[str, ...]:
    """Return which of value, metadata and expiration differ; metadata is compared as JSON."""
    parts = []
    if one.value != other.value:
        parts.append("value")
    if not same_json(one.metadata, other.metadata):
        parts.append("metadata")
    if one.expiration != other.expiration:
        parts.append("expiration")
    return tuple(parts)


def same_json(one: str | None, other: str | None) -> bool:
    """Return whether metadata is the same JSON; none is the same as null."""
    if one == other:
        return True
    try:
        return bool(parse_json(one or "null") == parse_json(other or "null"))
    except KVSyntaxError:
        return False
