"""Move the keys of one namespace into another."""

from __future__ import annotations

from kvlens.operations.errors import InvalidError, listed
from kvlens.operations.target import Target
from kvlens.seeds import move as moving
from kvlens.seeds.move import EXISTING, Moved
from kvlens.seeds.progress import Cancelled, Progress


async def move(
    target: Target,
    source: str,
    existing: str = "refuse",
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Moved:
    """Move every key of the namespace with id `source` to the target.

    If the target has keys with other content, `existing` decides: "refuse" moves nothing, "keep"
    leaves those keys in both namespaces, "overwrite" takes the moved ones. Raises InvalidError,
    CancelledError and StoreError: then both namespaces are as before.
    """
    for known in EXISTING:
        if existing == known:
            break
    else:
        raise InvalidError(
            "",
            lambda spell: (
                f"{spell('existing')} is {existing!r:.80}; it takes {listed(EXISTING, 'or')}"
            ),
        )
    store = await target.store()
    return await moving.move(
        store, source, target.id, known, progress=progress, cancelled=cancelled
    )
