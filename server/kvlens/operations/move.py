"""Move the keys of one namespace to another."""

from __future__ import annotations

from kvlens.operations.existing import checked_existing
from kvlens.operations.target import Target
from kvlens.seeds import move as moving
from kvlens.seeds.move import Transferred
from kvlens.seeds.progress import Cancelled, Progress


async def move(
    target: Target,
    source: str,
    existing: str = "refuse",
    expected: str | None = None,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Transferred:
    """Move every key of the namespace with id `source` to the target.

    If the target has keys with other content, `existing` decides: "refuse" moves nothing, "keep"
    leaves those keys in both namespaces, "overwrite" replaces them with the moved ones: with
    `expected`, the digest of a refusal, only if their content hasn't changed since. Raises
    InvalidError, CancelledError and StoreError; both namespaces are unchanged then.
    """
    known = checked_existing(existing)
    store = await target.store()
    return await moving.move(
        store, source, target.id, known, expected, progress=progress, cancelled=cancelled
    )
