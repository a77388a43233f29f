"""`kvlens.rename`: give a key another name, with its metadata and expiration."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_target
from kvlens.operations.rename import rename
from kvlens.stores.base import NOTHING

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(Target):
    key: str
    to: str
    """The new name."""
    keep: NotRequired[bool]
    """Keep the key: the other name gets a copy."""
    expected: NotRequired[str]
    """The `digest` of a refused answer: that key is replaced."""


class Result(TypedDict):
    renamed: bool
    digest: NotRequired[str]
    """If nothing was changed because there is a key with the new name: SHA-256 of its value."""


async def run(server: Server, params: Params) -> Result:
    """Rename the key, unless another one would be overwritten."""
    target = await find_target(server, params)
    there = await rename(
        target,
        params.text("key"),
        params.text("to"),
        keep=bool(params.get("keep", bool)),
        expected=params.get("expected", str) or NOTHING,
    )
    return {"renamed": True} if there is None else {"renamed": False, "digest": there.digest}


COMMAND = Command(run)
