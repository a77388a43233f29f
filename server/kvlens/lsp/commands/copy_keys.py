"""`kvlens.copyKeys`: copy keys of one namespace to another, with metadata and expiration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.moving import warn_damaged
from kvlens.lsp.progress import Progress
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_target
from kvlens.operations.copy import copy

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server
NAMED = 100  # conflicts listed in the result


class Parameters(Target):
    from_: str
    """The id of the namespace with the keys."""
    keys: list[str]
    existing: NotRequired[Literal["refuse", "keep", "overwrite"]]
    """What happens if keys have other content in the target. `refuse` (the default): nothing is
    copied. `keep`: these keys aren't copied. `overwrite`: the copied content replaces it."""
    expected: NotRequired[str]
    """With `overwrite`, the `digest` of a refused answer: nothing is copied if these keys hold
    something else now."""


class Result(TypedDict):
    copied: int
    conflicts: int
    """The number of keys that have other content in the target."""
    named: list[str]
    """The names of some of these."""
    digest: str | None
    """If nothing was copied because of these: identifies their content."""


async def run(server: Server, params: Params) -> Result:
    """Copy the keys, unless some of them would overwrite others."""
    target = await find_target(server, params)
    keys = params.texts("keys")
    async with Progress(server, params.token, f"Copying keys to {target.name}") as progress:
        done = await copy(
            target,
            params.text("from"),
            params.get("existing", str) or "refuse",
            params.get("expected", str),
            keys=keys,
            progress=progress.report,
            cancelled=progress.cancelled,
        )
    warn_damaged(server, done.damaged)
    return {
        "copied": done.keys,
        "conflicts": len(done.conflicts),
        "named": done.conflicts[:NAMED],
        "digest": done.digest,
    }


COMMAND = Command(run)
