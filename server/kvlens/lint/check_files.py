"""Check a config, or a seed file, as it is on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kvlens.config.find import SEEDS, ConfigError, configs_in, is_config, read_config
from kvlens.config.model import Config
from kvlens.config.project_context import read_context
from kvlens.config.reader import load_text
from kvlens.files import absolute, open_file
from kvlens.lint.base import Levels
from kvlens.lint.check_config import check
from kvlens.lint.checked import Checked
from kvlens.lint.copies import worker_of
from kvlens.lint.fixable_config import FixableConfig
from kvlens.lint.problems import file_problem
from kvlens.lint.severities import Severities
from kvlens.lint.suppressions import with_severity


def check_file(
    path: Path, severities: Severities, text: str | None, *, found: bool
) -> tuple[Checked, Config | None]:
    """Check a config or a seed file, and return the config if it is one that can be read.

    `found`: it is a seed file next to a config, and must not lead out of its folder.
    """
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
