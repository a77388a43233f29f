"""Save what the namespaces of a project hold now as a snapshot."""

from __future__ import annotations

from typing import NamedTuple

from kvlens.operations.errors import ExistsError
from kvlens.operations.target import Scope, find_namespaces
from kvlens.seeds import snapshots
from kvlens.seeds.progress import Cancelled, Progress
from kvlens.seeds.snapshots import NamespaceRef, Snapshot, SnapshotExistsError
from kvlens.stores.base import DamagedKeyError


class Saved(NamedTuple):
    """A snapshot that was saved, and the keys that are not in it as they cannot be read."""

    snapshot: Snapshot
    damaged: list[DamagedKeyError]


def references(scope: Scope, binding: str | None) -> list[NamespaceRef]:
    """Return the namespaces that count as snapshots name them. Raises NotFoundError."""
    return [NamespaceRef(n.binding, n.environment, n.id) for n in find_namespaces(scope, binding)]


async def save_snapshot(
    scope: Scope,
    name: str,
    *,
    binding: str | None = None,
    force: bool = False,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Saved:
    """Save the namespaces that count, or only those of a binding; `force` overwrites a snapshot.

    Raises NotFoundError for the binding, ExistsError, CancelledError, SnapshotError and StoreError.
    """
    namespaces = references(scope, binding)
    snapshots.check_name(name)
    store = await scope.store()
    damaged: list[DamagedKeyError] = []
    try:
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
