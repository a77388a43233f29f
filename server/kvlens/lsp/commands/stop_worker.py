"""`kvlens.stop`: end the project's Worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.lsp.commands.params import find_project

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, bool]:
    """Return whether there was one to end."""
    project = await find_project(server, params)
    ran = project.worker.state in ("running", "starting")
    await project.worker.stop()
    return {"stopped": ran}
