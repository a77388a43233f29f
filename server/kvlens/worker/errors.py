"""What can go wrong between a Worker's sources and a Worker that answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from kvlens.errors import KVLensError


class WorkerError(KVLensError):
    """A Worker cannot be run, or cannot do what it was asked. The text tells the way out."""


class SourceProblem(NamedTuple):
    """One mistake in a source: where it is (line and column from 1; 0 unknown) and what."""

    file: Path
    line: int
    column: int
    message: str


class BuildError(WorkerError):
    """The sources do not make a Worker. `problems` has the mistakes with their places."""

    def __init__(self, text: str, problems: Sequence[SourceProblem] = ()) -> None:
        super().__init__(text)
        self.problems = list(problems)


class StartError(BuildError):
    """workerd refused the Worker: a syntax error, or an exception at its top level."""
