"""`kvlens.get`: a key's value with its metadata and expiration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kvlens.lsp.command import Command
from kvlens.lsp.targets import claimed, find_target
from kvlens.operations.get import get
from kvlens.operations.place import find_place
from kvlens.seeds.export import to_item
from kvlens.stores.base import digest

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, Any] | None:
    """Return `text`, or `base64` if the bytes aren't UTF-8; None if there is no key.

    `digest` is what `kvlens.put` takes as `expected`, and it takes `store` and `declared` (whether
    a config names the namespace) by these names.
    """
    target = await find_target(server, params)
    key = params.text("key")
    entry = await get(target, key, listed=True)
    if entry is None:
        return None
    item = to_item(key, entry)
    form = "base64" if item.pop("base64", False) else "text"
    size = len(entry.value)
    del item["key"]
    place = find_place(target, claimed(server, target.scope.project))
    return {
        "size": size,
        "digest": digest(entry.value),
        form: item.pop("value"),
        **place._asdict(),
        **item,
    }


COMMAND = Command(
    run,
    "namespace, `key`",
    "`{text}` or `{base64}`, with `size`, `digest` (SHA-256), `store`, `declared` (whether a "
    "config names the namespace), `expiration?`, `metadata?`; `null` where there is no key",
)
