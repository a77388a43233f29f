"""Known problems that a check doesn't report: counts by file and rule.

A project that starts to use the check records what it has, and is only told about more. The counts
hold while lines move. If a file has more problems of a rule than recorded, all of them are
reported, as nobody can tell which one is new.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from kvlens.errors import KVLensError
from kvlens.files import FileRefusedError, absolute, read_bytes, read_given, replace_bytes
from kvlens.lint.checked import Checked
from kvlens.lint.problems import counted
from kvlens.lint.severities import ALWAYS

LARGEST = 16 * 1024 * 1024  # bytes
_VERSION = 1

Counts = Mapping[str, Mapping[str, int]]  # path from the baseline's folder -> code -> problems


class BaselineError(KVLensError):
    """A baseline can't be used. The text says which, why and what to do."""


class Scope(NamedTuple):
    """What a check has looked at: below these paths, without the rules that the user turned off."""

    paths: Sequence[Path]
    rules_off: Collection[str] = ()


class Baseline:
    """The counts in a file."""

    def __init__(self, path: Path, counts: Counts) -> None:
        self.path = path
        self.counts = counts

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Read a baseline. Raises BaselineError if it is none, OSError if it can't be read."""
        again = "; delete it, and write it again with --update-baseline"
        try:
            data = json.loads(read_given(path, LARGEST))
        except (ValueError, RecursionError) as error:
            raise BaselineError(f"{path}: not JSON ({error}){again}") from error
        if not isinstance(data, dict) or data.get("version") != _VERSION:
            raise BaselineError(f'{path}: not a baseline with "version": {_VERSION}{again}')
        counts = data.get("problems")
        if not _is_valid(counts):
            raise BaselineError(f'{path}: "problems" takes counts by file and rule{again}')
        return cls(path, counts or {})

    @classmethod
    def updated(cls, path: Path, files: Iterable[Checked], scope: Scope) -> Baseline:
        """Return a baseline with the problems of these files, and what it had outside the scope.

        Raises BaselineError if another file is there.
        """
        before = cls._before(path)
        counts = {
            name: kept
            for name, known in before.counts.items()
            if (
                kept := {
                    code: known[code] for code in known if not before._is_in(scope, name, code)
                }
            )
        }
        for file in files:
            name = before.name(file)
            if found := {**counts.get(name, {}), **_recordable(file)}:
                counts[name] = dict(sorted(found.items()))
        return cls(path, dict(sorted(counts.items())))

    @classmethod
    def _before(cls, path: Path) -> Baseline:
        try:
            return cls.read(path) if read_bytes(path, LARGEST).strip() else cls(path, {})
        except FileNotFoundError:
            return cls(path, {})
        except (BaselineError, FileRefusedError) as error:
            raise BaselineError(
                f"{path} isn't a baseline, and is kept; name another file, or delete it"
            ) from error

    def _is_in(self, scope: Scope, name: str, code: str) -> bool:
        path = absolute(self.path.parent / name)
        return code not in scope.rules_off and any(
            path.is_relative_to(absolute(each)) for each in scope.paths
        )

    def write(self) -> None:
        """Write the file. Raises OSError."""
        text = json.dumps({"version": _VERSION, "problems": self.counts}, indent=2)
        replace_bytes(self.path, f"{text}\n".encode())

    def without_known(self, files: Iterable[Checked], scope: Scope) -> tuple[list[Checked], int]:
        """Return the files without recorded problems, and how many recorded ones are gone."""
        found: list[Checked] = []
        gone = 0
        for file in files:
            known, now = self.counts.get(self.name(file), {}), _recordable(file)
            gone += sum(
                max(0, count - now.get(code, 0))
                for code, count in known.items()
                if code not in scope.rules_off
            )
            hidden = {code for code, count in now.items() if count <= known.get(code, 0)}
            new = [problem for problem in file.problems if problem.code not in hidden]
            found.append(replace(file, problems=new))
        return found, gone

    def name(self, file: Checked) -> str:
        """Return a file's path from the folder of the baseline, the same on every platform."""
        folder, path = absolute(self.path).parent, absolute(file.path)
        return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()


def _recordable(file: Checked) -> dict[str, int]:
    counts = counted(file.problems)
    return {code: count for code, count in counts.items() if code not in ALWAYS}


def _is_valid(counts: Any) -> bool:
    return isinstance(counts, dict) and all(
        isinstance(known, dict) and all(type(count) is int for count in known.values())
        for known in counts.values()
    )
