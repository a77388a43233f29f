"""`kvlens.historyChanges`: the changes of one action, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, cast

from kvlens.history.queries import Filter
from kvlens.lsp.command import Command, ParamsError
from kvlens.lsp.schema import HistoryChange, InProject
from kvlens.lsp.targets import find_scope
from kvlens.operations.history import list_changes
from kvlens.operations.history_json import change_json

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server

PAGE = 200


class Parameters(InProject):
    action: int
    after: NotRequired[int]
    """Only changes after the one with this id."""
    id: NotRequired[str]
    """This and the next two are as in `kvlens.history`."""
    key: NotRequired[str]
    prefix: NotRequired[str]


class Result(TypedDict):
    changes: list[HistoryChange]


async def run(server: Server, params: Params) -> Result:
    """Return a page of changes."""
    scope = await find_scope(server, params)
    action = params.get("action", int)
    if action is None:
        raise ParamsError('"action" is missing; it takes a number')
    after = params.get("after", int) or 0
    wanted = Filter(
        ns=params.get("id", str), key=params.get("key", str), prefix=params.get("prefix", str)
    )
    found = await list_changes(scope, action, wanted, after=after, limit=PAGE)
    return {"changes": [cast("HistoryChange", change_json(scope, one)) for one in found]}


COMMAND = Command(run)
