"""`kvlens.moveKeys`: move the keys of an undeclared namespace to a declared one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.moving import warn_damaged
from kvlens.lsp.progress import Progress
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_project, find_target
from kvlens.operations.move import move

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server
NAMED = 100  # conflicts listed in the result


class Parameters(Target):
    from_: str
    """The id of the namespace with the keys."""
    existing: NotRequired[Literal["refuse", "keep", "overwrite"]]
    """What happens if keys have other content in the target. `refuse` (the default): nothing is
    moved. `keep`: they stay in both namespaces. `overwrite`: the moved content replaces it."""
    expected: NotRequired[str]
    """With `overwrite`, the `digest` of a refused answer: nothing is moved if these keys hold
    something else now."""


class Result(TypedDict):
    moved: int
    conflicts: int
    """The number of keys that have other content in the target."""
    keys: list[str]
    """The names of some of these."""
    digest: str | None
    """If nothing was moved because of these: identifies their content."""


async def run(server: Server, params: Params) -> Result:
    """Move the keys, unless some of them would be overwritten."""
    target = await find_target(server, params)
    source = params.text("from")
    existing = params.get("existing", str) or "refuse"
    expected = params.get("expected", str)
    async with Progress(server, params.token, f"Moving keys to {target.name}") as progress:
        done = await move(
            target,
            source,
            existing,
            expected,
            progress=progress.report,
            cancelled=progress.cancelled,
        )
    warn_damaged(server, done.damaged)
    if done.keys:
        server.keys_changed(await find_project(server, params), (source, target.id))
    return {
        "moved": done.keys,
        "conflicts": len(done.conflicts),
        "keys": done.conflicts[:NAMED],
        "digest": done.digest,
    }


COMMAND = Command(run)
