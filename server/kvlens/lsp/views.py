"""The open views of the client's tables, and their notifications."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from kvlens.operations.errors import NotFoundError
from kvlens.operations.view import State, View

if TYPE_CHECKING:
    from kvlens.lsp.schema import ViewProgress, ViewState
    from kvlens.lsp.server import Server
    from kvlens.operations.target import Target
    from kvlens.search.language import Filter

MOST = 32  # views that are open at once
VIEW = "kvlens/view"


class Views:
    """The open views by id. The one that was used least recently is closed for a new one."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._open: dict[str, View] = {}
        self._made = 0

    async def add(
        self, target: Target, filter: Filter, sort: str, descending: bool
    ) -> tuple[str, View]:
        """Open a view and return it with its id. Raises as `View.start`."""
        self._made += 1
        name = str(self._made)
        view = View(target, filter, sort, descending, lambda state: self._notify(name, state))
        while len(self._open) >= MOST:
            oldest = next(iter(self._open))
            self._end(
                oldest, f"{MOST} newer tables are open, so this one was closed. Open it again."
            )
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

    def project_closed(self, config: Path) -> None:
        """Close the views of a project that is no longer in the workspace."""
        for name, view in list(self._open.items()):
            if view.target.scope.project.path == config:
                self._end(name, f"{config} is no longer in the workspace. Add its folder again.")

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

    def _end(self, name: str, why: str) -> None:
        state = self._open[name].state
        self.close(name)
        self._notify(name, state._replace(message=why))

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
