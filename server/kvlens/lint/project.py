"""Check the files of each project together.

A project is a config with the seed files next to it and the sources in its folder.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kvlens import lookups
from kvlens.config.find import (
    SEEDS,
    ConfigError,
    configs_in,
    find_configs,
    is_config,
    owning_config,
    read_config,
    winners,
)
from kvlens.config.model import Config
from kvlens.config.project_context import read_context
from kvlens.config.reader import load_text
from kvlens.files import absolute, open_file
from kvlens.js import find
from kvlens.js.grammar import is_source
from kvlens.lint.base import Levels, Problem
from kvlens.lint.check_config import check
from kvlens.lint.checked import Checked
from kvlens.lint.claims import Claims
from kvlens.lint.copies import worker_of
from kvlens.lint.fixable_config import FixableConfig
from kvlens.lint.left_over import is_left_over
from kvlens.lint.problems import file_problem, in_order, too_many_sources
from kvlens.lint.repeats import without_repeats
from kvlens.lint.severities import Severities
from kvlens.lint.suppressions import apply_suppressions, with_severity

if TYPE_CHECKING:
    from kvlens.js.files import SourceFiles
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
    plan: _Plan
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


class _Plan:
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
        (wanted.sources if _is_source(path) else wanted.files).append(path)
        if discovered:
            wanted.discovered.add(path)
        if named and _is_source(path):
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
    plan = _Plan(severities)
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


class Found(NamedTuple):
    """What was checked in a project: its configs and seed files, and its sources.

    Another project may have checked one of the sources as well.
    """

    files: list[Checked]
    sources: list[Checked]


def merged(projects: Iterable[Found], *, repeats: bool) -> Iterator[Checked]:
    """Yield the checked files of projects in their order: a source is of the first that has it.

    `repeats`: keep the problems that only repeat another one, as each of them is to be fixed.
    """
    seen: set[str] = set()
    for found in projects:
        yield from found.files
        fresh = {os.path.abspath(each.path): each for each in found.sources}  # noqa: PTH100
        own = [each for name, each in fresh.items() if name not in seen]
        yield from own if repeats else without_repeats(own, found.files)
        seen.update(fresh)


def check_project(
    wanted: Wanted,
    severities: Severities,
    *,
    with_sources: bool,
    fixable: bool = False,
    texts: Mapping[Path, str] | None = None,
) -> Found:
    """Check the files of one project; without the parser, only its configs and seed files.

    `texts` are used instead of what is on disk. With `fixable`, sources stay parsed.
    """
    texts = texts or {}
    found: list[Checked] = []
    read: dict[Path, Config] = {}
    for path in wanted.files:
        checked, config = _check_file(
            path, severities, texts.get(path), found=path in wanted.discovered
        )
        found.append(checked)
        if config is not None:
            read[absolute(path)] = config
    if not with_sources:
        return Found(found, [])
    sources, unused = _check_sources(wanted, read, severities, texts, fixable)
    files = [
        replace(checked, problems=in_order([*checked.problems, *more]))
        if (more := unused.get(absolute(checked.path)))
        else checked
        for checked in found
    ]
    return Found(files, sources)


def is_named_after_binding(path: Path, load: Callable[[Path], Config | None]) -> bool:
    """Return whether a file in a seeds folder has the name of a binding; others are other data.

    `load` returns a config; a config that can't be read may declare any binding.
    """
    configs = map(load, configs_in(path.parents[1]))
    return any(config is None or config.has_binding(path.stem) for config in configs)


def load_config(path: Path, counted: frozenset[str] | None = None) -> Config | None:
    """Return the config on disk, with these environments if not all; None if it can't be read."""
    try:
        return load_text(read_config(path), str(path), counted)
    except ConfigError:
        return None


def is_seed_file(path: Path) -> bool:
    """Return whether a file is a seed file: by its folder, or as JSON that begins with an array."""
    if path.suffix != ".json" or is_config(path):
        return False
    if path.parent.name == SEEDS:
        return True
    from kvlens.seeds.array import LARGEST  # late: only where there may be seeds

    try:
        with open_file(path, LARGEST) as file:
            return file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["
    except OSError:
        return False


def is_seed_text(path: Path, text: str) -> bool:
    """Return whether a text is that of a seed file, by its path and its first character."""
    if path.suffix != ".json" or is_config(path):
        return False
    return path.parent.name == SEEDS or text.lstrip()[:1] == "["


# configs and seed files ---------------------------------------------------------------------


def _check_file(
    path: Path, severities: Severities, text: str | None, *, found: bool
) -> tuple[Checked, Config | None]:
    levels = severities.of(path)
    if found or (is_seed_file(path) if text is None else is_seed_text(path, text)):
        seeds = _check_seed_file(path, path.parents[1] if found else None, text)
        problems = [with_severity(problem, levels) for problem in seeds.problems]
        return Checked(path, seeds.text, [problem for problem in problems if problem]), None
    counted = severities.file(path).environments
    return check_config_file(path, levels, text, counted)


def check_config_file(
    path: Path,
    levels: Levels,
    text: str | None = None,
    counted: frozenset[str] | None = None,
) -> tuple[Checked, Config | None]:
    """Check a config, on disk without a text, and also return it if it can be read.

    `counted` as for `load_text`.
    """
    try:
        text = read_config(path) if text is None else text
    except ConfigError as error:
        problem = with_severity(file_problem(str(error).removeprefix(f"{path}: ")), levels)
        return Checked(path, "", [problem] if problem else []), None
    config = load_text(text, str(absolute(path)), counted)
    around = read_context(path)
    problems = check(config, around, levels)
    fixable = FixableConfig(config, around)
    return Checked(path, text, problems, fixable, worker_of(config)), config


def _check_seed_file(path: Path, within: Path | None, text: str | None) -> Checked:
    from kvlens.lint.check_seeds import check as check_seeds  # late: only where there are seeds
    from kvlens.seeds.array import FileError, read_text

    try:
        text = read_text(path, path.name, within=within) if text is None else text
    except FileError as error:
        return Checked(path, "", [file_problem(problem.message) for problem in error.problems])
    return Checked(path, text, check_seeds(text, str(path)))


# sources ------------------------------------------------------------------------------------


def _check_sources(
    wanted: Wanted,
    read: Mapping[Path, Config],
    severities: Severities,
    texts: Mapping[Path, str],
    keep: bool,
) -> tuple[list[Checked], dict[Path, list[Problem]]]:
    """Return the checked sources, and by config the problems that they reveal in those checked."""
    counting = {} if wanted.config is None else _counting(wanted, read)
    if not wanted.sources and not counting.keys() & read.keys():
        return [], {}
    from kvlens.js.config_bindings import entries

    started = tuple(
        path for config in counting.values() if config is not None for path in entries(config)
    )
    if not wanted.sources and not _has_sources(wanted, started):
        return [], {}
    from kvlens.js.files import SourceFiles
    from kvlens.js.source_context import (
        SourceContext,
        is_test,
        may_matter,
        other_config_texts,
    )
    from kvlens.lint.check_source import check_source
    from kvlens.lint.check_sources import check_with_sources
    from kvlens.lint.fixable_source import FixableSource

    given = {str(absolute(path)): text for path, text in texts.items() if _is_source(path)}
    if wanted.config is not None:
        folder = wanted.config.parent
        configs = [config for config in counting.values() if config is not None]
        files = SourceFiles.below(folder, _workspace(wanted, folder), started)
        files.replace(given)
        project = SourceContext(configs, files.types(), other_config_texts(folder), files)
    else:
        folder = wanted.sources[0].parent
        files = SourceFiles.of(map(absolute, wanted.sources), _workspace(wanted, absolute(folder)))
        files.replace(given)
        project = SourceContext((), files.types(), frozenset(), files)
    elsewhere = [path for path in _elsewhere(wanted, files) if not severities.excludes(path)]
    # a source outside the folders of all configs may be of any of their Workers
    shared = replace(project, configs=wanted.plan.configs) if elsewhere else project
    unused: dict[Path, list[Problem]] = {}
    for path, config in counting.items():
        if config is None or path not in read:
            continue
        if files.is_cut:
            found = [too_many_sources(find.MOST_FILES)]
        elif not files.unread:  # unread sources may use any binding
            found = check_with_sources(config, files.texts, files.parsed)
        else:
            continue
        unused[path] = [*apply_suppressions(config, found, severities.of(path))]
    checked = []
    for path in (*wanted.sources, *elsewhere):
        name, levels = os.path.abspath(path), severities.of(path)  # noqa: PTH100
        if not wanted.plan.claims.claim(name, wanted.number):
            continue
        context = shared if path in elsewhere else project
        text, problems, fixable = files.text(name), [], None
        if (unread := files.unread.get(name)) is not None:
            is_written = name in started and path.suffix in (".ts", ".tsx")  # no bundler makes it
            is_passed_over = unread.made and path not in wanted.named and not is_written
            problem = None if is_passed_over else with_severity(file_problem(str(unread)), levels)
            problems = [problem] if problem else []
        elif path not in wanted.named and is_left_over(name, files.texts, started):
            pass
        elif not is_test(name, context.configs) and may_matter(text, context, name):
            found = check_source(files.parsed(name), context)
            problems = [kept for problem in found if (kept := with_severity(problem, levels))]
            may_fix = keep and (path not in elsewhere or _is_below(path, wanted.roots))
            fixable = FixableSource(files.parsed(name), context) if problems and may_fix else None
        shown = text if problems else ""
        checked.append(Checked(path, shown, problems, fixable, is_started=name in started))
    return checked, unused


def _has_sources(wanted: Wanted, started: Iterable[str]) -> bool:
    """Return whether there are sources in a config's folder, or those that a Worker starts."""
    assert wanted.config is not None
    return any(lookups.kind(path) == "file" for path in started) or any(
        True for _ in find.source_files(wanted.config.parent)
    )


def _workspace(wanted: Wanted, folder: Path) -> Workspace:
    """Return the workspace in which imports are followed, or the folder to check around it."""
    here = absolute(folder)
    around = [root for root in map(absolute, wanted.roots) if here.is_relative_to(root)]
    from kvlens.js.resolution import workspace_root

    root = min((workspace_root(here), *around), key=lambda path: len(path.parts))
    return wanted.plan.workspace(root)


def _is_below(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(absolute(folder)) for folder in folders)


def _elsewhere(wanted: Wanted, files: SourceFiles) -> list[Path]:
    """Return the sources outside the config's folder that its Worker imports."""
    if not wanted.roots or wanted.config is None:
        return []
    from kvlens.js.files import outside

    paths = map(Path, outside(absolute(wanted.config.parent), files.texts))
    owner = wanted.plan.owner
    return [path for path in paths if owner(os.fspath(path.parent)) in (None, wanted.config)]


def _counting(wanted: Wanted, read: Mapping[Path, Config]) -> dict[Path, Config | None]:
    """Return the configs in a project's folder that count for its sources; None for unreadable."""
    assert wanted.config is not None
    load = wanted.plan.load
    return {path: read.get(path) or load(path) for path in configs_in(wanted.config.parent)}


def _is_source(path: Path) -> bool:
    return is_source(os.fspath(path)) and not is_config(path)
