"""`kvlens.viewKeys`: the names of all keys in a view, to delete or export them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command
from kvlens.operations.view import SORT_LIMIT

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(TypedDict):
    view: str


class ViewKeys(TypedDict):
    """The names, up to 100,000."""

    keys: list[str]
    matched: int
    """The number of all matching keys; more than `keys` if they are too many."""


async def run(server: Server, params: Params) -> ViewKeys:
    """Wait until all keys are found, and return their names."""
    view = server.views.get(params.text("view"))
    keys = await view.keys(SORT_LIMIT)
    return {"keys": keys, "matched": view.state.matched}


COMMAND = Command(run)
