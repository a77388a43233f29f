"""`kvlens.apply`: make the edits of a table, all or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from kvlens.lsp.command import Command, Params, ParamsError
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_target
from kvlens.lsp.values import value_of
from kvlens.operations.apply import Edit, apply

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.server import Server


class EditParameters(TypedDict):
    """What is to become of one key; what is omitted stays."""

    key: str
    version: str
    """Of `kvlens.contents`; `""` for a new key."""
    delete: NotRequired[bool]
    to: NotRequired[str]
    """The new name."""
    text: NotRequired[str]
    """The new value, or use `base64`."""
    base64: NotRequired[str]
    metadataText: NotRequired[str | None]
    """JSON; null for none."""
    expiration: NotRequired[float | None]
    """Seconds since the epoch; null for never."""
    expirationTtl: NotRequired[float]
    """Seconds from now, instead of `expiration`."""


class Parameters(Target):
    edits: list[EditParameters]


class Result(TypedDict):
    applied: int
    """All, or 0."""
    conflicts: list[str]
    """If nothing was changed: keys that have changed since, or new names that exist; at most
    100."""


async def run(server: Server, params: Params) -> Result:
    """Make the edits."""
    target = await find_target(server, params)
    sent = params.get("edits", list)
    if not sent:
        raise ParamsError('"edits" takes a list of objects')
    done = await apply(target, [_edit(Params(one)) for one in sent])
    return {"applied": done.applied, "conflicts": list(done.conflicts)}


def _edit(one: Params) -> Edit:
    def given(name: str, *kinds: type) -> tuple[Any] | None:
        return (one.get(name, *kinds),) if name in one.sent else None

    return Edit(
        one.text("key"),
        one.text("version"),
        bool(one.get("delete", bool)),
        one.get("to", str),
        value_of(one) if one.sent.keys() & {"text", "base64"} else None,
        given("metadataText", str),
        given("expiration", int, float),
        one.get("expirationTtl", int, float),
    )


COMMAND = Command(run)
