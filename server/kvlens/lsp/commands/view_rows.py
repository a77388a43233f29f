"""`kvlens.viewRows`: some rows of a view, from any offset."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.schema import ViewProgress
from kvlens.lsp.views import progress
from kvlens.operations.list_keys import Row, listed_row
from kvlens.operations.view import PAGE_LIMIT

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(TypedDict):
    view: str
    offset: NotRequired[int]
    limit: NotRequired[int]
    """1 to 1,000."""


class RowPage(ViewProgress):
    """Rows in the order of the view; fewer than asked for if they aren't found yet."""

    rows: list[Row]
    offset: int


async def run(server: Server, params: Params) -> RowPage:
    """Return the rows."""
    view = server.views.get(params.text("view"))
    offset = params.get("offset", int) or 0
    limit = params.get("limit", int)
    rows = await view.rows(offset, PAGE_LIMIT if limit is None else limit)
    return {"rows": [listed_row(row) for row in rows], "offset": offset, **progress(view.state)}


COMMAND = Command(run)
