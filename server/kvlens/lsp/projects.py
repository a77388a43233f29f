"""The projects of the workspace: each config that wrangler would use, with its emulator."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from kvlens.config.find import ConfigError, find_configs, read_config, winners
from kvlens.config.model import Config
from kvlens.config.reader import ConfigReader
from kvlens.config.renamed import Renamed, renamed
from kvlens.config.settled import keeps_namespaces, settled
from kvlens.lsp.emulators import EmulatorProcess
from kvlens.lsp.settings import Settings
from kvlens.lsp.workers import WorkerProcess

Changed = Callable[[Any, dict[str, Any]], None]


class Project:
    """One config as it is on disk, with the emulator that follows it and the Worker."""

    def __init__(self, path: Path, label: str, settings: Settings, changed: Changed) -> None:
        self.path = path
        self.label = label
        self.emulator = EmulatorProcess(path, settings, changed)
        self.worker = WorkerProcess(path, settings, changed, self.emulator)
        self.renamed: list[Renamed] = []
        self.problem = ""  # why the config cannot be read
        self._reader = ConfigReader(str(path))
        self.config: Config = self._reader.read("")
        self.reload()

    async def close(self) -> None:
        """End its child processes."""
        await self.worker.stop()
        await self.emulator.stop()

    async def follow(self) -> None:
        """Read the file again once a save that is under way has come to its end."""
        await self.settled()
        self.reload()

    async def settled(self) -> None:
        """Wait until a save that may be under way has come to its end."""
        await settled(self.path, keeps_namespaces(self.config))

    def reload(self) -> None:
        """Read the file again; one that cannot be read leaves what was known.

        What is kept under another name now is added to `renamed`, for whoever offers a move.
        """
        before = self.config.namespaces()
        try:
            self.config = self._reader.read(read_config(self.path))
        except ConfigError as error:
            self.problem = str(error).removeprefix(f"{self.path}: ")
            return
        self.problem = ""
        self.renamed += renamed(before, self.config.namespaces())


class Projects:
    """The projects below the workspace's folders, by the path of their config."""

    def __init__(self, settings: Settings, changed: Changed) -> None:
        self.settings = settings
        self._changed = changed
        self._known: dict[str, Project] = {}

    def __iter__(self) -> Iterator[Project]:
        return iter(list(self._known.values()))

    def __len__(self) -> int:
        return len(self._known)

    def get(self, path: Path) -> Project | None:
        """Return the project of a config."""
        return self._known.get(_normal(path))

    async def find(self, folders: Iterable[Path]) -> None:
        """Look for configs below the folders; keep the projects that are still there."""
        roots = list(folders)
        found: dict[str, tuple[Path, str]] = {}
        for root in roots:
            for path in winners(await asyncio.to_thread(find_configs, root)):
                label = path.relative_to(root).as_posix()
                if len(roots) > 1:
                    label = f"{root.name}/{label}"
                found.setdefault(_normal(path), (path, label))
        await asyncio.gather(*(one.settled() for key, one in self._known.items() if key in found))
        for key, project in list(self._known.items()):
            if key not in found:
                del self._known[key]
                await project.close()
        for key, (path, label) in found.items():
            if key in self._known:
                self._known[key].reload()
                continue
            self._known[key] = Project(path, label, self.settings, self._changed)
        self._known = {key: self._known[key] for key in found}

    async def use(self, settings: Settings) -> None:
        """Take up new settings; a running emulator they concern is started anew."""
        before, self.settings = self.settings, settings
        for project in self:
            project.emulator.settings = project.worker.settings = settings
            concerned = (before.store, before.port, before.compat) != (
                settings.store,
                settings.port,
                settings.compat,
            )
            if not settings.trusted:
                await project.close()
            elif concerned and project.emulator.state in ("running", "failed"):
                await project.emulator.stop()

    async def close(self) -> None:
        """End every child process."""
        await asyncio.gather(*(project.close() for project in self))


def _normal(path: Path) -> str:
    return os.path.normcase(os.path.realpath(path))
