"""`kvlens.list`: one page of a namespace's keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kvlens.kv.limits import MAX_LIST_KEYS
from kvlens.lsp.commands.params import ParamsError, find_target

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return keys in order; `cursor` is the last name of the page before."""
    target = await find_target(server, params)
    limit = params.get("limit", int)
    if limit is None:
        limit = MAX_LIST_KEYS
    if not 0 < limit <= MAX_LIST_KEYS:
        raise ParamsError(f'"limit" is {limit}; it takes 1 to {MAX_LIST_KEYS}')
    prefix = params.get("prefix", str) or ""
    cursor = params.get("cursor", str)
    store = await target.store()
    page = await store.list(target.id, prefix=prefix, limit=limit, after=cursor)
    keys = []
    for key in page.keys:
        shown: dict[str, Any] = {"name": key.name}
        if key.expiration is not None:
            shown["expiration"] = key.expiration
        if key.metadata is not None:
            shown["metadata"] = json.loads(key.metadata)
        keys.append(shown)
    result = {"keys": keys, "list_complete": page.complete}
    if not page.complete:
        result["cursor"] = page.keys[-1].name
    return result
