"""`kvlens.history`: what has changed, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, cast

from kvlens.history.queries import Filter
from kvlens.lsp.command import Command
from kvlens.lsp.schema import HistoryChange, InProject
from kvlens.lsp.targets import find_scope
from kvlens.operations.history import list_history, namespaces, writers
from kvlens.operations.history_json import action_json, bound

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(InProject):
    id: NotRequired[str]
    """Only this namespace."""
    key: NotRequired[str]
    """Only this key."""
    prefix: NotRequired[str]
    """Only keys that start with this."""
    writer: NotRequired[str]
    """Only what this one has written, such as `editor`, `shell` or `Worker`."""
    since: NotRequired[float]
    """Only what was changed since this time, in seconds since the epoch."""
    before: NotRequired[int]
    """Only actions older than the one with this id."""
    limit: NotRequired[int]
    """The number of actions (default: 50)."""


class HistoryAction(TypedDict):
    """What somebody did: one seed, one clear, one put."""

    id: int
    time: float
    """Seconds since the epoch."""
    writer: str
    title: str
    keys: int
    """The number of its changes that match."""
    leftOut: int
    """The number of changes that were too large to be recorded."""
    changes: list[HistoryChange]
    """The first of them; `kvlens.historyChanges` has the others."""


class HistoryNamespace(TypedDict):
    """A namespace with changes."""

    id: str
    binding: NotRequired[str]
    """Omitted if no config declares it."""


class Result(TypedDict):
    actions: list[HistoryAction]
    complete: bool
    """Whether there are no older ones."""
    writers: list[str]
    """All that are in the history."""
    namespaces: list[HistoryNamespace]
    """All that are in the history."""
    size: int
    """The setting `kvlens.history.size`; 0: nothing is recorded."""


FIRST = 20  # changes of each action


async def run(server: Server, params: Params) -> Result:
    """Return a page of actions with their first changes."""
    scope = await find_scope(server, params)
    limit = params.get("limit", int)
    limit = 50 if limit is None else limit
    wanted = Filter(
        ns=params.get("id", str),
        key=params.get("key", str),
        prefix=params.get("prefix", str),
        writer=params.get("writer", str),
        since=params.get("since", int, float),
    )
    found = await list_history(
        scope, wanted, before=params.get("before", int), limit=limit, changes=FIRST
    )
    return {
        "actions": [cast("HistoryAction", action_json(scope, one)) for one in found],
        "complete": len(found) < limit,
        "writers": await writers(scope),
        "namespaces": [
            cast("HistoryNamespace", {"id": ns, **bound(scope, ns)})
            for ns in await namespaces(scope)
        ],
        "size": server.settings.historySize,
    }


COMMAND = Command(run)
