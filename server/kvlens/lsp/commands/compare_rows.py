"""`kvlens.compareRows`: some rows of a comparison, from any offset."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.comparisons import progress
from kvlens.lsp.schema import ComparedKind, ComparisonProgress
from kvlens.operations.compare import PAGE_LIMIT
from kvlens.operations.list_keys import Row, listed_row

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(TypedDict):
    comparison: str
    offset: NotRequired[int]
    limit: NotRequired[int]
    """1 to 1,000."""
    planned: NotRequired[bool]
    """Only the keys that the copy of `kvlens.comparePlan` writes or deletes."""


class ComparedRow(TypedDict):
    """A key: what differed when it was compared, and both sides as they are now."""

    name: str
    kind: ComparedKind
    parts: list[str]
    """What differs of a changed key: `value`, `metadata`, `expiration`."""
    left: Row | None
    right: Row | None


class ComparedRows(ComparisonProgress):
    """Rows in the order of the keys; fewer than asked for if they aren't found yet."""

    rows: list[ComparedRow]
    offset: int


async def run(server: Server, params: Params) -> ComparedRows:
    """Return the rows."""
    found = server.comparisons.get(params.text("comparison"))
    offset = params.get("offset", int) or 0
    limit = params.get("limit", int)
    plan = found.plan if params.get("planned", bool) else None
    pairs = await found.comparison.rows(
        offset,
        PAGE_LIMIT if limit is None else limit,
        None if plan is None else (plan.results, plan.numbers),
    )
    rows: list[ComparedRow] = [
        {
            "name": pair.name,
            "kind": pair.difference.kind,
            "parts": list(pair.difference.parts),
            "left": None if pair.left is None else listed_row(pair.left),
            "right": None if pair.right is None else listed_row(pair.right),
        }
        for pair in pairs
    ]
    return {"rows": rows, "offset": offset, **progress(found.comparison.state)}


COMMAND = Command(run)
