"""`kvlens.compareRefresh`: compare all keys again, or stop comparing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.comparisons import progress
from kvlens.lsp.schema import ComparisonProgress

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(TypedDict):
    comparison: str
    cancel: NotRequired[bool]
    """Stop instead; what was found stays."""


async def run(server: Server, params: Params) -> ComparisonProgress:
    """Begin again; the rows stay until all keys are compared."""
    comparison = server.comparisons.get(params.text("comparison")).comparison
    if params.get("cancel", bool):
        comparison.cancel()
    else:
        await comparison.start()
    return progress(comparison.state)


COMMAND = Command(run)
