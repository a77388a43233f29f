"""Restore the namespaces to the content of a snapshot."""

from __future__ import annotations

from typing import TypedDict

from kvlens.operations.snapshot_diff import Comparison
from kvlens.seeds import snapshots
from kvlens.seeds.fingerprint import of_entries, of_names
from kvlens.seeds.progress import Cancelled, Progress
from kvlens.seeds.snapshots import Difference


async def changes_digest(found: Comparison) -> str:
    """Return a digest of what a restore would change now, for a question to the user.

    Raises SnapshotError and StoreError.
    """
    store = await found.scope.store()
    namespaces = [one.namespace for one in found.differences]
    differences = await snapshots.compare(store, found.snapshot, namespaces)
    return of_names(
        [
            (
                await of_entries(store, one.namespace.id, [change.key for change in one.changes])
            ).digest
            for one in differences
        ]
    )


async def restore_snapshot(
    found: Comparison,
    *,
    forced: bool = False,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> None:
    """Undo the changes since the snapshot, in all of its namespaces or in none.

    The caller asks the user before keys are lost: see `Comparison.lost`. Raises ChangedError if one
    of the keys has changed since, unless the restore is `forced`, CancelledError, SnapshotError and
    StoreError.
    """
    if found.different:
        await snapshots.restore(
            await found.scope.store(),
            found.snapshot,
            found.differences,
            forced=forced,
            progress=progress,
            cancelled=cancelled,
        )


class Restored(TypedDict):
    """What a restore does, in keys."""

    written: int
    overwritten: int
    """Those of the written keys that have another value, metadata or expiration now."""
    deleted: int
    expired: int
    """Skipped because they have expired since."""


class RestoredNamespace(Restored):
    """What a restore does to a namespace."""

    binding: str
    environment: str | None
    id: str


def as_json(one: Difference) -> RestoredNamespace:
    """Return what a restore does to a namespace, in its JSON form."""
    return {
        "binding": one.namespace.binding,
        "environment": one.namespace.environment,
        "id": one.namespace.id,
        "written": len(one.to_put),
        "overwritten": len(one.overwritten),
        "deleted": len(one.to_delete),
        "expired": one.expired,
    }
