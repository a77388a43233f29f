"""`kvlens.get`: a key's value with its metadata and expiration."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from kvlens.lsp.commands.params import claimed, find_target
from kvlens.stores.base import digest
from kvlens.stores.registry import shown_url

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, Any] | None:
    """Return `text`, or `base64` where the bytes are no UTF-8; None where there is no key.

    `digest` is what `kvlens.put` takes as `expected`, and it takes `store` and `declared` (whether
    a config names the namespace) by these names.
    """
    target = await find_target(server, params)
    store = await target.store()
    entry = await store.get(target.id, params.text("key"))
    if entry is None:
        return None
    shown: dict[str, Any] = {
        "size": len(entry.value),
        "digest": digest(entry.value),
        "store": shown_url(target.project.emulator.settings.store),
        "declared": target.id in claimed(server, target.project),
    }
    try:
        shown["text"] = entry.value.decode("utf-8")
    except UnicodeDecodeError:
        shown["base64"] = base64.b64encode(entry.value).decode("ascii")
    if entry.expiration is not None:
        shown["expiration"] = entry.expiration
    if entry.metadata is not None:
        shown["metadata"] = json.loads(entry.metadata)
    return shown
