"""`kvlens.contents`: keys as they are now, with the versions that `kvlens.apply` compares."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_target
from kvlens.lsp.values import Body, body_of
from kvlens.operations.apply import contents

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(Target):
    keys: list[str]
    values: NotRequired[int]
    """The most bytes of values in the answer, 0 by default. A value that doesn't fit is omitted."""


class Content(Body):
    """A key as it is now."""

    key: str
    version: str
    """Changes with its value, metadata or expiration; `""` if there is no such key."""
    metadataText: NotRequired[str]
    """JSON, or what another program wrote."""
    expiration: NotRequired[int]
    """Seconds since the epoch."""


class Contents(TypedDict):
    """The keys, in the order of the request."""

    contents: list[Content]


async def run(server: Server, params: Params) -> Contents:
    """Read the keys."""
    target = await find_target(server, params)
    keys = params.texts("keys")
    room = params.get("values", int) or 0
    found: list[Content] = []
    async for key, entry, version in contents(target, keys):
        content: Content = {"key": key, "version": version}
        if entry is not None:
            if len(entry.value) <= room:
                room -= len(entry.value)
                content = {**content, **body_of(entry.value)}
            if entry.metadata is not None:
                content["metadataText"] = entry.metadata
            if entry.expiration is not None:
                content["expiration"] = entry.expiration
        found.append(content)
    return {"contents": found}


COMMAND = Command(run)
