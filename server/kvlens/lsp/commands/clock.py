"""`kvlens.clock`: show or move the clock by which keys expire, for all who use the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

from kvlens.lsp.command import Command, ParamsError
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_project, find_scope, find_target
from kvlens.operations import clock as operations
from kvlens.operations.clock import Clock

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(Target):
    move: NotRequired[Literal["freeze", "resume", "advance", "jump", "reset"]]
    """Without it, nothing is moved."""
    seconds: NotRequired[float]
    """How far to `advance`; negative to go back."""
    key: NotRequired[str]
    """The key to whose expiration to `jump`; the clock is frozen there. It needs the namespace."""
    before: NotRequired[bool]
    """Jump to one second before it, not after."""


class Expiring(TypedDict):
    """The key that expires next, by the clock."""

    id: str
    binding: str
    environment: str | None
    key: str
    expiration: int
    """Seconds since the epoch."""


class Result(Clock):
    """The clock, after the move."""

    next: Expiring | None
    """null if no key of the project expires."""


async def run(server: Server, params: Params) -> Result:
    """Move the clock if that is wanted, and return it."""
    scope = await find_scope(server, params)
    move = params.get("move", str)
    if move == "jump":
        target = await find_target(server, params)
        key, before = params.get("key", str), params.get("before", bool)
        clock = await operations.jump(target, key, before=bool(before))
    elif move == "advance":
        seconds = params.get("seconds", int, float)
        if seconds is None:
            raise ParamsError('"seconds" is missing; it takes a number')
        clock = await operations.advance(scope, seconds)
    elif move in _SIMPLE:
        clock = await _SIMPLE[move](scope)
    elif move is None:
        clock = await operations.clock_of(scope)
    else:
        known = ", ".join(["advance", "jump", *_SIMPLE])
        raise ParamsError(f'"move" is {move!r:.40}; it takes one of these: {known}')
    if move is not None:
        server.keys_changed(await find_project(server, params))
    found = await operations.next_expiring(scope)
    following: Expiring | None = None
    if found is not None:
        following = {
            "id": found.namespace.id,
            "binding": found.namespace.binding,
            "environment": found.namespace.environment,
            "key": found.key.name,
            "expiration": found.key.expiration or 0,
        }
    return {**clock, "next": following}


_SIMPLE = {
    "freeze": operations.freeze,
    "resume": operations.resume,
    "reset": operations.reset,
}

COMMAND = Command(run)
