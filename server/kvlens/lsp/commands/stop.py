"""`kvlens.stop`: stop the project's Worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.schema import InProject
from kvlens.lsp.targets import find_project

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(InProject):
    pass


class Result(TypedDict):
    stopped: bool
    """Whether it was running."""


async def run(server: Server, params: Params) -> Result:
    """Stop the Worker if it is running."""
    project = await find_project(server, params)
    ran = project.worker.state in ("running", "starting")
    await project.worker.stop()
    return {"stopped": ran}


COMMAND = Command(run, needs_trust=False)
