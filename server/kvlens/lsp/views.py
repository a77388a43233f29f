"""The open views of the client's tables, and their notifications."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from kvlens.kv.records import KeyInfo
from kvlens.operations.errors import NotFoundError
from kvlens.operations.list_keys import ListedKey, listed
from kvlens.operations.view import Sort, State, View

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.schema import ViewProgress, ViewState
    from kvlens.lsp.server import Server
    from kvlens.operations.target import Target
    from kvlens.search.language import Filter
    from kvlens.search.rows import Row as FoundRow

MOST = 32  # views that are open at once
VIEW = "kvlens/view"


class Row(ListedKey):
    """A key with the start of its value."""

    type: str
    """Such as `json`, `image` or `binary`, as in docs/filter.md; `damaged` if it can't be read."""
    size: int | None
    """Bytes of the value; null if it can't be read."""
    preview: NotRequired[str]
    """The start of the value on one line; omitted if it is binary."""


class Views:
    """The open views by id. The one that was used least recently is closed for a new one."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._open: dict[str, View] = {}
        self._made = 0

    async def add(
        self, target: Target, filter: Filter, sort: Sort, descending: bool
    ) -> tuple[str, View]:
        """Open a view and return it with its id. Raises as `View.start`."""
        self._made += 1
        name = str(self._made)
        view = View(target, filter, sort, descending, lambda state: self._notify(name, state))
        while len(self._open) >= MOST:
            oldest = next(iter(self._open))
            state = self._open[oldest].state
            self.close(oldest)
            why = f"The table was closed, because {MOST} newer ones are open. Open it again."
            self._notify(oldest, state._replace(message=why))
        self._open[name] = view
        try:
            await view.start()
        except BaseException:
            self.close(name)
            raise
        return name, view

    def get(self, name: str) -> View:
        """Return an open view. Raises NotFoundError."""
        view = self._open.pop(name, None)
        if view is None:
            raise NotFoundError(f'no view "{name:.40}"; it was closed. Open the table again')
        self._open[name] = view  # the last one that was used
        return view

    def close(self, name: str) -> None:
        """Close a view; one that isn't open is fine."""
        view = self._open.pop(name, None)
        if view is not None:
            view.close()

    def close_all(self) -> None:
        """Close every view."""
        for name in list(self._open):
            self.close(name)

    def keys_changed(self, config: Path, ns: str | None) -> None:
        """Search again in the views of a project, or only in those of one namespace."""
        for view in self._open.values():
            target = view.target
            if target.scope.project.path == config and ns in (None, target.id):
                view.keys_changed()

    def _notify(self, name: str, state: State) -> None:
        note = cast("ViewState", {"view": name, **progress(state)})
        if state.stale:
            note["stale"] = True
        if state.message is not None:
            note["message"] = state.message
        self._server.protocol.notify(VIEW, note)


def progress(state: State) -> ViewProgress:
    """Return a view's state for JSON."""
    return {
        "matched": state.matched,
        "scanned": state.scanned,
        "total": state.total,
        "done": state.done,
        "order": state.order,
    }


def shown(row: FoundRow) -> Row:
    """Return a row for JSON."""
    info = KeyInfo(row.name, row.expiration, row.metadata, row.damaged)
    found = {**listed(info), "type": row.kind or "damaged", "size": row.size}
    if row.preview is not None:
        found["preview"] = row.preview
    return cast("Row", found)
