"""`kvlens.folder`: one page of what is directly in a folder of a namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_target
from kvlens.operations.folder import PAGE_LIMIT, read_folder
from kvlens.operations.list_keys import Row, listed_row

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(Target):
    prefix: NotRequired[str]
    """The folder: what its keys begin with; the whole namespace by default."""
    delimiters: NotRequired[list[str]]
    """What separates folders in keys, such as `:`; without them, there are only keys."""
    limit: NotRequired[int]
    """1 to 1,000."""
    cursor: NotRequired[str | None]
    """The `cursor` of the previous page."""


class FolderItem(TypedDict):
    """A folder or a key."""

    folder: NotRequired[str]
    """What the keys of the folder begin with."""
    row: NotRequired[Row]


class FolderPage(TypedDict):
    """Keys and folders in order."""

    items: list[FolderItem]
    cursor: NotRequired[str]
    """For the next page, if there is one."""


async def run(server: Server, params: Params) -> FolderPage:
    """Return a page of the folder."""
    target = await find_target(server, params)
    delimiters = params.texts("delimiters") if params.get("delimiters", list) else []
    limit = params.get("limit", int)
    found = await read_folder(
        target,
        params.get("prefix", str) or "",
        delimiters,
        limit=PAGE_LIMIT if limit is None else limit,
        after=params.get("cursor", str),
    )
    items: list[FolderItem] = [
        {"folder": item} if isinstance(item, str) else {"row": listed_row(item)}
        for item in found.items
    ]
    return {"items": items} if found.cursor is None else {"items": items, "cursor": found.cursor}


COMMAND = Command(run)
