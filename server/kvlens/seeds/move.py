"""Copy or move the keys of one namespace to another, in one change.

The keys are read and compared first, and kept in a temporary file meanwhile.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from typing import Literal, NamedTuple

from kvlens.chunks import chunks
from kvlens.kv.records import Entry, Write
from kvlens.seeds.fingerprint import of_seen
from kvlens.seeds.plan import differing
from kvlens.seeds.progress import STEP_KEYS, Cancelled, CancelledError, Progress, Steps
from kvlens.stores.base import (
    NOTHING,
    Batch,
    ChangedError,
    DamagedKeyError,
    Seen,
    Store,
    StoreError,
)
from kvlens.stores.batch import Damaged, each, each_found, everything
from kvlens.stores.spool import Spool

Existing = Literal["refuse", "keep", "overwrite"]
EXISTING: tuple[Existing, ...] = ("refuse", "keep", "overwrite")
TRIES = 5  # while something else writes to the target
PART_KEYS = 1_000
PART_SIZE = 16 * 1024 * 1024  # bytes of values held in memory


class Transferred(NamedTuple):
    """How many keys were copied or moved, and which keys conflict.

    If nothing was copied because of conflicts, `digest` is that of the target's conflicting keys.
    """

    keys: int
    conflicts: list[str]
    digest: str | None = None
    damaged: Sequence[DamagedKeyError] = ()


async def copy(
    store: Store,
    old: str,
    new: str,
    existing: Existing = "refuse",
    expected: str | None = None,
    *,
    keys: Sequence[str] | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Transferred:
    """Copy every key of namespace `old` to `new`, or some, with metadata and expiration.

    If `new` has a key with other content, `existing` decides: with "refuse" nothing is copied, with
    "keep" that key isn't, with "overwrite" it is. With "overwrite" and `expected`, the digest of a
    refusal, nothing is copied if `new` has changed since. Raises CancelledError and StoreError;
    `new` is unchanged then. A damaged key of `old` stays there and is in the result; one of `new`
    counts as other content.
    """
    transfer = _Transfer(store, old, new, "copied", progress, cancelled, keys)
    return await transfer.run(existing, expected)


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
    """Copy every key of namespace `old` to `new` like `copy`, and delete it from `old`.

    A key that was written since it was read stays in `old`, with its new value. Raises
    CancelledError and StoreError; both namespaces are unchanged then.
    """
    transfer = _Transfer(store, old, new, "moved", progress, cancelled)
    return await transfer.run(existing, expected)


class _Transfer:
    """One copy or move."""

    def __init__(
        self,
        store: Store,
        old: str,
        new: str,
        done: Literal["copied", "moved"],
        progress: Progress | None,
        cancelled: Cancelled | None,
        keys: Sequence[str] | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._old = old
        self._new = new
        self._moves = done == "moved"
        self._unchanged = f"nothing was {done}"
        self._cancelled = cancelled
        self._steps = Steps(self._unchanged, progress, cancelled)
        self._replaced: dict[str, Entry] = {}  # only if the store can't undo it by itself
        self._present: dict[str, Seen | None] = {}  # what the target has; None: a damaged key
        self._damaged: list[DamagedKeyError] = []  # keys of the source, which stay there

    async def run(self, existing: Existing, expected: str | None) -> Transferred:
        if self._old == self._new:
            return Transferred(0, [])
        any_content = (existing, expected) == ("overwrite", None)
        left = TRIES
        while True:
            with closing(Spool()) as found:
                conflicts = await self._read(found, keep=existing == "keep")
                if conflicts and existing != "keep" and not any_content:
                    held = (one for key in conflicts if (one := self._present[key]))
                    digest = of_seen(held, conflicts)
                    if existing == "refuse" or digest != expected:
                        return Transferred(0, conflicts, digest, tuple(self._damaged))
                try:
                    keys = await self._change(found, any_content) if found.count else 0
                except ChangedError:
                    left -= 1
                    if not left or existing == "overwrite":
                        raise
                else:
                    return Transferred(keys, conflicts, None, tuple(self._damaged))

    async def _read(self, found: Spool, *, keep: bool) -> list[str]:
        """Read what is to be transferred, and return the keys that conflict."""
        conflicts = []
        self._present.clear()
        self._damaged.clear()
        whole = self._store.with_hidden()  # what only a moved clock hides would be replaced too
        source = whole if self._moves else self._store  # else they stay with the old id
        async for part in _parts(source, self._old, self._damaged.append, self._keys):
            keys = [write.key for write in part]
            there = [one async for one in each_found(whole, self._new, keys)]
            for write, entry in zip(part, there, strict=True):
                conflict = False
                if isinstance(entry, DamagedKeyError):
                    conflict = True
                    self._present[write.key] = None
                elif entry is not None:
                    conflict = bool(differing(write, entry))
                    self._present[write.key] = Seen.of(write.key, entry)
                    if not self._store.atomic:
                        self._replaced[write.key] = entry
                if conflict:
                    conflicts.append(write.key)
                if not (conflict and keep):
                    found.add(write)
            await self._steps.add(len(part))
        return conflicts

    async def _change(self, found: Spool, any_content: bool) -> int:
        expected = () if any_content else self._expected(found)
        batches = [Batch(self._new, self._checked(found), expected=expected)]
        if self._moves:
            batches.append(Batch(self._old, unchanged=found.seen()))
        try:
            deleted = await self._store.change_many(batches)
        except (CancelledError, StoreError) as error:
            if self._store.atomic:
                raise
            await self._take_back(found, error)
            if isinstance(error, CancelledError):
                raise
            raise StoreError(f"{error} This was taken back: {self._unchanged}.") from error
        return deleted if self._moves else found.count

    def _checked(self, found: Spool) -> Iterator[Write]:
        """Yield what is to be written. Raises CancelledError."""
        for number, write in enumerate(found.writes()):
            if number % STEP_KEYS == 0 and self._cancelled and self._cancelled():
                raise CancelledError(number, self._unchanged)
            yield write

    def _expected(self, found: Spool) -> Iterator[Seen]:
        """Yield what the target must still have."""
        for write in found.writes():
            seen = self._present.get(write.key, Seen(write.key, NOTHING))
            if seen is not None:
                yield seen

    async def _take_back(self, found: Spool, cause: Exception) -> None:
        """Restore what both had, except keys that something else has written since."""
        try:
            for part in chunks(found.writes(), PART_KEYS):
                await self._restore(part)
        except StoreError as error:
            verb = "Move" if self._moves else "Copy"
            raise StoreError(
                f'{cause} This could not be taken back ({error}): "{self._new}" has some of the '
                f'keys of "{self._old}". {verb} them again, with --existing overwrite.'
            ) from cause

    async def _restore(self, part: list[Write]) -> None:
        """Restore some keys: first in `old`, so that none is ever lost."""
        store, keys = self._store, [write.key for write in part]
        if self._moves:
            left = [entry async for _, entry in each(store, self._old, keys)]
            lost = [write for write, entry in zip(part, left, strict=True) if entry is None]
            if lost:
                await store.put_many(self._old, lost)
        there = [entry async for _, entry in each(store, self._new, keys)]
        ours, before = [], []
        for write, entry in zip(part, there, strict=True):
            seen, replaced = Seen.of(write.key, write), self._replaced.get(write.key)
            if replaced is None:
                ours.append(seen)
            elif seen.is_same(entry) and differing(write, replaced):
                before.append(Write(write.key, *replaced))
        await store.delete_unchanged(self._new, ours)
        if before:
            await store.put_many(self._new, before)


async def _parts(
    store: Store, ns: str, damaged: Damaged, keys: Sequence[str] | None
) -> AsyncIterator[list[Write]]:
    """Yield a namespace's entries, or those of some keys, as writes in parts that fit in memory."""
    held: list[Write] = []
    size = 0
    found: AsyncIterator[tuple[str, Entry | None]] = (
        everything(store, ns, damaged=damaged)
        if keys is None
        else each(store, ns, list(dict.fromkeys(keys)), damaged)
    )
    async for key, entry in found:
        if entry is None:  # it was deleted meanwhile
            continue
        held.append(Write(key, *entry))
        size += len(entry.value)
        if len(held) >= PART_KEYS or size >= PART_SIZE:
            yield held
            held, size = [], 0
    if held:
        yield held
