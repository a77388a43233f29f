"""`kvlens.restart`: restart a project's emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.lsp.command import Command
from kvlens.lsp.targets import find_project

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, str]:
    """Return the new address."""
    project = await find_project(server, params)
    await project.emulator.restart()
    return {"url": project.emulator.url}


COMMAND = Command(run, "`config?`", "`{url}`")
