"""`kvlens.compareClose`: close a comparison, and the store that was opened for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(TypedDict):
    comparison: str


async def run(server: Server, params: Params) -> None:
    """Close the comparison."""
    await server.comparisons.close(params.text("comparison"))


COMMAND = Command(run)
