"""Copy keys from one side of a comparison to the other, over what was compared only."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from typing import NamedTuple

from kvlens.chunks import chunks
from kvlens.kv.records import Entry, Write
from kvlens.operations.compare import PAGE_LIMIT, Clocks, Comparison, Which, digests
from kvlens.operations.compared import DAMAGED, MISSING, Results, version
from kvlens.operations.errors import OperationError
from kvlens.seeds.progress import STEP_KEYS, Cancelled, CancelledError, Progress, Steps
from kvlens.stores.base import NOTHING, Batch, ChangedError, DamagedKeyError, Seen, StoreError
from kvlens.stores.batch import each_found
from kvlens.stores.origin import Origin
from kvlens.stores.spool import SeenSpool, Spool

MAX_CHANGED = 100  # names in an answer
_NOTHING = "nothing was written"


class Plan(NamedTuple):
    """What a copy would do, by what was compared."""

    to: Which
    results: Results
    """What was compared when it was planned."""
    numbers: array[int]
    """The keys to write or to delete."""
    new: int = 0
    overwritten: int = 0
    deleted: int = 0
    only_there: int = 0
    """Keys that the source doesn't have, whether or not they are deleted."""
    unreadable: int = 0
    """Damaged keys of the source, which can't be copied."""
    expired: int = 0
    """Keys that are left because they have expired by the clock of one side only."""


class Copied(NamedTuple):
    """How many keys were written and deleted: all, or none if some have `changed`."""

    written: int
    deleted: int
    changed: Sequence[str] = ()
    """Some of the keys that aren't what was compared."""


def plan(comparison: Comparison, to: Which, numbers: array[int], *, deletes: bool) -> Plan:
    """Return what copying keys to a side does; equal ones stay. Nothing is read.

    With `deletes`, keys that only that side has are deleted.
    """
    results = comparison.results
    chosen = array("Q")
    new = overwritten = deleted = only_there = unreadable = expired = 0
    for number in numbers:
        if results.kind(number) in ("same", None):
            continue
        source, target = _oriented(to, results.versions(number))
        if source == DAMAGED:
            unreadable += 1
            continue
        if source == MISSING:
            only_there += 1
            if not deletes:
                continue
        if results.leaves(number)[to == "right"]:
            expired += 1
            continue
        if source == MISSING:
            deleted += 1
        elif target == MISSING:
            new += 1
        else:
            overwritten += 1
        chosen.append(number)
    return Plan(to, results, chosen, new, overwritten, deleted, only_there, unreadable, expired)


async def copy(
    comparison: Comparison,
    plan: Plan,
    *,
    origin: Origin,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    compares_again: bool = True,
) -> Copied:
    """Do what was planned, with metadata and expiration: all of it, or nothing.

    The history has the change under the `origin`. With `compares_again`, the comparison is right
    afterwards.
    Nothing is written if a key of either side isn't what was compared. Raises CancelledError,
    OperationError for a side that takes no changes, and StoreError. A store that isn't `atomic`
    may have made some changes then; its error says so.
    """
    side = comparison.side(plan.to)
    store = (await side.target.store()).by(origin)
    if side.is_file or not store.writable:
        raise OperationError(f"{side.title} takes no changes; {_NOTHING}")
    try:
        with closing(Spool()) as writes:
            found = await _read(comparison, plan, writes, Steps(_NOTHING, progress, cancelled))
            if found.changed:
                return Copied(0, 0, found.changed[:MAX_CHANGED])
            batch = Batch(
                side.target.id,
                _checked(writes, cancelled),
                found.deletes,
                expected=found.expected,
            )
            await store.change_many([batch])
    except ChangedError as error:
        return Copied(0, 0, [error.key])
    finally:
        if compares_again:
            with suppress(StoreError):  # then the store says so when its rows are read
                await comparison.compare_again(plan.results, plan.numbers)
    return Copied(plan.new + plan.overwritten, plan.deleted)


class _Found(NamedTuple):
    """What the target has, and which keys are not what was compared."""

    deletes: list[str]
    expected: SeenSpool
    changed: list[str]


async def _read(comparison: Comparison, plan: Plan, writes: Spool, steps: Steps) -> _Found:
    results = plan.results
    source = comparison.side("left" if plan.to == "right" else "right")
    target = comparison.side(plan.to)
    found = _Found([], SeenSpool(), [])
    clocks = await Clocks.of(comparison.left, comparison.right)
    for some in chunks(plan.numbers, PAGE_LIMIT):
        names = [results.name(at) for at in some]
        there = await target.whole()
        held = [one async for _, one in digests(there, target.target.id, names)]
        at = 0
        async for entry in each_found(await source.whole(), source.target.id, names):
            name, now = names[at], held[at]
            wanted, expected = _oriented(plan.to, results.versions(some[at]))
            at += 1
            mine = entry if isinstance(entry, DamagedKeyError) else _seen(name, entry)
            theirs = now if isinstance(now, DamagedKeyError) or now.digest != NOTHING else None
            pair = (theirs, mine) if plan.to == "left" else (mine, theirs)
            is_left = clocks.leaves(*pair)[plan.to == "right"]  # a clock was moved meanwhile
            if version(mine) != wanted or version(theirs) != expected or is_left:
                found.changed.append(name)
                continue
            if isinstance(now, Seen):
                found.expected.add(now)
            if isinstance(entry, Entry):
                writes.add(Write(name, *entry))
            else:
                found.deletes.append(name)
        await steps.add(len(some))
    return found


def _seen(name: str, entry: Entry | None) -> Seen | None:
    return None if entry is None else Seen.of(name, entry)


def _oriented(to: Which, versions: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Return the versions of source and target."""
    left, right = versions
    return (left, right) if to == "right" else (right, left)


def _checked(writes: Spool, cancelled: Cancelled | None) -> Iterator[Write]:
    """Yield what is to be written. Raises CancelledError."""
    for number, write in enumerate(writes.writes()):
        if number % STEP_KEYS == 0 and cancelled and cancelled():
            raise CancelledError(number, _NOTHING)
        yield write
