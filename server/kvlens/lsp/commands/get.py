"""`kvlens.get`: a key's value, or a part of it, with its metadata and expiration."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, TypedDict

from kvlens.kv.records import Entry
from kvlens.lsp.command import Command
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import claimed, find_target
from kvlens.operations.get import get_part
from kvlens.operations.place import find_place
from kvlens.search.kinds import HEAD, kind_of
from kvlens.seeds.export import to_item

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(Target):
    key: str
    start: NotRequired[int]
    """The first byte of a part of the value."""
    limit: NotRequired[int]
    """The most bytes to return. A text gets whole characters, and so perhaps 3 bytes less."""


class Value(TypedDict):
    """A value with its metadata and expiration."""

    text: NotRequired[str]
    base64: NotRequired[str]
    """Instead of `text` if the value isn't UTF-8."""
    size: int
    """Bytes of the whole value."""
    digest: str
    """SHA-256 of the whole value; `expected` for `kvlens.put`."""
    start: NotRequired[int]
    """Of a part, its first byte."""
    end: NotRequired[int]
    """Of a part, the byte after its last one: the next `start`."""
    truncated: NotRequired[bool]
    """Whether the value goes on after the part."""
    store: str
    """URL of the store, without passwords."""
    declared: bool
    """Whether a config declares the namespace."""
    type: NotRequired[str]
    """Of a part that begins with the first byte, the value's type, as in a row."""
    expiration: NotRequired[int]
    """Seconds since the epoch."""
    metadata: NotRequired[Any]
    metadataText: NotRequired[str]
    """The metadata as stored, for numbers that another language would change."""
    readOnly: NotRequired[bool]
    """Whether the store takes no changes."""


async def run(server: Server, params: Params) -> Value | None:
    """Return the value, or None if the key doesn't exist."""
    target = await find_target(server, params)
    key = params.text("key")
    start, limit = params.get("start", int), params.get("limit", int)
    part = await get_part(target, key, start=start, limit=limit)
    if part is None:
        return None
    place = find_place(target, claimed(server, target.scope.project))
    value: Value = {
        "size": part.size,
        "digest": part.digest,
        "store": place.store,
        "declared": place.declared,
    }
    if part.is_text:
        value["text"] = part.data.decode()
    else:
        value["base64"] = base64.b64encode(part.data).decode("ascii")
    if start is not None or limit is not None:
        value["start"], value["end"] = part.start, part.end
        if not part.start:
            value["type"] = kind_of(key, part.data[:HEAD], part.size, part.metadata)
    if part.end < part.size:
        value["truncated"] = True
    item = to_item(key, Entry(b"", part.metadata, part.expiration))
    if "expiration" in item:
        value["expiration"] = item["expiration"]
    if "metadata" in item:
        value["metadata"] = item["metadata"]
        value["metadataText"] = part.metadata or ""
    if not (await target.store()).writable:
        value["readOnly"] = True
    return value


COMMAND = Command(run)
