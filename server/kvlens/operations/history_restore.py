"""Restore keys from the history: undo one action, or go back to before a change.

All of it or nothing is written, and only over what was read: a key that changes meanwhile makes it
fail. A restore is recorded like any other change, and so can be undone.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple

from kvlens.formatting import amount
from kvlens.history import queries
from kvlens.history.queries import Action, Filter
from kvlens.kv.records import Entry, State, Unknown, Write
from kvlens.operations.errors import ConflictError, InvalidError, NotFoundError, OperationError
from kvlens.operations.history import find_action, with_history
from kvlens.operations.target import Scope
from kvlens.seeds.fingerprint import of_names
from kvlens.stores.base import Batch, ChangedError, DamagedKeyError, Seen, Store
from kvlens.stores.batch import PAGE_KEYS, PAGE_SIZE, each_found
from kvlens.stores.registry import url_of
from kvlens.stores.spool import SeenSpool, Spool
from kvlens.stores.wrangler.database import Database

Extent = Literal["key", "namespace", "everything"]
EXTENTS: tuple[Extent, ...] = ("key", "namespace", "everything")


class _Wanted(NamedTuple):
    """What a key was, and what it has to be now for that to be restored, if that matters."""

    ns: str
    key: str
    state: State
    unless_changed_from: State = Unknown()

    def size(self) -> int:
        """The bytes of its values."""
        states = self.state, self.unless_changed_from
        return sum(len(one.value) for one in states if isinstance(one, Entry))


_Ends = dict[str, "array[int]"]
"""By namespace, for each key in order: the id of the first and of the last change that counts."""


class Restore(NamedTuple):
    """What a restore does. `changed` are keys that an undo leaves: they have changed since."""

    batches: list[Batch]
    put: list[tuple[str, str]]
    """Namespace and key of those that get another value, metadata or expiration."""
    deleted: list[tuple[str, str]]
    changed: list[tuple[str, str]]
    damaged: list[tuple[str, str]]
    """Keys that an undo leaves, because they can't be read and compared."""
    expired: int
    """Keys that have expired since and stay away."""
    unknown: int
    """Keys that are left because the history doesn't have their earlier value."""
    digest: str
    """Identifies what is there now and what would be there."""


async def plan_undo(scope: Scope, name: str) -> Restore:
    """Return how to undo the action with the id `name`: an `Origin.action` or a number.

    Keys that have changed since the action are left. Raises NotFoundError and OperationError if
    the history doesn't have all of it, and StoreError.
    """
    action = await find_action(scope, name)
    store = scope.project.history_name
    ends = await with_history(scope, lambda db: _of_action(db, action, store))
    return await _plan(scope, ends or {}, undo=True)


async def plan_restore(
    scope: Scope, change: int, extent: Extent, *, after: bool = False
) -> Restore:
    """Return how to go back to before a change: with its key, its namespace or everything.

    With `after`, which is for a key only, to right after the change. Raises NotFoundError and
    OperationError if the history doesn't have all that is needed, and StoreError.
    """
    if after and extent != "key":
        raise InvalidError("", lambda spell: f"{spell('after')} is for a key only")
    store = scope.project.history_name
    ends = await with_history(scope, lambda db: _since(db, store, change, extent))
    if ends is None:
        raise NotFoundError(f"the history no longer has the change {change}; list it again")
    return await _plan(scope, ends, after=after)


async def restore(scope: Scope, plan: Restore, *, expected: str | None = None) -> None:
    """Do what was planned, all or nothing.

    With `expected`, the digest of the plan that the user was shown, raises ConflictError if it is
    another one now, and always if a key has changed since the plan. Raises StoreError.
    """
    if expected in (None, plan.digest):
        with suppress(ChangedError):
            if plan.batches:
                await (await scope.store()).change_many(plan.batches)
            return
    raise ConflictError(
        "the keys to restore are not what was read: something else has written to them since. "
        "Nothing was changed; look at the changes again first"
    )


# -- what the history says ---------------------------------------------------------------------


def _of_action(db: Database, action: Action, store: str) -> _Ends:
    if action.store != store:
        raise OperationError(
            f"{action.title or action.writer} changed the store {_url(action.store)}, but the "
            f"project uses {_url(store)} now. Use that store to undo it"
        )
    _check_whole(action)
    return queries.ends(db, Filter(), action=action.id)


def _url(name: str) -> str:
    return url_of(name) or name


def _since(db: Database, store: str, number: int, extent: Extent) -> _Ends | None:
    change = queries.change(db, number)
    if change is None:
        return None
    if extent == "key":
        return {change.ns: array("q", [number, number])}
    wanted = Filter(store=store, ns=change.ns if extent == "namespace" else None)
    left_out = queries.left_out_since(db, store, number)
    if left_out is not None:
        _check_whole(left_out)
    return queries.ends(db, wanted, since=number)


def _check_whole(action: Action) -> None:
    if action.left_out:
        raise OperationError(
            f"{action.title or action.writer} changed {amount(action.left_out, None)} that are "
            "not in the history: they were too large for its size. Restore a snapshot instead"
        )


async def _wanted(
    scope: Scope, ends: array[int], *, undo: bool, after: bool
) -> AsyncIterator[list[_Wanted]]:
    """Yield what keys were in parts that fit in memory."""
    at = 0

    def read(db: Database) -> list[_Wanted]:
        return _part(db, ends[at : at + 2 * PAGE_KEYS], undo=undo, after=after)

    while at < len(ends):
        some = await with_history(scope, read)
        if not some:
            raise NotFoundError("the history no longer has all changes; list it again")
        yield some
        at += 2 * len(some)


def _part(db: Database, ends: array[int], *, undo: bool, after: bool) -> list[_Wanted]:
    changes = {one.id: one for one in queries.changes_with(db, set(ends))}
    part: list[_Wanted] = []
    size = 0
    for number, other in zip(ends[::2], ends[1::2], strict=True):
        if number not in changes or other not in changes or size > PAGE_SIZE:
            break
        first, last = changes[number], changes[other]
        state = queries.content(db, first, after=after)
        then = queries.content(db, last, after=True) if undo else Unknown()
        part.append(_Wanted(first.ns, first.key, state, then))
        size += part[-1].size()
    return part


# -- what the store has ------------------------------------------------------------------------


async def _plan(scope: Scope, ends: _Ends, *, undo: bool = False, after: bool = False) -> Restore:
    store = await scope.store()
    now, whole = await store.time(), store.with_hidden()
    earliest = await whole.time()  # what only a moved clock hides is written, and hidden
    plan = Restore([], [], [], [], [], 0, 0, "")
    over = unknown = 0
    digest = hashlib.sha256()
    for ns, some in ends.items():
        todo = _Todo(ns, Spool(), [], SeenSpool())
        async for wanted in _wanted(scope, some, undo=undo, after=after):
            over += sum(_is_over(one.state, earliest) for one in wanted)
            unknown += sum(isinstance(one.state, Unknown) for one in wanted)
            known = await _plan_part(plan, whole, todo, wanted, (now, earliest))
            digest.update(of_names(known).encode())
        if todo.writes.count or todo.deletes:
            plan.batches.append(Batch(ns, todo.writes, todo.deletes, (), todo.expected))
    return plan._replace(expired=over, unknown=unknown, digest=digest.hexdigest())


class _Todo(NamedTuple):
    """What has to be done in a namespace."""

    ns: str
    writes: Spool
    deletes: list[str]
    expected: SeenSpool


async def _plan_part(
    plan: Restore, store: Store, todo: _Todo, wanted: Sequence[_Wanted], times: tuple[float, float]
) -> list[str]:
    """Add what has to be done for some keys; return what identifies it."""
    now, earliest = times
    ns, writes, deletes, expected = todo
    known = [ns]
    at = iter(wanted)
    async for found in each_found(store, ns, [one.key for one in wanted]):
        one = next(at)
        if isinstance(one.state, Unknown):
            continue
        then = None if _is_over(one.unless_changed_from, earliest) else one.unless_changed_from
        state = None if _is_over(one.state, earliest) else one.state
        hidden = isinstance(found, Entry) and found.has_expired(now)
        if found == state or (state is None and hidden):  # a delete leaves hidden keys
            continue
        if not isinstance(then, Unknown) and found != then:
            left = plan.damaged if isinstance(found, DamagedKeyError) else plan.changed
            left.append((ns, one.key))
            continue
        if isinstance(found, DamagedKeyError):  # there is nothing to compare with, or to lose
            known.append(f"{one.key} damaged")
        else:
            seen = Seen.of(one.key, found)
            expected.add(seen)
            known += map(str, seen)
        if state is None:
            deletes.append(one.key)
            plan.deleted.append((ns, one.key))
        else:
            writes.add(Write(one.key, *state))
            plan.put.append((ns, one.key))
        known += map(str, Seen.of(one.key, state))
    return known


def _is_over(state: State, now: float) -> bool:
    return isinstance(state, Entry) and state.has_expired(now)
