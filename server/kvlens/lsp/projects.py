"""The projects of the workspace: each config that wrangler would use, with its processes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from kvlens.config.find import ConfigError, find_configs, winners
from kvlens.lsp.emulators import Address, EmulatorProcess
from kvlens.lsp.settings import Settings
from kvlens.lsp.workers import WorkerProcess
from kvlens.workspace.project import Project

Changed = Callable[[Any, dict[str, Any]], None]


class ServedProject(Project):
    """A project with the child processes that serve it to the editor."""

    def __init__(
        self,
        path: Path,
        label: str,
        settings: Settings,
        changed: Changed,
        address: Address | None = None,
    ) -> None:
        """`address` is where the emulator listens if it can."""
        super().__init__(path, store=settings.store, text="")
        self.label = label
        self.emulator = EmulatorProcess(path, settings, changed)
        self.emulator.address = address
        self.worker = WorkerProcess(path, settings, changed, self.emulator)
        self.problem = ""
        """Why the config can't be read."""
        self.shown_elsewhere = False
        """Whether keys in other state folders were shown."""
        self.problem_line = 0
        """The line of the mistake in it, from 1; 0 if there is none."""
        self.shown_keys: dict[str, int | None] = {}
        """How many keys the lenses show, by the id of the namespace."""
        self.reload()

    def use(self, settings: Settings) -> None:
        """Set the settings for the next start of a child process."""
        self.store = settings.store
        self.emulator.settings = self.worker.settings = settings

    def reload(self) -> bool:
        """Read the config again; if that fails, keep the previous one and set `problem`."""
        try:
            changed = super().reload()
        except ConfigError as error:
            self.problem = str(error).removeprefix(f"{self.path}: ")
            self.problem_line = error.line
            return False
        self.problem, self.problem_line = "", 0
        return changed

    async def follow(self) -> None:
        """Read the config again once a save in progress has finished."""
        await self.saved()
        self.reload()

    async def close(self) -> None:
        """End the child processes."""
        await self.worker.stop()
        await self.emulator.stop()


class Projects:
    """The projects in the workspace's folders, by the path of their config."""

    def __init__(self, settings: Settings, changed: Changed) -> None:
        self.settings = settings
        self._changed = changed
        self._known: dict[str, ServedProject] = {}
        self._addresses: dict[str, Address | None] = {}
        """Where the emulators of configs that are gone listened: they may come back."""

    def __iter__(self) -> Iterator[ServedProject]:
        return iter(list(self._known.values()))

    def __len__(self) -> int:
        return len(self._known)

    def get(self, path: Path) -> ServedProject | None:
        """Return the project of a config."""
        return self._known.get(_normal(path))

    async def find(self, folders: Iterable[Path]) -> None:
        """Search the folders for configs, keeping the projects that still exist."""
        roots = list(folders)
        found: dict[str, tuple[Path, str]] = {}
        for root in roots:
            for path in winners(await asyncio.to_thread(find_configs, root)):
                label = path.relative_to(root).as_posix()
                if len(roots) > 1:
                    label = f"{root.name}/{label}"
                found.setdefault(_normal(path), (path, label))
        await asyncio.gather(*(one.saved() for key, one in self._known.items() if key in found))
        for key, project in list(self._known.items()):
            if key not in found:
                del self._known[key]
                self._addresses[key] = project.emulator.address
                await project.close()
        for key, (path, label) in found.items():
            if key in self._known:
                self._known[key].label = label
                self._known[key].reload()
                continue
            address = self._addresses.pop(key, None)
            self._known[key] = ServedProject(path, label, self.settings, self._changed, address)
        self._known = {key: self._known[key] for key in found}

    async def use(self, settings: Settings) -> None:
        """Set new settings, and stop the emulators that run with outdated ones."""
        before, self.settings = self.settings, settings
        for project in self:
            project.use(settings)
            is_outdated = _of_emulator(before) != _of_emulator(settings)
            if not settings.trusted:
                await project.close()
            elif is_outdated and project.emulator.state in ("running", "failed"):
                await project.emulator.stop()

    async def close(self) -> None:
        """End every child process."""
        await asyncio.gather(*(project.close() for project in self))


def _of_emulator(settings: Settings) -> tuple[object, ...]:
    """Return the settings that an emulator is started with."""
    return settings.store, settings.port, settings.compat, settings.historySize


def _normal(path: Path) -> str:
    return os.path.normcase(os.path.realpath(path))
