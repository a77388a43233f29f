"""`kvlens.address`: the addresses of the emulator, and the token that it requires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.lsp.command import Command
from kvlens.lsp.schema import Address, InProject
from kvlens.lsp.targets import find_project

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server
ACCOUNT = "local"  # the emulator accepts any account; tools require one


class Parameters(InProject):
    pass


class Result(Address):
    rest: str
    """The API base URL for wrangler and the SDKs."""
    token: str
    account: str
    """Part of the API's URLs; the emulator accepts any."""


async def run(server: Server, params: Params) -> Result:
    """Start the emulator if necessary, and return its addresses."""
    project = await find_project(server, params)
    await project.emulator.start()
    ready = project.emulator.ready
    return {
        "url": ready["url"],
        "rest": ready["rest"],
        "token": ready["token"],
        "account": ACCOUNT,
    }


COMMAND = Command(run)
