"""`kvlens.compareOpen`: begin to compare a namespace with another one, of any store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from kvlens.lsp.command import Command, Params, ParamsError
from kvlens.lsp.comparisons import progress, shown_side
from kvlens.lsp.schema import ComparisonProgress, ComparisonSide, InProject, Target
from kvlens.lsp.targets import find_file, find_target
from kvlens.operations.sides import Side, of_file, of_snapshot, of_store, of_targets, titled

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.server import Server
    from kvlens.operations import target as resolver


class Other(InProject):
    """The other side: a namespace, or the same one elsewhere."""

    id: NotRequired[str]
    binding: NotRequired[str]
    environment: NotRequired[str | None]
    """null is the top level of the config."""
    store: NotRequired[str]
    """URL of another store. `id` is then the namespace there, by default the one with the same
    id; of Cloudflare, the config's `id`."""
    snapshot: NotRequired[str]
    """The name of a snapshot of the project."""
    file: NotRequired[str]
    """A seed file or an export: its URI, or its path from the config's folder."""


class Parameters(Target):
    right: Other


class Result(ComparisonProgress):
    comparison: str
    """Its id."""
    name: str
    """The binding of the namespace, or its id."""
    left: ComparisonSide
    right: ComparisonSide


async def run(server: Server, params: Params) -> Result:
    """Open the comparison; `kvlens/comparison` reports its progress until `kvlens.compareClose`."""
    target = await find_target(server, params)
    left, right = await _sides(server, target, params)
    try:
        shown = await asyncio.gather(shown_side(left), shown_side(right))
        name, comparison = await server.comparisons.add(left, right)
    except BaseException:
        await right.close()
        raise
    return cast(
        "Result",
        {
            "comparison": name,
            "name": target.name,
            "left": shown[0],
            "right": shown[1],
            **progress(comparison.state),
        },
    )


async def _sides(server: Server, target: resolver.Target, params: Params) -> tuple[Side, Side]:
    sent = params.get("right", dict)
    if sent is None:
        raise ParamsError('"right" is missing; it takes an object')
    other = Params(sent)
    if (url := other.get("store", str)) is not None:
        right = of_store(target, url, other.get("id", str), params.origin)
    elif (name := other.get("snapshot", str)) is not None:
        right = of_snapshot(target, name)
    elif (file := other.get("file", str)) is not None:
        right = await of_file(target, find_file(server, target, file))
    else:
        return of_targets(target, await find_target(server, other))
    return titled(target, right), right


COMMAND = Command(run)
