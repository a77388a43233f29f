"""Export a namespace as a seed file, with values, metadata and expirations."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from kvlens.operations.target import Target
from kvlens.seeds import export as exporting
from kvlens.seeds.export import Out
from kvlens.seeds.progress import Cancelled, Progress
from kvlens.stores.base import DamagedKeyError


class Exported(NamedTuple):
    """How many keys were written, and which were skipped because they can't be read."""

    keys: int
    damaged: list[DamagedKeyError]


async def export(
    target: Target,
    out: Path | Out,
    *,
    prefix: str = "",
    given: bool = False,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Exported:
    """Write a namespace to a file, completely or not at all, or to an open stream.

    `given` says that the user typed the name of the file, which may be a pipe or a device then, or
    a link that stays in the project. Raises OSError if the file can't be written, CancelledError,
    and StoreError.
    """
    store = await target.store()
    damaged: list[DamagedKeyError] = []
    how: Any = {
        "prefix": prefix,
        "progress": progress,
        "cancelled": cancelled,
        "damaged": damaged.append,
    }
    if isinstance(out, Path):
        project = target.scope.folder
        keys = await exporting.export_file(
            store, target.id, out, project=project, given=given, **how
        )
    else:
        keys = await exporting.write_items(store, target.id, out, **how)
    return Exported(keys, damaged)


async def export_items(target: Target, *, prefix: str = "") -> list[dict[str, Any]]:
    """Return a namespace as the items of a seed file. Raises StoreError, also for a damaged key."""
    store = await target.store()
    return await exporting.export(store, target.id, prefix=prefix)
