"""`kvlens.viewClose`: close a view, and stop its search."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(TypedDict):
    view: str


async def run(server: Server, params: Params) -> None:
    """Close the view."""
    server.views.close(params.text("view"))


COMMAND = Command(run)
