"""`kvlens.get`: a key's value with its metadata and expiration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import claimed, find_target
from kvlens.operations.get import get
from kvlens.operations.place import find_place
from kvlens.seeds.export import to_item
from kvlens.stores.base import digest

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(Target):
    key: str


class Value(TypedDict):
    """A value with its metadata and expiration."""

    text: NotRequired[str]
    base64: NotRequired[str]
    """Instead of `text` if the bytes aren't UTF-8."""
    size: int
    """Bytes."""
    digest: str
    """SHA-256 of the bytes; `expected` for `kvlens.put`."""
    store: str
    """URL of the store, without passwords."""
    declared: bool
    """Whether a config declares the namespace."""
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
    entry = await get(target, key, listed=True)
    if entry is None:
        return None
    item = to_item(key, entry)
    place = find_place(target, claimed(server, target.scope.project))
    value: Value = {
        "size": len(entry.value),
        "digest": digest(entry.value),
        "store": place.store,
        "declared": place.declared,
    }
    value["base64" if item.get("base64") else "text"] = item["value"]
    if "expiration" in item:
        value["expiration"] = item["expiration"]
    if "metadata" in item:
        value["metadata"] = item["metadata"]
        value["metadataText"] = entry.metadata or ""
    if not (await target.store()).writable:
        value["readOnly"] = True
    return value


COMMAND = Command(run)
