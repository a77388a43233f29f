"""List the snapshots of a project."""

from __future__ import annotations

from typing import Any, NamedTuple

from kvlens.operations.target import Scope
from kvlens.seeds import snapshots
from kvlens.seeds.snapshots import Snapshot


class Snapshots(NamedTuple):
    """The snapshots, the oldest first, and a line for each that cannot be read."""

    found: list[Snapshot]
    unreadable: list[str]


def list_snapshots(scope: Scope) -> Snapshots:
    """Return the snapshots. Raises StoreError if their folder is a link."""
    return Snapshots(*snapshots.saved(scope.folder))


def as_json(snapshot: Snapshot, folder: str) -> dict[str, Any]:
    """Return a snapshot as clients get it; `folder` is its path or URI."""
    return {
        "name": snapshot.name,
        "folder": folder,
        "created": snapshot.created,
        "keys": snapshot.keys,
        "size": snapshot.size,
        "namespaces": [
            {**kept.namespace._asdict(), "file": kept.file, "keys": kept.keys, "size": kept.size}
            for kept in snapshot.namespaces
        ],
    }
