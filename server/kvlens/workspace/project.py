"""One project's files, followed: its config, its seed files and the state on disk.

Whatever changes is told to the one who asked, so that emulator and store can follow without
dropping keys or connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path

from kvlens.config.find import SEEDS, read_config
from kvlens.config.model import Config, Namespace
from kvlens.config.reader import ConfigReader
from kvlens.workspace.watch import Watcher, changed_files, link_targets


class Project:
    """One config and the files that belong to it."""

    def __init__(self, config: Path, environment: str | None = None) -> None:
        """Read the config. Raises ConfigError where it cannot be read."""
        self.path = config.absolute()
        self.environment = environment
        self._reader = ConfigReader(str(self.path))
        self.config: Config = self._reader.read(read_config(self.path))

    @property
    def folder(self) -> Path:
        """The folder that holds the config; the state and the seeds are below it."""
        return self.path.parent

    @property
    def namespaces(self) -> list[Namespace]:
        """The namespaces in use: of the chosen environment, else of all, the top level first."""
        if self.environment is not None:
            return self.config.namespaces(self.environment)
        return self.config.namespaces()

    def reload(self) -> bool:
        """Read the config again; tell whether its namespaces changed. Raises ConfigError."""
        before = _meaning(self.namespaces)
        self.config = self._reader.read(read_config(self.path))
        return before != _meaning(self.namespaces)

    def seeded_by(self, path: Path) -> Namespace | None:
        """Return the namespace that a file seeds, None for any other file or one that is gone.

        `seeds/BINDING.json` seeds the chosen environment's binding, else the top level's.
        """
        if path.parent != self.folder / SEEDS or path.suffix != ".json" or not path.is_file():
            return None
        for namespace in self.config.namespaces(self.environment):
            if namespace.binding == path.stem:
                return namespace
        return None


def _meaning(namespaces: Iterable[Namespace]) -> list[tuple[str | None, str, str]]:
    return [(namespace.environment, namespace.binding, namespace.id) for namespace in namespaces]


def follow(
    project: Project,
    stop: asyncio.Event,
    *,
    state: Path | None = None,
    watch: Watcher | None = None,
) -> AsyncIterator[set[Path]]:
    """Yield the files that changed, as they change, until `stop` is set; see `changed_files`.

    Only the config's own folder, its seeds and `state` (a folder of a store on disk) are
    watched, not the folders below the project: node_modules alone can hold more files than a
    system lets one program watch. Of a config or a seed file that is a link, what it leads to is
    watched too, and a change there is told as one of the link.
    """
    links: dict[Path, Path] = {}

    def folders() -> set[Path]:
        links.clear()
        for path in (project.path, *(project.folder / SEEDS).glob("*.json")):
            links.update(dict.fromkeys(link_targets(path), path))
        return _folders(project, state) | {target.parent for target in links}

    return _by_own_names(changed_files(folders, stop, watch), links)


async def _by_own_names(
    changes: AsyncIterator[set[Path]], links: Mapping[Path, Path]
) -> AsyncIterator[set[Path]]:
    async for paths in changes:
        yield {links.get(path, path) for path in paths}


def _folders(project: Project, state: Path | None) -> set[Path]:
    """Return the folders to watch, there or not, with those on the way to `state`."""
    wanted = [project.folder, project.folder / SEEDS]
    if state is not None:
        wanted += [way for way in reversed(state.parents) if project.folder in way.parents]
        wanted.append(state)
    return set(wanted)
