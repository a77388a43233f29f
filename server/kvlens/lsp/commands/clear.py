"""`kvlens.clear`: delete every key of a namespace, or just those that the user was asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.history.size import cost
from kvlens.lsp.command import Command
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_target
from kvlens.operations.clear import before_clear, clear
from kvlens.operations.list_keys import ListedKey, listed

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(Target):
    dryRun: NotRequired[bool]
    """Count the keys, and delete nothing."""
    expected: NotRequired[str]
    """The `digest` of a dry run: delete exactly those keys. If they or their content have
    changed, the error is `ContentModified`."""


class Result(TypedDict):
    deleted: int
    keys: NotRequired[int]
    """Of a dry run."""
    digest: NotRequired[str]
    """Of a dry run: identifies the counted keys and their content."""
    kept: NotRequired[list[ListedKey]]
    """The damaged keys that stay, if any: only `kvlens.delete` removes their rows."""
    tooLarge: NotRequired[int]
    """Of a dry run: there will be no undo, as it takes more than the history's size: this, in
    bytes."""
    action: NotRequired[str]
    """Identifies the change for `kvlens.historyUndo`, if anything was changed and
    recorded."""


async def run(server: Server, params: Params) -> Result:
    """Delete the keys. The client asks the user first."""
    target = await find_target(server, params)
    expected = params.get("expected", str)
    if params.get("dryRun", bool):
        keys, _, digest, kept, size = await before_clear(target)
        result: Result = {"deleted": 0, "keys": len(keys), "digest": digest}
        limit = server.settings.historySize * 1024 * 1024
        if limit and cost(len(keys), size) > limit:
            result["tooLarge"] = limit
    else:
        deleted, kept = await clear(target, expected=expected)
        result = {"deleted": deleted}
        if deleted and server.settings.historySize:
            result["action"] = params.origin.action
    if kept:
        result["kept"] = [listed(key) for key in kept]
    return result


COMMAND = Command(run)
