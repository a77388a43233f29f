"""Copy or move the keys of one namespace to another. A moved key is deleted once it is copied."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Literal, NamedTuple

from kvlens.kv.records import Entry, Write
from kvlens.seeds.fingerprint import of_entries
from kvlens.seeds.plan import differing
from kvlens.seeds.progress import Cancelled, CancelledError, Progress, Steps
from kvlens.stores.base import Seen, Store, StoreError
from kvlens.stores.batch import each, everything

Existing = Literal["refuse", "keep", "overwrite"]
EXISTING: tuple[Existing, ...] = ("refuse", "keep", "overwrite")
PART_KEYS = 10_000
PART_SIZE = 64 * 1024 * 1024  # bytes of values held in memory


class Transferred(NamedTuple):
    """How many keys were copied or moved, and which keys conflict.

    If nothing was copied because of conflicts, `digest` is that of the target's conflicting keys.
    """

    keys: int
    conflicts: list[str]
    digest: str | None = None


async def copy(
    store: Store,
    old: str,
    new: str,
    existing: Existing = "refuse",
    expected: str | None = None,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    unchanged: str = "nothing was copied",
) -> Transferred:
    """Copy every key of namespace `old` to `new`, with metadata and expiration.

    If `new` has a key with other content, `existing` decides: with "refuse" nothing is copied, with
    "keep" that key isn't, with "overwrite" it is. With "overwrite" and `expected`, the digest of a
    refusal, nothing is copied if `new` has changed since. Raises CancelledError, with `unchanged`
    in its text, and StoreError; `new` is unchanged then.
    """
    if old == new:
        return Transferred(0, [])
    conflicts = await _conflicts(store, old, new)
    if conflicts and (existing == "refuse" or (existing == "overwrite" and expected is not None)):
        digest = await of_entries(store, new, conflicts)
        if existing == "refuse" or digest != expected:
            return Transferred(0, conflicts, digest)
    stay = set(conflicts) if existing == "keep" else set()
    steps = Steps(unchanged, progress, cancelled)
    added: list[Seen] = []
    replaced: list[tuple[Seen, Write]] = []
    copied = 0
    try:
        async for part in _parts(store, old, stay):
            there = [entry async for _, entry in each(store, new, [w.key for w in part])]
            for write, entry in zip(part, there, strict=True):
                if entry is None:
                    added.append(Seen.of(write.key, write))
                elif differing(write, entry):
                    replaced.append((Seen.of(write.key, write), Write(write.key, *entry)))
            await store.put_many(new, part)
            copied += len(part)
            await steps.add(len(part))
    except (CancelledError, StoreError):
        await _take_back(store, new, added, replaced)
        raise
    return Transferred(copied, conflicts)


async def move(
    store: Store,
    old: str,
    new: str,
    existing: Existing = "refuse",
    expected: str | None = None,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Transferred:
    """Copy every key of namespace `old` to `new` like `copy`, and then delete it from `old`.

    A key is deleted only once `new` has it, and only if both are still the same: last-moment writes
    stay. Raises CancelledError and StoreError; `old` still has all its keys then, and `new` is
    unchanged.
    """
    _, conflicts, digest = await copy(
        store,
        *(old, new, existing, expected),
        progress=progress,
        cancelled=cancelled,
        unchanged="nothing was moved",
    )
    if old == new or digest is not None:
        return Transferred(0, conflicts, digest)
    stay = set(conflicts) if existing == "keep" else set()
    moved = 0
    async for part in _parts(store, old, stay):
        copies = [entry async for _, entry in each(store, new, [write.key for write in part])]
        safe = [
            Seen.of(write.key, write)
            for write, there in zip(part, copies, strict=True)
            if there is not None and not differing(write, there)
        ]
        moved += len(await store.delete_unchanged(old, safe))
    return Transferred(moved, conflicts)


async def _conflicts(store: Store, old: str, new: str) -> list[str]:
    found = []
    async for part in _parts(store, old, set()):
        there = [entry async for _, entry in each(store, new, [write.key for write in part])]
        found += [
            write.key
            for write, entry in zip(part, there, strict=True)
            if entry is not None and differing(write, entry)
        ]
    return found


async def _take_back(
    store: Store, new: str, added: Sequence[Seen], replaced: Sequence[tuple[Seen, Write]]
) -> None:
    """Restore what `new` had, except keys that something else has written since."""
    await store.delete_unchanged(new, added)
    there = [entry async for _, entry in each(store, new, [seen.key for seen, _ in replaced])]
    ours = [
        before for (seen, before), entry in zip(replaced, there, strict=True) if seen.is_same(entry)
    ]
    if ours:
        await store.put_many(new, ours)


async def _parts(store: Store, ns: str, without: set[str]) -> AsyncIterator[list[Write]]:
    """Yield a namespace's entries as writes, in parts that fit into memory."""
    held: list[Write] = []
    size = 0
    async for key, entry in everything(store, ns):
        if key in without:
            continue
        held.append(_write(key, entry))
        size += len(entry.value)
        if len(held) >= PART_KEYS or size >= PART_SIZE:
            yield held
            held, size = [], 0
    if held:
        yield held


def _write(key: str, entry: Entry) -> Write:
    return Write(key, entry.value, entry.metadata, entry.expiration)
