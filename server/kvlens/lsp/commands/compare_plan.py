"""`kvlens.comparePlan`: what copying keys from one side of a comparison to the other does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

from kvlens.kv.clock import REAL
from kvlens.lsp.command import Command, ParamsError
from kvlens.operations.clock import Clock, as_json
from kvlens.operations.compare_copy import plan

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(TypedDict):
    comparison: str
    to: Literal["left", "right"]
    keys: NotRequired[list[str]]
    """Without them, all keys that are shown."""
    deletes: NotRequired[bool]
    """Also delete the keys that only the side `to` has."""


class CopyPlan(TypedDict):
    """Numbers of keys. Nothing is written; `kvlens.compareCopy` does it."""

    new: int
    overwritten: int
    deleted: int
    onlyThere: int
    """Keys that only the side `to` has, whether or not they are deleted."""
    unreadable: int
    """Damaged keys, which can't be copied."""
    expired: NotRequired[int]
    """Keys that are left because they have expired by the clock of one side only."""
    clock: NotRequired[Clock]
    """The moved clock of a side; omitted if none is moved."""


async def run(server: Server, params: Params) -> CopyPlan:
    """Plan the copy; `kvlens.compareRows` with `planned` lists its keys."""
    found = server.comparisons.get(params.text("comparison"))
    to = params.text("to")
    if to not in ("left", "right"):
        raise ParamsError(f'"to" is {to!r:.80}; it takes left or right')
    comparison = found.comparison
    given = "keys" in params.sent
    numbers = comparison.numbers_of(params.texts("keys")) if given else comparison.shown_numbers()
    deletes = bool(params.get("deletes", bool))
    found.plan = made = plan(
        comparison, "left" if to == "left" else "right", numbers, deletes=deletes
    )
    result: CopyPlan = {
        "new": made.new,
        "overwritten": made.overwritten,
        "deleted": made.deleted,
        "onlyThere": made.only_there,
        "unreadable": made.unreadable,
    }
    if made.expired:
        result["expired"] = made.expired
    for side in (comparison.left, comparison.right):
        shift = await (await side.target.store()).shift()
        if shift != REAL:
            result["clock"] = as_json(shift)
    return result


COMMAND = Command(run)
