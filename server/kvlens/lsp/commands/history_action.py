"""`kvlens.historyAction`: how much of an action is recorded, and so can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.history.size import MOST_KEYS
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
    """The number of those that were too many or too large. If there are any, there is no undo."""
    mostKeys: int
    """The number of keys that an action can have to be recorded,"""
    mostSize: int
    """and the bytes of their values."""


async def run(server: Server, params: Params) -> Result:
    """Return it as soon as the action is recorded, which takes up to half a second."""
    scope = await find_scope(server, params)
    found = await find_action(scope, params.text("action"))
    most = server.settings.historySize * 1024 * 1024 // 2
    return {
        "keys": found.keys,
        "leftOut": found.left_out,
        "mostKeys": MOST_KEYS,
        "mostSize": most,
    }


COMMAND = Command(run)
