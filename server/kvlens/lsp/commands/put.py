"""`kvlens.put`: write a key; with `keep`, only a new value for an existing key.

With `expected`, a value that the client hasn't seen isn't overwritten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from kvlens.lsp.command import Command, ParamsError
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import claimed, find_target
from kvlens.lsp.values import value_of
from kvlens.operations.place import check_place
from kvlens.operations.put import put, replace

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Name(TypedDict):
    """What a config calls a namespace."""

    binding: str
    environment: str | None


class Parameters(Target):
    key: str
    text: NotRequired[str]
    """The value, or use `base64`."""
    base64: NotRequired[str]
    metadata: NotRequired[Any]
    expiration: NotRequired[float]
    """Seconds since the epoch."""
    expirationTtl: NotRequired[float]
    """Seconds."""
    keep: NotRequired[bool]
    """Change only the value. If the key doesn't exist, that is an error."""
    expected: NotRequired[str]
    """The `digest` that was read, or `""` for no key. If the key has another value now, nothing is
    written, and the error is `ContentModified`."""
    store: NotRequired[str]
    """As it was read: nothing is written to another store."""
    declared: NotRequired[bool]
    """As it was read: nothing is written to a namespace that no config names now."""
    name: NotRequired[Name]
    """As it was read: nothing is written if that binding has another id now."""


class Result(TypedDict):
    kept: bool
    """Whether metadata and expiration were kept, as with `keep`."""


async def run(server: Server, params: Params) -> Result:
    """Write the key."""
    target = await find_target(server, params)
    key = params.text("key")
    check_place(
        target,
        key,
        claimed(server, target.scope.project),
        store=params.get("store", str),
        declared=bool(params.get("declared", bool)),
        name=_name(params),
    )
    value = value_of(params)
    expected = params.get("expected", str)
    if params.get("keep", bool):
        await replace(target, key, value, expected=expected)
        return {"kept": True}
    await put(
        target,
        key,
        value,
        metadata=params.sent.get("metadata"),
        expiration=params.get("expiration", int, float),
        expiration_ttl=params.get("expirationTtl", int, float),
        expected=expected,
    )
    return {"kept": False}


def _name(params: Params) -> tuple[str | None, str] | None:
    given = params.get("name", dict)
    if given is None:
        return None
    environment, binding = given.get("environment"), given.get("binding")
    if not isinstance(binding, str) or not isinstance(environment, str | None):
        raise ParamsError('"name" takes {"binding", "environment"}')
    return environment, binding


COMMAND = Command(run)
