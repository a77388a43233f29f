"""The history in the JSON of several commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.schema import Restoring
    from kvlens.operations.history_restore import Restore

NAMED = 20  # keys in an answer


def shown_restore(plan: Restore, params: Params, *, restored: bool) -> Restoring:
    """Return what a restore does, or has done."""
    result: Restoring = {
        "restored": restored,
        "written": len(plan.put),
        "deleted": len(plan.deleted),
        "keys": [key for _, key in [*plan.put, *plan.deleted][:NAMED]],
        "changed": [key for _, key in plan.changed[:NAMED]],
        "changedCount": len(plan.changed),
        "damaged": [key for _, key in plan.damaged[:NAMED]],
        "expired": plan.expired,
        "unknown": plan.unknown,
        "digest": plan.digest,
    }
    if restored and plan.batches:
        result["action"] = params.origin.action
    return result
