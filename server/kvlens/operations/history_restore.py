"""Restore keys from the history: undo one action, or go back to before a change.

All of it or nothing is written, and only over what was read: a key that changes meanwhile makes it
fail. A restore is recorded like any other change, and so can be undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple

from kvlens.history import database
from kvlens.history.database import Action, Filter, Recorded
from kvlens.kv.records import Entry, State, Unknown, Write
from kvlens.operations.errors import ConflictError, InvalidError, NotFoundError, OperationError
from kvlens.operations.history import find_action, with_history
from kvlens.operations.target import Scope
from kvlens.seeds.fingerprint import of_names
from kvlens.stores.base import Batch, ChangedError, DamagedKeyError, Seen, Store
from kvlens.stores.batch import each_found
from kvlens.stores.registry import url_of
from kvlens.stores.wrangler.database import Database

MOST_KEYS = 20_000  # of one restore
MOST_SIZE = 256 * 1024 * 1024  # bytes of values of one restore

Extent = Literal["key", "namespace", "everything"]
EXTENTS: tuple[Extent, ...] = ("key", "namespace", "everything")


class _Wanted(NamedTuple):
    """What a key was, and what it has to be now for that to be restored, if that matters."""

    ns: str
    key: str
    state: State
    unless_changed_from: State = Unknown()


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
    found = await with_history(scope, lambda db: _of_action(db, action, store))
    return await _plan(scope, found or [])


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
    found = await with_history(scope, lambda db: _since(db, store, change, extent, after))
    if found is None:
        raise NotFoundError(f"the history no longer has the change {change}; list it again")
    return await _plan(scope, found)


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


def _of_action(db: Database, action: Action, store: str) -> list[_Wanted]:
    if action.store != store:
        raise OperationError(
            f"{action.title or action.writer} changed the store {_url(action.store)}, but the "
            f"project uses {_url(store)} now. Use that store to undo it"
        )
    _check_whole(action)
    first, last = _ends(database.changes(db, Filter(), action=action.id))
    return [
        _Wanted(
            ns,
            key,
            database.content(db, one, after=False),
            database.content(db, last[ns, key], after=True),
        )
        for (ns, key), one in first.items()
    ]


def _url(name: str) -> str:
    return url_of(name) or name


def _since(
    db: Database, store: str, number: int, extent: Extent, after: bool
) -> list[_Wanted] | None:
    change = database.change(db, number)
    if change is None:
        return None
    if extent == "key":
        return [_Wanted(change.ns, change.key, database.content(db, change, after=after))]
    wanted = Filter(store=store, ns=change.ns if extent == "namespace" else None)
    left_out = database.left_out_since(db, store, number)
    if left_out is not None:
        _check_whole(left_out)
    first, _ = _ends(database.changes_since(db, wanted, number))
    return [
        _Wanted(ns, key, database.content(db, one, after=False)) for (ns, key), one in first.items()
    ]


def _check_whole(action: Action) -> None:
    if action.left_out:
        raise OperationError(
            f"{action.title or action.writer} changed {action.left_out:,} keys that are not in "
            "the history, because they were too many or too large. Restore a snapshot instead"
        )


def _ends(
    changes: Iterable[Recorded],
) -> tuple[dict[tuple[str, str], Recorded], dict[tuple[str, str], Recorded]]:
    """Return the first and the last change of each key."""
    first: dict[tuple[str, str], Recorded] = {}
    last: dict[tuple[str, str], Recorded] = {}
    size = 0
    for one in changes:
        place = one.ns, one.key
        last[place] = one
        if place not in first:
            first[place] = one
            size += (one.before.size or 0) if one.before else 0
        if len(first) > MOST_KEYS or size > MOST_SIZE:
            raise OperationError(
                f"more than {MOST_KEYS:,} keys or {MOST_SIZE // 1024**2} MB would have to be "
                "restored at once. Restore one namespace at a time, or a snapshot"
            )
    return first, last


# -- what the store has ------------------------------------------------------------------------


async def _plan(scope: Scope, wanted: Sequence[_Wanted]) -> Restore:
    store = await scope.store()
    now, whole = await store.time(), store.with_hidden()
    earliest = await whole.time()  # what only a moved clock hides is written, and hidden
    over = sum(_is_over(one.state, earliest) for one in wanted)
    unknown = sum(isinstance(one.state, Unknown) for one in wanted)
    plan = Restore([], [], [], [], [], over, unknown, "")
    known: list[str] = []
    for ns in dict.fromkeys(one.ns for one in wanted):
        some = [one for one in wanted if one.ns == ns]
        known += await _plan_namespace(plan, whole, ns, some, (now, earliest))
    return plan._replace(digest=of_names(known))


async def _plan_namespace(
    plan: Restore, store: Store, ns: str, wanted: Sequence[_Wanted], times: tuple[float, float]
) -> list[str]:
    """Add what has to be done in a namespace; return what identifies it."""
    now, earliest = times
    writes: list[Write] = []
    deletes: list[str] = []
    expected: list[Seen] = []
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
            expected.append(Seen.of(one.key, found))
            known += map(str, expected[-1])
        if state is None:
            deletes.append(one.key)
            plan.deleted.append((ns, one.key))
        else:
            writes.append(Write(one.key, *state))
            plan.put.append((ns, one.key))
        known += map(str, Seen.of(one.key, state))
    if writes or deletes:
        plan.batches.append(Batch(ns, writes, deletes, (), expected))
    return known


def _is_over(state: State, now: float) -> bool:
    return isinstance(state, Entry) and state.has_expired(now)
