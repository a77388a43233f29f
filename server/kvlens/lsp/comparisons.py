"""The open comparisons of the client's tabs, and their notifications."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from kvlens.operations.compare import Comparison, State
from kvlens.operations.errors import NotFoundError
from kvlens.operations.sides import Side

if TYPE_CHECKING:
    from kvlens.lsp.schema import ComparisonProgress, ComparisonSide, ComparisonState
    from kvlens.lsp.server import Server
    from kvlens.operations.compare_copy import Plan

MOST = 16  # comparisons that are open at once
COMPARISON = "kvlens/comparison"


class OpenComparison:
    """A comparison, and the copy that was planned last."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self.plan: Plan | None = None


class Comparisons:
    """The open comparisons by id. The one that was used least recently is closed for a new one."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._open: dict[str, OpenComparison] = {}
        self._made = 0

    async def add(self, left: Side, right: Side) -> tuple[str, Comparison]:
        """Open a comparison and return it with its id. Raises StoreError."""
        self._made += 1
        name = str(self._made)
        comparison = Comparison(left, right, lambda state: self._notify(name, state))
        while len(self._open) >= MOST:
            oldest = next(iter(self._open))
            why = f"{MOST} newer comparisons are open, so this one was closed. Open it again."
            self._open[oldest].comparison.fail(why)
            await self.close(oldest)
        self._open[name] = OpenComparison(comparison)
        await comparison.start()
        return name, comparison

    def get(self, name: str) -> OpenComparison:
        """Return an open comparison. Raises NotFoundError."""
        found = self._open.pop(name, None)
        if found is None:
            raise NotFoundError(f'no comparison "{name:.40}"; it was closed. Open it again')
        self._open[name] = found  # the last one that was used
        return found

    async def close(self, name: str) -> None:
        """Close a comparison; one that isn't open is fine."""
        found = self._open.pop(name, None)
        if found is not None:
            await found.comparison.close()

    async def close_all(self) -> None:
        """Close every comparison."""
        for name in list(self._open):
            await self.close(name)

    def keys_changed(self, config: Path, ns: str | None) -> None:
        """Note a change in the namespaces of a project, or in one of them."""
        for one in self._open.values():
            sides = (one.comparison.left, one.comparison.right)
            if any(_has(side, config) and ns in (None, side.target.id) for side in sides):
                one.comparison.keys_changed()

    def project_closed(self, config: Path) -> None:
        """Stop the comparisons of a project that is no longer in the workspace."""
        for one in self._open.values():
            if config in (side.target.scope.project.path for side in _sides(one.comparison)):
                why = f"{config} is no longer in the workspace. Add its folder again."
                one.comparison.fail(why)

    def _notify(self, name: str, state: State) -> None:
        note = cast("ComparisonState", {"comparison": name, **progress(state)})
        if state.stale:
            note["stale"] = True
        if state.message is not None:
            note["message"] = state.message
        self._server.protocol.notify(COMPARISON, note)


def _sides(comparison: Comparison) -> tuple[Side, Side]:
    return comparison.left, comparison.right


def _has(side: Side, config: Path) -> bool:
    """Return whether a side is in the project's own store."""
    return side.target.scope.project.path == config and not side.is_file and not side.opened()


def progress(state: State) -> ComparisonProgress:
    """Return a comparison's state for JSON."""
    return cast(
        "ComparisonProgress",
        {"counts": state.counts, "shown": state.shown, "done": state.done, "time": state.time},
    )


async def shown_side(side: Side) -> ComparisonSide:
    """Return a side for JSON."""
    store = await side.target.store()
    return {
        "title": side.title,
        "where": side.where,
        "place": side.place,
        "readOnly": side.is_file or not store.writable,
    }
