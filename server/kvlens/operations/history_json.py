"""Actions and changes of the history as JSON, for LSP clients and `--json`."""

from __future__ import annotations

from typing import Any

from kvlens.history.queries import Recorded, Side
from kvlens.operations.history import Entry
from kvlens.operations.target import Scope


def action_json(scope: Scope, entry: Entry) -> dict[str, Any]:
    """Return an action with the changes of it that are at hand."""
    action = entry.action
    return {
        "id": action.id,
        "time": action.time,
        "writer": action.writer,
        "title": action.title,
        "keys": action.keys,
        "leftOut": action.left_out,
        "changes": [change_json(scope, one) for one in entry.changes],
    }


def change_json(scope: Scope, one: Recorded) -> dict[str, Any]:
    """Return a recorded change; without a binding if no config declares its namespace."""
    return {
        "id": one.id,
        "time": one.time,
        "namespace": one.ns,
        **bound(scope, one.ns),
        "key": one.key,
        "before": _side(one.before),
        "after": _side(one.after),
    }


def bound(scope: Scope, ns: str) -> dict[str, Any]:
    """Return the binding of a namespace as a field; none if no config declares it."""
    declared = [space.binding for space in scope.config.namespaces() if space.id == ns]
    return {"binding": declared[0]} if declared else {}


def _side(side: Side | None) -> dict[str, Any] | None:
    """Return what is known of a key before or after a change; None if there was no such key."""
    if side is None:
        return None
    fields = {
        "size": side.size,
        "unknown": True if side.content is None else None,
        "metadata": side.metadata,
        "expiration": side.expiration,
    }
    return {name: value for name, value in fields.items() if value is not None}
