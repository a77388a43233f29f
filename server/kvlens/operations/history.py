"""List what has changed, with the values before and after."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import NamedTuple, TypeVar

from kvlens.history import queries
from kvlens.history.database import history_file, open_history
from kvlens.history.queries import Action, Filter, Recorded
from kvlens.history.size import MOST
from kvlens.kv.limits import MAX_LIST_KEYS
from kvlens.kv.records import State
from kvlens.operations.errors import InvalidError, NotFoundError, OperationError
from kvlens.operations.target import Scope
from kvlens.stores.wrangler.database import Database

RECORDED_WITHIN = 3.0  # seconds until an action that has just ended is in the history

T = TypeVar("T")


class Entry(NamedTuple):
    """An action with the first of its changes that match the filter."""

    action: Action
    changes: Sequence[Recorded]


async def list_history(
    scope: Scope,
    wanted: Filter,
    *,
    before: int | None = None,
    limit: int = 50,
    changes: int = 20,
) -> list[Entry]:
    """Return the newest actions that match, or those `before` an action's id, newest first.

    Each has up to `changes` of its changes; `list_changes` returns the rest. Raises InvalidError,
    OperationError and StoreError.
    """
    for name, value in (("limit", limit), ("changes", changes)):
        _check(name, value)
    wanted = wanted._replace(store=scope.project.history_name)

    def read(db: Database) -> list[Entry]:
        return [
            Entry(one, queries.changes(db, wanted, action=one.id, limit=changes))
            for one in queries.actions(db, wanted, before=before, limit=limit)
        ]

    return await with_history(scope, read) or []


async def list_changes(
    scope: Scope, action: int, wanted: Filter, *, after: int = 0, limit: int = 100
) -> list[Recorded]:
    """Return changes of an action that match, in order, from the one after the id `after`."""
    _check("limit", limit)
    wanted = wanted._replace(store=scope.project.history_name)
    return (
        await with_history(
            scope,
            lambda db: queries.changes(db, wanted, action=action, after=after, limit=limit),
        )
        or []
    )


async def find_change(scope: Scope, number: int) -> tuple[Recorded, State, State]:
    """Return a change by its id, with what the key was before and after. Raises NotFoundError."""

    def read(db: Database) -> tuple[Recorded, State, State] | None:
        found = queries.change(db, number)
        if found is None:
            return None
        return (
            found,
            queries.content(db, found, after=False),
            queries.content(db, found, after=True),
        )

    found = await with_history(scope, read)
    if found is None:
        raise NotFoundError(f"the history no longer has the change {number}; list it again")
    return found


async def writers(scope: Scope) -> list[str]:
    """Return who has written, for a filter."""
    return await with_history(scope, queries.writers) or []


async def namespaces(scope: Scope) -> list[str]:
    """Return the ids of the namespaces that have changed, for a filter."""
    store = scope.project.history_name
    return await with_history(scope, lambda db: queries.namespaces(db, store)) or []


async def find_action(scope: Scope, name: str) -> Action:
    """Return the action of an `Origin.action` or with a number, once it is recorded.

    An action that has just ended takes a moment. Raises NotFoundError.
    """
    until = time.monotonic() + RECORDED_WITHIN
    while time.monotonic() < until:
        found = await with_history(scope, lambda db: _action(db, name))
        if found is not None:
            return found
        await asyncio.sleep(0.05)
    raise NotFoundError(
        f"the history doesn't have the action {name}; `kvlens history` lists what it has"
    )


async def newest_elsewhere(scope: Scope) -> Action | None:
    """Return the newest action of all if it changed another store than the project's."""
    found = await with_history(
        scope, lambda db: queries.actions(db, Filter(), before=None, limit=1)
    )
    return next((one for one in found or () if one.store != scope.project.history_name), None)


def _action(db: Database, name: str) -> Action | None:
    found = queries.action_named(db, name)
    if found is None and name.isascii() and name.isdigit() and len(name) < 19:
        found = queries.action(db, int(name))
    return found


async def with_history(scope: Scope, read: Callable[[Database], T]) -> T | None:
    """Return what `read` finds in the history; None if there is no history.

    Raises StoreError, OperationError if the file can't be read, and InvalidError for a number that
    can't be in it.
    """
    folder = scope.folder

    def work() -> T | None:
        try:
            db = open_history(folder, MOST * 1024 * 1024, create=False)
            if db is None:
                return None
            with closing(db):
                return read(db)
        except OverflowError:
            raise InvalidError(
                "a number is larger than any in the history; `kvlens history list` lists them"
            ) from None
        except (sqlite3.Error, OSError) as error:
            raise OperationError(
                f"the history {history_file(folder)} can't be read: {error}. Remove it to start "
                "a new one"
            ) from error

    return await asyncio.to_thread(work)


def name_of(scope: Scope, ns: str) -> str:
    """Return the binding of a namespace, or its id if no config declares it."""
    return next((one.binding for one in scope.config.namespaces() if one.id == ns), ns)


def _check(name: str, value: int) -> None:
    if not 0 < value <= MAX_LIST_KEYS:
        raise InvalidError(
            "", lambda spell: f"{spell(name)} is {value}; it takes 1 to {MAX_LIST_KEYS}"
        )
