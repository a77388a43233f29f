"""`kvlens.run`: run the project's Worker on workerd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.lsp.command import Command
from kvlens.lsp.schema import Address, InProject
from kvlens.lsp.targets import find_project

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(InProject):
    environment: NotRequired[str | None]
    port: NotRequired[int]
    """0 is any free port. By default, it is the config's `dev.port`, or else 8787 or a free one."""


class Result(Address):
    """The Worker runs on workerd with the same keys, and restarts when its files change."""

    built: bool
    """Whether it runs: its sources may have errors, which are in `kvlens/output`."""


async def run(server: Server, params: Params) -> Result:
    """Return the Worker's address. It follows its files; a running one is restarted."""
    project = await find_project(server, params)
    worker = project.worker
    worker.of_environment = params.get("environment", str)
    worker.port = params.get("port", int)
    await worker.restart()
    return {"url": worker.url, "built": worker.ready["built"] is True}


COMMAND = Command(run)
