"""One run of `kvlens check`: the files, their problems, and what is fixed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kvlens.cli.forks import shared, usable
from kvlens.cli.frame import CommandError
from kvlens.cli.reports.places import shown
from kvlens.files import FileRefusedError, read_bytes, replace_bytes, way_out_of
from kvlens.js.grammar import is_source, unavailable
from kvlens.lint.checked import Checked
from kvlens.lookups import Lookups, Seen, kind, note_until, remembered
from kvlens.text import NotTextError, decode

if TYPE_CHECKING:
    from kvlens.lint.project import Found
    from kvlens.lint.severities import Severities

_LARGEST = 2 * 1024 * 1024  # bytes of a file to fix; what is checked is smaller
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
        from kvlens.lint.project import check_project, merged, wanted_for  # late: all the rules

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


def fixed_texts(files: Sequence[Checked], severities: Severities) -> dict[Path, str]:
    """Return the texts of the files that have fixes, with the fixes."""
    from kvlens.lint.fix_file import fixed_text  # late: a check without fixes doesn't need it

    found: dict[Path, str] = {}
    for file in files:
        if file.fixable is not None and file.problems:
            text = fixed_text(file.fixable, file.problems, severities.of(file.path))
            if text is not None:
                found[file.path] = text
    return found


def difference(file: Checked, text: str, mark: str = "") -> Iterator[str]:
    """Yield a unified diff between a file and its text with fixes, which `git apply` accepts.

    `mark` is the byte order mark that the file has, if any. Lines end as they do in the file.
    """
    import difflib  # late: only --diff needs it
    from io import StringIO

    name = shown(file.path)
    before, after = (list(StringIO(mark + whole, newline="\n")) for whole in (file.text, text))
    old, new = _in_diff(f"a/{name}"), _in_diff(f"b/{name}")
    for line in difflib.unified_diff(before, after, old, new):
        yield line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"


def _in_diff(name: str) -> str:
    """Return a file's name as git writes it: with a tab after spaces, or in quotes."""
    if any(char in '"\\' or ord(char) < ord(" ") for char in name):
        return f'"{"".join(map(_quoted, name))}"'
    return f"{name}\t" if " " in name else name


def _quoted(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char >= " " else f"\\{ord(char):03o}"


def write_fixed(file: Checked, text: str) -> None:
    """Replace the text of a file that is still as it was checked, keeping a byte order mark.

    Raises the errors of `refuse_to_fix`, and those of `mark_of`.
    """
    refuse_to_fix(file)
    replace_bytes(file.path, (mark_of(file) + text).encode())


def refuse_to_fix(file: Checked) -> None:
    """Raise CommandError for a file that is read-only or outside the current folder; OSError."""
    out = way_out_of(Path.cwd(), file.path)
    if out is not None:
        link, target = out
        raise CommandError(
            f"{shown(file.path)}: not fixed: {link} is a link to {target}, outside this folder; "
            "name that file instead"
        )
    if not file.path.stat().st_mode & 0o222:
        raise CommandError(f"{shown(file.path)}: not fixed: it is read-only")


def mark_of(file: Checked) -> str:
    """Return the byte order mark that a file has, or nothing.

    Raises CommandError if the file isn't text, or not as it was checked.
    """
    try:
        data = read_bytes(file.path, _LARGEST)
        text = decode(data)
    except FileRefusedError as error:
        raise CommandError(str(error)) from error
    except NotTextError as error:
        raise CommandError(f"{shown(file.path)}: not fixed: it {error}") from error
    if text != file.text:
        raise CommandError(f"{shown(file.path)}: changed while it was checked; run this again")
    return mark_in(data)


def mark_in(data: bytes) -> str:
    """Return the byte order mark that UTF-8 begins with, or nothing."""
    return "\ufeff" if data.startswith(b"\xef\xbb\xbf") else ""


def is_checked(path: Path) -> bool:
    """Return whether files with this name are checked at all."""
    return path.suffix in (".toml", ".json", ".jsonc") or is_source(str(path))
