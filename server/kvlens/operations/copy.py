"""Copy the keys of one namespace to another."""

from __future__ import annotations

from collections.abc import Sequence

from kvlens.operations.existing import checked_existing
from kvlens.operations.target import Target
from kvlens.seeds import move as moving
from kvlens.seeds.move import Transferred
from kvlens.seeds.progress import Cancelled, Progress


async def copy(
    target: Target,
    source: str,
    existing: str = "refuse",
    expected: str | None = None,
    *,
    keys: Sequence[str] | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Transferred:
    """Copy the keys of the namespace with id `source`, or only some, with all their data.

    If the target has keys with other content, `existing` decides: "refuse" copies nothing, "keep"
    keeps those keys, "overwrite" replaces them: with `expected`, the digest of a refusal, only if
    their content hasn't changed since. Raises InvalidError, CancelledError and StoreError; the
    target is unchanged then.
    """
    known = checked_existing(existing)
    store = await target.store()
    return await moving.copy(
        store,
        source,
        target.id,
        known,
        expected,
        keys=keys,
        progress=progress,
        cancelled=cancelled,
    )
