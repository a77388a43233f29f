"""`kvlens.historyAction`: how much of an action is recorded, and so can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.schema import InProject
from kvlens.lsp.targets import find_scope
from kvlens.operations.history import find_action

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(InProject):
    action: str
    """The `action` of another command's answer, or an id of `kvlens.history` as text."""


class Result(TypedDict):
    keys: int
    """The number of its changes that are recorded."""
    leftOut: int
    """The number of those that were too large together. If there are any, there is no undo."""
    mostSize: int
    """The bytes that an action can have in the history."""


async def run(server: Server, params: Params) -> Result:
    """Return it as soon as the action is recorded, which takes up to half a second."""
    scope = await find_scope(server, params)
    found = await find_action(scope, params.text("action"))
    return {
        "keys": found.keys,
        "leftOut": found.left_out,
        "mostSize": server.settings.historySize * 1024 * 1024,
    }


COMMAND = Command(run)
