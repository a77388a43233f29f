"""Compare a snapshot with the current content of the namespaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kvlens.operations.errors import NotFoundError
from kvlens.operations.snapshot_save import references, unreadable
from kvlens.operations.target import Scope
from kvlens.seeds import snapshots
from kvlens.seeds.progress import Cancelled
from kvlens.seeds.snapshots import (
    Difference,
    NamespaceRef,
    Snapshot,
    SnapshotAmbiguousError,
    SnapshotMissingError,
)


class Comparison(NamedTuple):
    """What has changed since a snapshot, and the namespaces that are not in both."""

    scope: Scope
    snapshot: Snapshot
    differences: list[Difference]
    removed: list[NamespaceRef]  # in the snapshot, not in the config
    added: list[NamespaceRef]  # in the config, not in the snapshot

    @property
    def different(self) -> bool:
        """Whether anything has changed."""
        return any(one.changes for one in self.differences)

    @property
    def to_delete(self) -> list[str]:
        """The keys that a restore deletes."""
        return [key for one in self.differences for key in one.to_delete]

    @property
    def overwritten(self) -> list[str]:
        """The keys whose current content a restore overwrites."""
        return [key for one in self.differences for key in one.overwritten]

    @property
    def lost(self) -> int:
        """How many keys a restore deletes or overwrites."""
        return len(self.to_delete) + len(self.overwritten)


async def diff_snapshot(
    scope: Scope, name: str, *, only: Sequence[str] = (), cancelled: Cancelled | None = None
) -> Comparison:
    """Return what has changed since a snapshot in the selected namespaces, or in `only` some.

    Raises NotFoundError for a binding and the snapshot, CancelledError, SnapshotError and
    StoreError.
    """
    namespaces = references(scope, only)
    try:
        snapshot = snapshots.load(scope.folder, name)
        with unreadable():
            store = await scope.store()
            found = await snapshots.compare(store, snapshot, namespaces, cancelled=cancelled)
    except SnapshotMissingError as error:
        raise NotFoundError(str(error), known=error.known) from error
    except SnapshotAmbiguousError as error:
        raise NotFoundError(
            str(error), lambda spell: f"; choose one with {spell('binding')}"
        ) from error
    removed: list[NamespaceRef] = []
    added: list[NamespaceRef] = []
    if not only:
        removed, added = snapshots.unpaired(snapshot, namespaces)
        if scope.environment is not None:  # the other environments weren't selected
            removed = []
    return Comparison(scope, snapshot, found, removed, added)
