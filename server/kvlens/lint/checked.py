"""The result of checking one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kvlens.lint.base import Problem

Worker = tuple[object, ...]

if TYPE_CHECKING:
    from kvlens.lint.fixes import Fixable


@dataclass(frozen=True)
class Checked:
    """One checked file: its text (empty if it can't be read) and its problems.

    `fixable` is the file as it was checked, if it has problems that may have fixes. `worker` is
    what the copies of a Worker have in common, of a config that can be read; see `copies`.
    `is_started`: a config names this source as `main`.
    """

    path: Path
    text: str
    problems: list[Problem]
    fixable: Fixable | None = None
    worker: Worker | None = None
    is_started: bool = False

    def __getstate__(self) -> dict[str, object]:
        """Leave out what was parsed, which stays in its process."""
        return {**self.__dict__, "fixable": None}
