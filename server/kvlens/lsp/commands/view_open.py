"""`kvlens.viewOpen`: begin to list the keys of a namespace, filtered and sorted."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from kvlens.lsp.command import Command, ParamsError
from kvlens.lsp.schema import Target, ViewProgress
from kvlens.lsp.targets import find_target
from kvlens.lsp.views import progress
from kvlens.operations.view import SORT_LIMIT, State
from kvlens.search.language import FilterError, read
from kvlens.search.sorting import SORTS, sort_key

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(Target):
    filter: NotRequired[str]
    """As in docs/filter.md; without one, all keys."""
    sort: NotRequired[str]
    """key, type, size, expires, metadata, value or `meta.FIELD`."""
    descending: NotRequired[bool]


class Result(ViewProgress):
    view: str
    """Its id, or `""` if the filter has a mistake."""
    sortLimit: int
    """The most keys that are sorted by something else than the key."""
    problem: NotRequired[str]
    """The mistake in the filter."""
    start: NotRequired[int]
    """Its place in the filter, in UTF-16 code units."""
    end: NotRequired[int]


async def run(server: Server, params: Params) -> Result:
    """Open the view; `kvlens/view` reports its progress until `kvlens.viewClose`."""
    target = await find_target(server, params)
    text = params.get("filter", str) or ""
    sort = params.get("sort", str) or "key"
    if sort_key(sort) is None:
        raise ParamsError(f'"sort" is {sort!r:.80}; it takes {", ".join(SORTS)}')
    try:
        filter = read(text)
    except FilterError as error:
        return {
            "view": "",
            **progress(State(0, 0, None, True, "key")),
            "sortLimit": SORT_LIMIT,
            "problem": str(error),
            "start": _units(text[: error.start]),
            "end": _units(text[: error.end]),
        }
    name, view = await server.views.add(target, filter, sort, bool(params.get("descending", bool)))
    return cast("Result", {"view": name, **progress(view.state), "sortLimit": SORT_LIMIT})


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


COMMAND = Command(run)
