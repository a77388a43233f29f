"""The severities of rules in a file: from the user, and from the project's own settings."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from kvlens.lint.base import Level, Levels, Problem
from kvlens.lint.problems import reported
from kvlens.lint.project_file import NONE, ProjectFile, project_file_in
from kvlens.lint.registry import codes, find_rule
from kvlens.lint.suppressions import with_severity

ALWAYS = frozenset(
    ("unreadable-file", "internal-error", "project-file-invalid", "too-many-sources")
)
"""Rules that `select` doesn't turn off: without them, "no problems" wouldn't be true."""


class _AllOff(Mapping[str, Level]):
    """Every rule is off, also one that isn't imported yet."""

    def __getitem__(self, code: str) -> Level:
        return "off"

    def __iter__(self) -> Iterator[str]:
        return iter(codes())

    def __len__(self) -> int:
        return len(codes())

    def __bool__(self) -> bool:
        return True


_ALL_OFF = _AllOff()


class Severities:
    """Looks up severities by file; project files are read once."""

    def __init__(self, user: Levels | None = None) -> None:
        self.user = user or {}
        self._files: dict[str, ProjectFile] = {}

    def of(self, path: Path) -> Levels:
        """Return the severities in a file. What the user says wins over the project file."""
        found = self.file(path).levels(path)
        return {**found, **self.user} if found else self.user

    def of_open(self, path: Path) -> Levels:
        """Return the severities in a file that is open in an editor: excluded ones have none."""
        return _ALL_OFF if self.excludes(path) else self.of(path)

    def excludes(self, path: Path) -> bool:
        """Return whether the project file excludes a file."""
        return self.file(path).excludes(path)

    def file(self, path: Path) -> ProjectFile:
        """Return the project file that counts for a file."""
        folder = os.path.dirname(path)  # noqa: PTH120 - for every file
        known = self._files.get(folder)
        if known is None:
            known = self._files[folder] = self._find(os.path.abspath(folder))  # noqa: PTH100
        return known

    def _find(self, folder: str) -> ProjectFile:
        """Return the project file of a folder, or of the nearest one above."""
        found = self._files.get(folder)
        if found is None:
            found = project_file_in(Path(folder))
            if found is None:
                above = os.path.dirname(folder)  # noqa: PTH120
                found = NONE if above == folder else self._find(above)
            self._files[folder] = found
        return found

    def files(self) -> Collection[ProjectFile]:
        """Return the project files read so far."""
        return {found.path: found for found in self._files.values() if found.path}.values()

    def problems(self, file: ProjectFile) -> list[Problem]:
        """Return the mistakes in a project file, with its own severity for them.

        What it names is looked for in its folder.
        """
        from kvlens.lint.project_file_targets import missing_targets  # late: most name nothing

        assert file.path is not None
        levels, fresh = self.of(file.path), Severities()  # an editor calls this in a thread
        missing = missing_targets(file, lambda path: fresh.file(path).path == file.path)
        found = (
            with_severity(reported("project-file-invalid", message, span), levels)
            for span, message in sorted((*file.mistakes, *missing))
        )
        return [problem for problem in found if problem]

    def forget(self) -> None:
        """Read the project files again when they are needed."""
        self._files.clear()


def selected(levels: Levels, select: Collection[str], ignore: Collection[str]) -> Levels:
    """Return severities that turn off the rules that aren't selected, and the ignored ones.

    Both are codes, or patterns of codes such as `id-*`; without `select`, all are selected. A rule
    that is off by default is turned on by selecting it.
    """
    if not select and not ignore:
        return levels  # without importing the rules of every domain
    found: dict[str, Level] = dict(levels)
    for code in codes():
        left_out = select and code not in ALWAYS and not _matches(code, select)
        if left_out or _matches(code, ignore):
            found[code] = "off"
        elif select and (rule := find_rule(code)) and rule.off_by_default:
            found.setdefault(code, rule.severity)
    return found


def is_code(pattern: str) -> bool:
    """Return whether there is a rule with this code, or with one that the pattern matches."""
    return pattern in codes() or any(fnmatchcase(code, pattern) for code in codes())


def _matches(code: str, patterns: Collection[str]) -> bool:
    return any(fnmatchcase(code, pattern) for pattern in patterns)
