"""When to ask the client for code lenses again.

While a client replaces its lenses, a click on one fails. So a Worker that overwrites keys doesn't
cause it, and one that keeps adding keys only causes it now and then.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kvlens.stores.base import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kvlens.lsp.projects import ServedProject

PAUSE = 2.0  # seconds between two requests
UNKNOWN = -1  # the number of keys in a lens that shows none


async def number_of_keys(project: ServedProject, store_id: str) -> int | None:
    """Return how many keys a namespace has; None if the store doesn't count them.

    UNKNOWN without a running emulator.
    """
    if project.emulator.state != "running":
        return UNKNOWN
    try:
        return (await (await project.emulator.store()).stats(store_id)).keys
    except StoreError:
        return UNKNOWN


async def is_outdated(project: ServedProject | None, store_id: str | None) -> bool:
    """Return whether a lens may show another number of keys than the namespace has now."""
    if project is None or store_id is None:
        return True
    shown = project.shown_keys
    return store_id in shown and shown[store_id] != await number_of_keys(project, store_id)


class LensRefresh:
    """Calls `refresh` at once, but not twice within PAUSE."""

    def __init__(self, refresh: Callable[[], None]) -> None:
        self._refresh = refresh
        self._paused = self._wanted = False

    def __call__(self) -> None:
        """Ask now, or once the pause is over."""
        if self._paused:
            self._wanted = True
            return
        self._paused, self._wanted = True, False
        self._refresh()
        asyncio.get_running_loop().call_later(PAUSE, self._resume)

    def _resume(self) -> None:
        self._paused = False
        if self._wanted:
            self()
