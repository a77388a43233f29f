"""The history in the JSON of several commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kvlens.history import database
    from kvlens.lsp.command import Params
    from kvlens.lsp.schema import HistoryChange, Restoring, Side
    from kvlens.operations.history_restore import Restore
    from kvlens.operations.target import Scope

NAMED = 20  # keys in an answer


def shown_change(scope: Scope, one: database.Recorded) -> HistoryChange:
    """Return a recorded change."""
    change: HistoryChange = {
        "id": one.id,
        "time": one.time,
        "namespace": one.ns,
        "key": one.key,
        "before": _side(one.before),
        "after": _side(one.after),
    }
    for namespace in scope.config.namespaces():
        if namespace.id == one.ns:
            change["binding"] = namespace.binding
            break
    return change


def _side(side: database.Side | None) -> Side | None:
    if side is None:
        return None
    shown = {"size": side.size, "metadata": side.metadata, "expiration": side.expiration}
    fields: Any = {name: value for name, value in shown.items() if value is not None}
    return fields  # type: ignore[no-any-return]


def shown_restore(plan: Restore, params: Params, *, restored: bool) -> Restoring:
    """Return what a restore does, or has done."""
    result: Restoring = {
        "restored": restored,
        "written": len(plan.put),
        "deleted": len(plan.deleted),
        "keys": [key for _, key in [*plan.put, *plan.deleted][:NAMED]],
        "changed": [key for _, key in plan.changed[:NAMED]],
        "changedCount": len(plan.changed),
        "expired": plan.expired,
        "digest": plan.digest,
    }
    if restored and plan.batches:
        result["action"] = params.origin.action
    return result
