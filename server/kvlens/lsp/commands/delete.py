"""`kvlens.delete`: delete one key or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.history.size import cost
from kvlens.lsp.command import Command
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_target
from kvlens.operations.delete import before_delete, delete

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(Target):
    key: NotRequired[str]
    """The key, or use `keys`."""
    keys: NotRequired[list[str]]
    dryRun: NotRequired[bool]
    """Read the keys, and delete nothing."""
    expected: NotRequired[str]
    """The `digest` of a dry run. If the keys have changed, nothing is deleted, and the
    error is `ContentModified`."""


class Result(TypedDict):
    deleted: int
    """The number of those keys that existed."""
    digest: NotRequired[str]
    """Of a dry run: identifies the content of the keys."""
    tooLarge: NotRequired[int]
    """Of a dry run: there will be no undo, as it takes more than the history's size: this, in
    bytes."""
    action: NotRequired[str]
    """Identifies the change for `kvlens.historyUndo`, if anything was changed and
    recorded."""


async def run(server: Server, params: Params) -> Result:
    """Delete the keys that exist."""
    target = await find_target(server, params)
    one = params.get("keys", list) is None
    keys = [params.text("key")] if one else params.texts("keys")
    if params.get("dryRun", bool):
        held = await before_delete(target, keys)
        asked: Result = {"deleted": 0, "digest": held.digest}
        limit = server.settings.historySize * 1024 * 1024
        if limit and cost(len(keys), held.size) > limit:
            asked["tooLarge"] = limit
        return asked
    expected = params.get("expected", str)
    result: Result = {"deleted": await delete(target, keys, listed=True, expected=expected)}
    if result["deleted"] and server.settings.historySize:
        result["action"] = params.origin.action
    return result


COMMAND = Command(run)
