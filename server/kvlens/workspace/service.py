"""A project being served: its store and what runs on it, following the project's files.

`EmulatorService` (`kvlens serve`) and `WorkerService` (`kvlens dev`) are the two kinds. The
language server runs both as child processes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kvlens.config.model import Namespace
from kvlens.history.store import RecordingStore
from kvlens.kv.clock import REAL, system_clock
from kvlens.workspace.project import Project


class Service:
    """One project's store, and something that serves it until `stop` is set.

    `emit` is called with the events below, and with those of a Worker's output.
    """

    def __init__(self, project: Project, emit: Callable[[Any], None]) -> None:
        """Open the store. Raises StoreError."""
        self.project = project
        self.emit = emit
        self.store = project.open_store()
        self.stop = asyncio.Event()

    async def serve(self) -> None:
        """Start, then follow the project's files. Raises the errors of `start`."""
        if isinstance(self.store, RecordingStore):
            loop = asyncio.get_running_loop()
            self.store.recorder.added = partial(
                loop.call_soon_threadsafe, self.emit, HistoryAdded()
            )
        self._watch()
        await self.start()
        async for paths in self.changes():
            try:
                await self.follow(paths)
            except Exception as error:
                self.emit(Failed(error))
            self._watch()

    def _watch(self) -> None:
        """Have the changes by other programs recorded in the namespaces of the config."""
        if isinstance(self.store, RecordingStore):
            self.store.watched = list(dict.fromkeys(one.id for one in self.project.namespaces))

    async def close(self) -> None:
        """Release everything. Called once, even if `serve` failed."""
        await self.store.close()

    async def clock_notice(self) -> str:
        """Return what to say about a moved clock; nothing about the real one."""
        shift = await self.store.shift()
        if shift == REAL:
            return ""
        return shift.notice(system_clock())

    def interrupt(self) -> None:
        """Stop long work, such as a build."""

    # for each kind of service -----------------------------------------------------------------

    async def start(self) -> None:
        """Start serving, and emit `Ready`."""
        raise NotImplementedError

    def changes(self) -> AsyncIterator[set[Path]]:
        """Yield the files that changed; an empty set if any may have."""
        raise NotImplementedError

    async def follow(self, paths: set[Path]) -> None:
        """React to changes of these files."""
        raise NotImplementedError


@dataclass(frozen=True)
class Ready:
    """The service answers requests."""


@dataclass(frozen=True)
class NamespacesChanged:
    """The config has other namespaces than before."""


@dataclass(frozen=True)
class KeysChanged:
    """Keys of a namespace changed."""

    namespace: str  # its id


@dataclass(frozen=True)
class HistoryAdded:
    """Changes of keys were added to the history."""


@dataclass(frozen=True)
class SeedPut:
    """Changes of a seed file were put into its namespace."""

    path: Path
    namespace: Namespace
    count: int


@dataclass(frozen=True)
class SeedKept:
    """Keys of a seed file were skipped because something else changed them."""

    path: Path
    namespace: Namespace
    keys: list[str]


@dataclass(frozen=True)
class Problem:
    """Something that the user should know, such as a file that can't be read."""

    level: str  # "warning" or "error"
    message: str


@dataclass(frozen=True)
class Failed:
    """An internal error."""

    error: Exception
