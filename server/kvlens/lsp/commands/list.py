"""`kvlens.list`: one page of a namespace's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kvlens.kv.limits import MAX_LIST_KEYS
from kvlens.lsp.command import Command
from kvlens.lsp.targets import find_target
from kvlens.operations.list_keys import extras, list_keys

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return keys in order; `cursor` is the last name of the page before."""
    target = await find_target(server, params)
    limit = params.get("limit", int)
    page = await list_keys(
        target,
        prefix=params.get("prefix", str) or "",
        limit=MAX_LIST_KEYS if limit is None else limit,
        after=params.get("cursor", str),
    )
    result: dict[str, Any] = {
        "keys": [{"name": key.name, **extras(key)} for key in page.keys],
        "list_complete": page.complete,
    }
    if not page.complete:
        result["cursor"] = page.keys[-1].name
    return result


COMMAND = Command(
    run,
    "namespace, `prefix?`, `limit?`, `cursor?`",
    "`{keys: [{name, expiration?, metadata?}], list_complete, cursor?}`",
)
