"""Which files a check of files and folders looks at, by project.

A project is a config with the seed files next to it and the sources in its folder.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kvlens import lookups
from kvlens.config.find import find_configs, is_config, owning_config, winners
from kvlens.config.model import Config
from kvlens.js import find
from kvlens.js.grammar import is_source
from kvlens.lint.check_files import is_named_after_binding, load_config
from kvlens.lint.claims import Claims
from kvlens.lint.severities import Severities

if TYPE_CHECKING:
    from kvlens.js.resolution import Workspace


@dataclass
class Wanted:
    """Files to check that have a config in common.

    config: the one that counts for the sources; None for files that belong to no project.
    files: configs and seed files; sources: JavaScript and TypeScript. In the order to report.
    discovered: the seed files that were found next to a config, not named by the user.
    named: the sources that the user named; of others, bundles are passed over.
    plan: all files to check; `roots`: the folders to check
        that the config is in or above, none if only files are to be checked.
    number: the place among the projects.
    """

    config: Path | None
    plan: Plan
    files: list[Path] = field(default_factory=list)
    sources: list[Path] = field(default_factory=list)
    discovered: set[Path] = field(default_factory=set)
    named: set[Path] = field(default_factory=set)
    roots: list[Path] = field(default_factory=list)
    number: int = 0

    @property
    def size(self) -> int:
        """How much there is to check."""
        return len(self.files) + len(self.sources)


class Plan:
    """The files to check, each once, by project."""

    def __init__(self, severities: Severities) -> None:
        self._severities = severities
        self.projects: dict[Path | None, Wanted] = {}
        self._seen: set[str] = set()
        self.claims = Claims()
        self.owner: Callable[[str], Path | None] = functools.cache(owning_config)
        self.load = functools.cache(self._load)
        self.workspaces: dict[Path, Workspace] = {}

    @functools.cached_property
    def configs(self) -> list[Config]:
        """The configs of all projects that can be read."""
        paths = [path for path in self.projects if path is not None]
        return [config for path in paths if (config := self.load(path)) is not None]

    def add(self, path: Path, *, discovered: bool = False, named: bool = False) -> None:
        """Add a file, unless it is there already; whether a seed file was found, a source named."""
        whole = lookups.real(path)
        if whole in self._seen:
            return
        self._seen.add(whole)
        wanted = self._wanted(self.owner(os.path.dirname(path)))  # noqa: PTH120 - for every file
        (wanted.sources if is_source_file(path) else wanted.files).append(path)
        if discovered:
            wanted.discovered.add(path)
        if named and is_source_file(path):
            wanted.named.add(path)

    def _load(self, path: Path) -> Config | None:
        return load_config(path, self._severities.file(path).environments)

    def _wanted(self, config: Path | None) -> Wanted:
        if config not in self.projects:
            self.projects[config] = Wanted(config, self)
        return self.projects[config]

    def add_below(self, folder: Path) -> None:
        """Add the configs in a folder and its subfolders, their seed files, and the sources."""
        configs = find_configs(folder)
        for config in configs:
            self._discover(config)
            seeds = self._severities.file(config).seeds
            for binding, path in seeds.files(config.parent):
                if seeds.says(binding) or is_named_after_binding(path, self.load):
                    self._discover(path, is_seed=True)
        roots = list(dict.fromkeys(config.parent for config in winners(configs)))
        if folder not in roots:
            roots.append(folder)  # of the project whose config is above, or of none
        linked: list[Path] = []  # come last: their files may also be there without a link
        for root in roots:
            self._wanted(self.owner(os.fspath(root))).roots.append(folder)
            for source in find.source_files(root):
                if lookups.is_link(source):
                    linked.append(source)
                else:
                    self._discover(source)
        for source in linked:
            self._discover(source)

    def workspace(self, root: Path) -> Workspace:
        """Return the workspace in a folder, which the projects in it share."""
        from kvlens.js.resolution import Workspace  # late: only where there are sources

        if root not in self.workspaces:
            self.workspaces[root] = Workspace(root)
        return self.workspaces[root]

    def _discover(self, path: Path, *, is_seed: bool = False) -> None:
        if not self._severities.excludes(path):
            self.add(path, discovered=is_seed)


def wanted_for(paths: Iterable[Path], severities: Severities) -> list[Wanted]:
    """Return the files in these files and folders, by project.

    Files that the project file excludes are only included if they are named.
    """
    plan = Plan(severities)
    for path in paths:
        if lookups.kind(path) == "folder":
            plan.add_below(path)
        else:
            plan.add(path, named=True)
    projects = [wanted for wanted in plan.projects.values() if wanted.files or wanted.sources]
    projects.sort(key=lambda wanted: wanted.config is None)
    for number, wanted in enumerate(projects):
        wanted.number = number
    if None in plan.projects:
        sources = plan.projects[None].sources
        plan.claims = Claims([os.path.abspath(path) for path in sources])  # noqa: PTH100
    return projects


def is_source_file(path: Path) -> bool:
    """Return whether a file is a source, and not a config written in TypeScript."""
    return is_source(os.fspath(path)) and not is_config(path)
