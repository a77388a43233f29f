"""Check the files of each project together.

A project is a config with the seed files next to it and the sources in its folder.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

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
from kvlens.files import open_file
from kvlens.js.grammar import is_source
from kvlens.lint.base import Levels, Problem
from kvlens.lint.check_config import check
from kvlens.lint.fixable_config import FixableConfig
from kvlens.lint.problems import file_problem, in_order
from kvlens.lint.severities import Severities
from kvlens.lint.suppressions import apply_suppressions, with_severity

if TYPE_CHECKING:
    from kvlens.lint.fixes import Fixable


@dataclass(frozen=True)
class Checked:
    """One checked file: its text (empty if it can't be read) and its problems.

    `fixable` is the file as it was checked, if it has problems that may have fixes.
    """

    path: Path
    text: str
    problems: list[Problem]
    fixable: Fixable | None = None


@dataclass
class Wanted:
    """Files to check that have a config in common.

    config: the one that counts for the sources; None for files that belong to no project.
    files: configs and seed files; sources: JavaScript and TypeScript. In the order to report.
    discovered: the seed files that were found next to a config, not named by the user.
    """

    config: Path | None
    files: list[Path] = field(default_factory=list)
    sources: list[Path] = field(default_factory=list)
    discovered: set[Path] = field(default_factory=set)


class _Plan:
    """The files to check, each once, by project."""

    def __init__(self, severities: Severities) -> None:
        self._severities = severities
        self.projects: dict[Path | None, Wanted] = {}
        self._seen: set[Path] = set()
        self._owner = functools.cache(owning_config)

    def add(self, path: Path, *, discovered: bool = False) -> None:
        """Add a file, unless it is there already; of a seed file, whether it was found."""
        whole = path.resolve()
        if whole in self._seen:
            return
        self._seen.add(whole)
        owner = self._owner(path.parent)
        wanted = self.projects.setdefault(owner, Wanted(owner))
        (wanted.sources if _is_source(path) else wanted.files).append(path)
        if discovered:
            wanted.discovered.add(path)

    def add_below(self, folder: Path) -> None:
        """Add the configs in a folder and its subfolders, their seed files, and the sources."""
        from kvlens.js.files import source_files  # late: an editor may never open a source

        configs = find_configs(folder)
        for config in configs:
            self._discover(config)
            for seeds in sorted((config.parent / SEEDS).glob("*.json")):
                self._discover(seeds, is_seed=True)
        roots = list(dict.fromkeys(config.parent for config in winners(configs)))
        if folder not in roots and self._owner(folder):
            roots.append(folder)  # of the project whose config is above
        for root in roots:
            for source in source_files(root):
                self._discover(source)

    def _discover(self, path: Path, *, is_seed: bool = False) -> None:
        if not self._severities.excludes(path):
            self.add(path, discovered=is_seed)


def wanted_for(paths: Iterable[Path], severities: Severities) -> list[Wanted]:
    """Return the files in these files and folders, by project.

    Files that the project file excludes are only included if they are named.
    """
    plan = _Plan(severities)
    for path in paths:
        if path.is_dir():
            plan.add_below(path)
        else:
            plan.add(path)
    return list(plan.projects.values())


def check_project(
    wanted: Wanted,
    severities: Severities,
    *,
    with_sources: bool,
    fixable: bool = False,
    texts: Mapping[Path, str] | None = None,
) -> list[Checked]:
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
            read[_whole(path)] = config
    if not with_sources:
        return found
    sources, unused = _check_sources(wanted, read, severities, texts, fixable)
    return [
        replace(checked, problems=in_order([*checked.problems, *more]))
        if (more := unused.get(_whole(checked.path)))
        else checked
        for checked in found
    ] + sources


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
    if is_seed_file(path) if text is None else is_seed_text(path, text):
        seeds = _check_seed_file(path, path.parents[1] if found else None, text)
        problems = [with_severity(problem, levels) for problem in seeds.problems]
        return Checked(path, seeds.text, [problem for problem in problems if problem]), None
    return check_config_file(path, levels, text)


def check_config_file(
    path: Path, levels: Levels, text: str | None = None
) -> tuple[Checked, Config | None]:
    """Check a config, on disk without a text, and also return it if it can be read."""
    try:
        text = read_config(path) if text is None else text
    except ConfigError as error:
        problem = with_severity(file_problem(str(error).removeprefix(f"{path}: ")), levels)
        return Checked(path, "", [problem] if problem else []), None
    config = load_text(text, str(_whole(path)))
    around = read_context(path)
    return Checked(path, text, check(config, around, levels), FixableConfig(config, around)), config


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
    counting = {} if wanted.config is None else _counting(wanted.config.parent, read)
    if not wanted.sources and not counting.keys() & read.keys():
        return [], {}
    from kvlens.js.files import SourceFiles
    from kvlens.js.source_context import (
        ALONE,
        SourceContext,
        is_test,
        may_matter,
        other_config_texts,
    )
    from kvlens.lint.check_source import check_source
    from kvlens.lint.check_sources import check_with_sources
    from kvlens.lint.fixable_source import FixableSource

    given = {str(_whole(path)): text for path, text in texts.items() if _is_source(path)}
    files, project = SourceFiles(given), ALONE
    if wanted.config is not None:
        folder = wanted.config.parent
        files = SourceFiles.below(folder)
        files.texts |= given
        configs = [config for config in counting.values() if config is not None]
        project = SourceContext(configs, files.types(), other_config_texts(folder))
    unused: dict[Path, list[Problem]] = {}
    for path, config in counting.items() if not files.unread else ():
        if config is not None and path in read:  # unread sources may use any binding
            found = check_with_sources(config, files.texts, files.parsed)
            unused[path] = [*apply_suppressions(config, found, severities.of(path))]
    checked = []
    for path in wanted.sources:
        name, levels = str(_whole(path)), severities.of(path)
        text, problems, fixable = files.text(name), [], None
        if (unread := files.unread.get(name)) is not None:
            problem = None if unread.made else with_severity(file_problem(str(unread)), levels)
            problems = [problem] if problem else []
        elif not is_test(name, project.configs) and may_matter(text, project):
            found = check_source(files.parsed(name), project)
            problems = [kept for problem in found if (kept := with_severity(problem, levels))]
            fixable = FixableSource(files.parsed(name), project) if problems and keep else None
        checked.append(Checked(path, text if problems else "", problems, fixable))
    return checked, unused


def _counting(folder: Path, read: Mapping[Path, Config]) -> dict[Path, Config | None]:
    """Return the configs in a folder that count for its sources; None for unreadable ones."""
    return {path: read.get(path) or _load(path) for path in configs_in(folder)}


def _load(path: Path) -> Config | None:
    try:
        return load_text(read_config(path), str(path))
    except ConfigError:
        return None


def _is_source(path: Path) -> bool:
    return is_source(str(path)) and not is_config(path)


def _whole(path: Path) -> Path:
    return Path(os.path.normpath(path.absolute()))  # as sources refer to each other
