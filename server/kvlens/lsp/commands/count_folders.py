"""`kvlens.countFolders`: the number of keys in folders of a namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_target
from kvlens.operations.folder import count_folders

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server

MOST = 10_000


class Parameters(Target):
    prefixes: list[str]


class Result(TypedDict):
    counts: list[int]
    """In the order of the prefixes; 10,001 stands for more than 10,000."""


async def run(server: Server, params: Params) -> Result:
    """Count the keys of each folder."""
    target = await find_target(server, params)
    prefixes = params.texts("prefixes")
    return {"counts": list(await count_folders(target, prefixes, MOST + 1))}


COMMAND = Command(run)
