"""`kvlens.list`: one page of a namespace's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.kv.limits import MAX_LIST_KEYS
from kvlens.lsp.command import Command
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_target
from kvlens.operations.list_keys import ListedKey, list_keys, listed

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(Target):
    prefix: NotRequired[str]
    limit: NotRequired[int]
    cursor: NotRequired[str | None]
    """The `cursor` of the previous page."""


class KeyPage(TypedDict):
    """A page of keys, in order."""

    keys: list[ListedKey]
    list_complete: bool
    cursor: NotRequired[str]
    """For the next page, if there is one."""


async def run(server: Server, params: Params) -> KeyPage:
    """Return a page of keys."""
    target = await find_target(server, params)
    limit = params.get("limit", int)
    page = await list_keys(
        target,
        prefix=params.get("prefix", str) or "",
        limit=MAX_LIST_KEYS if limit is None else limit,
        after=params.get("cursor", str),
    )
    result: KeyPage = {
        "keys": [listed(key) for key in page.keys],
        "list_complete": page.complete,
    }
    if not page.complete:
        result["cursor"] = page.keys[-1].name
    return result


COMMAND = Command(run)
