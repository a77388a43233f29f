"""`kvlens.compareContents`: a key on both sides of a comparison, to show the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.values import Body, body_of
from kvlens.operations.apply import DAMAGED, contents

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server
    from kvlens.operations.sides import Side

MOST = 1024 * 1024  # bytes of a value in the answer


class Parameters(TypedDict):
    comparison: str
    key: str


class ComparedContent(Body):
    """A key on one side. Without a value, it is over 1 MiB, or damaged."""

    size: NotRequired[int]
    """Bytes of the value."""
    digest: NotRequired[str]
    """SHA-256 of the value, if it is too large for the answer."""
    metadataText: NotRequired[str]
    expiration: NotRequired[int]
    damaged: NotRequired[bool]


class ComparedContents(TypedDict):
    """Both sides; null if it isn't there."""

    left: ComparedContent | None
    right: ComparedContent | None


async def run(server: Server, params: Params) -> ComparedContents:
    """Read the key."""
    comparison = server.comparisons.get(params.text("comparison")).comparison
    key = params.text("key")
    return {
        "left": await _content(comparison.left, key),
        "right": await _content(comparison.right, key),
    }


async def _content(side: Side, key: str) -> ComparedContent | None:
    from kvlens.stores.base import digest  # late, as the stores of a server of an editor

    target = side.target
    whole = target._replace(scope=target.scope._replace(store=side.whole))
    async for _, entry, version in contents(whole, [key]):
        if entry is None:
            return {"damaged": True} if version == DAMAGED else None
        content: ComparedContent = {"size": len(entry.value)}
        if len(entry.value) <= MOST:
            content = {**content, **body_of(entry.value)}
        else:
            content["digest"] = digest(entry.value)
        if entry.metadata is not None:
            content["metadataText"] = entry.metadata
        if entry.expiration is not None:
            content["expiration"] = entry.expiration
        return content
    return None


COMMAND = Command(run)
