"""Errors of building and running a Worker."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from kvlens.errors import KVLensError


class WorkerError(KVLensError):
    """A Worker can't be run, or can't be reached. The text says what to do."""


class MissingProgramError(WorkerError):
    """workerd or esbuild isn't installed. The text names it."""


class SourceProblem(NamedTuple):
    """A mistake in a source, with its line and column from 1 (0: unknown)."""

    file: Path
    line: int
    column: int
    message: str


class BuildError(WorkerError):
    """The sources can't be built. `problems` lists the mistakes with their positions."""

    def __init__(self, text: str, problems: Sequence[SourceProblem] = ()) -> None:
        super().__init__(text)
        self.problems = list(problems)


class StartError(BuildError):
    """workerd refused the Worker: a syntax error, or an exception at its top level."""
