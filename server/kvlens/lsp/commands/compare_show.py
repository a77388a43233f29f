"""`kvlens.compareShow`: choose the rows of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, cast

from kvlens.lsp.command import Command, ParamsError
from kvlens.lsp.comparisons import progress
from kvlens.lsp.schema import ComparedKind, ComparisonProgress
from kvlens.operations.compared import DIFFERENT, KINDS, Kind
from kvlens.search.language import FilterError, read

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(TypedDict):
    comparison: str
    filter: NotRequired[str]
    """As in docs/filter.md, but of keys only."""
    kinds: NotRequired[list[ComparedKind]]
    """Without them, all but the same keys."""


class Shown(ComparisonProgress):
    """How many rows there are now."""

    problem: NotRequired[str]
    """The mistake in the filter; the rows are as before."""


async def run(server: Server, params: Params) -> Shown:
    """Choose the rows."""
    comparison = server.comparisons.get(params.text("comparison")).comparison
    kinds = params.texts("kinds") if "kinds" in params.sent else DIFFERENT
    for kind in kinds:
        if kind not in KINDS:
            raise ParamsError(f'"kinds" has {kind!r:.80}; it takes {", ".join(KINDS)}')
    try:
        filter = read(params.get("filter", str) or "")
    except FilterError as error:
        return {**progress(comparison.state), "problem": str(error)}
    if filter.infos or filter.contents:
        problem = "Comparisons are filtered by key only, such as user:* or /^user/."
        return {**progress(comparison.state), "problem": problem}
    await comparison.show(filter, cast("list[Kind]", kinds))
    return progress(comparison.state)  # type: ignore[return-value]


COMMAND = Command(run)
