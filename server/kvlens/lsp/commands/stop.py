"""`kvlens.stop`: stop the project's Worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.lsp.command import Command
from kvlens.lsp.targets import find_project

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, bool]:
    """Return whether it ran."""
    project = await find_project(server, params)
    ran = project.worker.state in ("running", "starting")
    await project.worker.stop()
    return {"stopped": ran}


COMMAND = Command(run, "`config?`", "`{stopped}`", needs_trust=False)
