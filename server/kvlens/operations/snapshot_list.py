"""List the snapshots of a project."""

from __future__ import annotations

from typing import NamedTuple, TypedDict

from kvlens.operations.target import Scope
from kvlens.seeds import snapshots
from kvlens.seeds.snapshots import Snapshot


class Snapshots(NamedTuple):
    """The snapshots, oldest first, and a line for each unreadable one."""

    found: list[Snapshot]
    unreadable: list[str]


def list_snapshots(scope: Scope) -> Snapshots:
    """Return the snapshots. Raises StoreError if their folder is a link."""
    return Snapshots(*snapshots.saved(scope.folder))


class SnapshotNamespace(TypedDict):
    """A namespace in a snapshot."""

    binding: str
    environment: str | None
    id: str
    file: str
    keys: int
    size: int


class SnapshotInfo(TypedDict):
    """A snapshot: the keys of a project's namespaces at one moment."""

    name: str
    folder: str
    created: int
    """Seconds since the epoch."""
    keys: int
    size: int
    """Bytes of all values."""
    namespaces: list[SnapshotNamespace]


def as_json(snapshot: Snapshot, folder: str) -> SnapshotInfo:
    """Return a snapshot in its JSON form; `folder` is its path or URI."""
    return {
        "name": snapshot.name,
        "folder": folder,
        "created": snapshot.created,
        "keys": snapshot.keys,
        "size": snapshot.size,
        "namespaces": [
            {
                "binding": kept.namespace.binding,
                "environment": kept.namespace.environment,
                "id": kept.namespace.id,
                "file": kept.file,
                "keys": kept.keys,
                "size": kept.size,
            }
            for kept in snapshot.namespaces
        ],
    }
