"""`kvlens.restart`: restart a project's emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.lsp.command import Command
from kvlens.lsp.schema import Address, InProject
from kvlens.lsp.targets import find_project

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(InProject):
    pass


async def run(server: Server, params: Params) -> Address:
    """Return the new address."""
    project = await find_project(server, params)
    await project.emulator.restart()
    return {"url": project.emulator.url}


COMMAND = Command(run)
