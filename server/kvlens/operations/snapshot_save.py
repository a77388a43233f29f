"""Save the current content of a project's namespaces as a snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from kvlens.operations.errors import ExistsError, OperationError, Spell
from kvlens.operations.target import Scope, find_namespaces
from kvlens.seeds import snapshots
from kvlens.seeds.progress import Cancelled, Progress
from kvlens.seeds.snapshots import (
    NamespaceRef,
    NamespaceUnreadableError,
    Snapshot,
    SnapshotExistsError,
)
from kvlens.stores.base import DamagedKeyError


class Saved(NamedTuple):
    """A saved snapshot, and the keys that aren't in it because they can't be read."""

    snapshot: Snapshot
    damaged: list[DamagedKeyError]


def references(scope: Scope, only: Sequence[str]) -> list[NamespaceRef]:
    """Return references to the selected namespaces, for snapshots. Raises NotFoundError."""
    return [NamespaceRef(n.binding, n.environment, n.id) for n in find_namespaces(scope, only)]


@contextmanager
def unreadable() -> Iterator[None]:
    """Add to an error how to continue without the unreadable namespace."""
    try:
        yield
    except NamespaceUnreadableError as error:
        found = error  # Python deletes an exception's name after the `except` clause
        raise OperationError(str(error), lambda spell: _how_to_skip(found, spell)) from error


def _how_to_skip(error: NamespaceUnreadableError, spell: Spell) -> str:
    bindings = [one.binding for one in error.others if one.binding != error.namespace.binding]
    choices = [f"{spell('binding')} {binding}" for binding in bindings]
    # else the same binding in other environments
    how = " ".join(dict.fromkeys(choices)) or " or ".join(
        dict.fromkeys(
            f"{spell('environment')} {one.environment or repr('')}" for one in error.others
        )
    )
    return f" To do the others: {how}." if how else ""


async def save_snapshot(
    scope: Scope,
    name: str,
    *,
    only: Sequence[str] = (),
    force: bool = False,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Saved:
    """Save the selected namespaces, or `only` those of some bindings.

    `force` overwrites a snapshot with the same name.

    Raises NotFoundError for a binding, ExistsError, CancelledError, SnapshotError and StoreError.
    """
    namespaces = references(scope, only)
    snapshots.check_name(name)
    store = await scope.store()
    damaged: list[DamagedKeyError] = []
    try:
        with unreadable():
            snapshot = await snapshots.save(
                store,
                scope.folder,
                name,
                namespaces,
                force=force,
                progress=progress,
                cancelled=cancelled,
                damaged=damaged.append,
            )
    except SnapshotExistsError as error:
        raise ExistsError(
            str(error), lambda spell: f"; take another name, or overwrite it with {spell('force')}"
        ) from error
    return Saved(snapshot, damaged)
