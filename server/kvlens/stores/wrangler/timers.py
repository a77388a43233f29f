"""Deferred work for namespaces."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from kvlens.stores.wrangler.open_namespace import OpenNamespace

Task = Literal["count", "checkpoint", "sweep"]
TASKS: tuple[Task, ...] = ("count", "checkpoint", "sweep")


class Timers:
    """One timer per namespace and task."""

    def __init__(self) -> None:
        self._handles: dict[tuple[Task, str], asyncio.TimerHandle] = {}

    def later(
        self,
        task: Task,
        space: OpenNamespace,
        seconds: float,
        work: Callable[[OpenNamespace], None],
    ) -> None:
        """Call `work` after `seconds`, unless the task waits already or the namespace is closed."""
        if space.closed or (task, space.name) in self._handles:
            return

        def run() -> None:
            del self._handles[task, space.name]
            work(space)

        loop = asyncio.get_running_loop()
        self._handles[task, space.name] = loop.call_later(seconds, run)

    def cancel(self, space: OpenNamespace) -> None:
        """Cancel a namespace's timers."""
        for task in TASKS:
            handle = self._handles.pop((task, space.name), None)
            if handle is not None:
                handle.cancel()
