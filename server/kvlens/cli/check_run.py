"""One run of `kvlens check`: the files and their problems, found by one or more processes."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kvlens.cli.forks import shared, usable
from kvlens.js.grammar import is_source, unavailable
from kvlens.lint.checked import Checked
from kvlens.lookups import Lookups, Seen, kind, note_until, remembered

if TYPE_CHECKING:
    from kvlens.lint.project import Found
    from kvlens.lint.severities import Severities

_MANY = 100  # files, from which on it pays to share the work
_LITTLE = 50_000  # new objects, in which garbage is quickly found; Python begins at 200,000
_MEMORY = 130  # MB, of all processes
_OF_A_PROCESS = 16  # MB
_OF_A_FILE = 1 / 24  # MB, of the project that is checked


class _Share(NamedTuple):
    """What one process has checked: projects by number, and what it has looked at for them."""

    found: dict[int, Found]
    project_files: list[Path]
    seen: Seen


@dataclass
class Run:
    """What to check: paths, or texts by path that are used instead of files."""

    paths: Sequence[Path]
    severities: Severities
    texts: Mapping[Path, str] = field(default_factory=dict)
    mark: str = ""  # the byte order mark of the text from standard input, if any
    processes: int = 0  # that share the work; 0: as many as pay for themselves
    seen: Lookups = field(default_factory=Lookups)  # in the last check

    def check(self, *, fixable: bool = False) -> list[Checked]:
        """Return the checked files, and the project files with mistakes.

        What copies of a Worker repeat is left out, except from what is to be fixed.
        """
        from kvlens.lint.copies import without_copies  # late: an answer may be kept

        with remembered() as seen:
            found = self._check(seen, fixable)
        self.seen = seen
        return found if fixable else without_copies(found)

    def _check(self, seen: Lookups, fixable: bool) -> list[Checked]:
        from kvlens.lint.project import check_project, merged  # late: all the rules
        from kvlens.lint.wanted import wanted_for

        projects = wanted_for(self.paths, self.severities)
        missing = unavailable() if any(project.sources for project in projects) else None
        if missing:
            note_until(0)
            print(f"kvlens check: {missing}", file=sys.stderr)

        def check(numbers: Iterable[int]) -> _Share:
            before = seen.seen()
            done: dict[int, Found] = {}
            with _only_new_garbage() as collect:
                for number in numbers:
                    collect()  # what was parsed for the project before
                    done[number] = check_project(
                        projects[number],
                        self.severities,
                        with_sources=not missing,
                        fixable=fixable,
                        texts=self.texts,
                    )
            return _Share(
                done,
                [file.path for file in self.severities.files() if file.path],
                seen.seen(before),
            )

        sizes = [project.size for project in projects]
        # what is to be fixed stays parsed, and so in this process
        processes = 1 if fixable else self.processes or _paying(sizes)
        found: dict[int, Found] = {}
        for share in shared(range(len(sizes)), processes, check):
            found |= share.found
            for path in share.project_files:
                self.severities.file(path)
            seen.add(share.seen)
        for path in self.paths:
            self.severities.file(
                path / "x" if kind(path) == "folder" else path
            )  # also without any file
        in_order = [found[number] for number in sorted(found)]
        return [*merged(in_order, repeats=fixable), *self._project_files()]

    def _project_files(self) -> Iterator[Checked]:
        for file in sorted(self.severities.files(), key=lambda file: str(file.path)):
            assert file.path is not None
            problems = self.severities.problems(file)
            if problems:
                yield Checked(file.path, file.text, problems)


def _paying(sizes: Sequence[int]) -> int:
    """Return how many processes pay for themselves, for projects with so many files.

    Above two, their memory together stays below 150 MB.
    """
    if sum(sizes) < _MANY:
        return 1
    return min(usable(), max(2, int(_MEMORY / (_OF_A_PROCESS + _OF_A_FILE * max(sizes)))))


@contextmanager
def _only_new_garbage() -> Iterator[Callable[[], object]]:
    """Yield a function that frees what was parsed since it was last called, if that is quick."""
    gc.freeze()  # what is there already isn't looked at, nor copied in a copy of this process
    try:
        yield lambda: gc.get_count()[0] < _LITTLE and gc.collect(0)
    finally:
        gc.unfreeze()


def is_checked(path: Path) -> bool:
    """Return whether files with this name are checked at all."""
    return path.suffix in (".toml", ".json", ".jsonc") or is_source(str(path))
