"""`kvlens.update`: change the metadata or the expiration of keys; their values stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command, ParamsError
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_target
from kvlens.operations.update import Expiry, Metadata, update

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(Target):
    keys: list[str]
    metadataText: NotRequired[str | None]
    """New metadata, as JSON; null for none."""
    beforeText: NotRequired[str | None]
    """With `metadataText`, the `metadataText` that was read. If a key has other metadata now,
    nothing is changed, and the error is `ContentModified`."""
    expiration: NotRequired[float | None]
    """Seconds since the epoch; null for never."""
    expirationTtl: NotRequired[float]
    """Seconds."""


class Result(TypedDict):
    updated: int


async def run(server: Server, params: Params) -> Result:
    """Change the keys, all or none."""
    target = await find_target(server, params)
    keys = params.texts("keys")
    if not keys:
        raise ParamsError('"keys" takes a list of strings')
    metadata = expiry = None
    if "metadataText" in params.sent:
        metadata = Metadata(params.get("metadataText", str), params.get("beforeText", str))
    if params.sent.keys() & {"expiration", "expirationTtl"}:
        expiry = Expiry(
            params.get("expiration", int, float), params.get("expirationTtl", int, float)
        )
    return {"updated": await update(target, keys, metadata=metadata, expiry=expiry)}


COMMAND = Command(run)
