"""Fix a checked file: all problems with one certain answer, until none is left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from kvlens.config.edit import Edit, applied
from kvlens.lint.base import Levels, Problem
from kvlens.lint.check_config import check
from kvlens.lint.fixable_config import FixableConfig, with_fix
from kvlens.lint.fixes import Fixable, fix_all
from kvlens.lint.suppressions import with_severity

if TYPE_CHECKING:
    from kvlens.lint.fixable_source import FixableSource

MOST_ROUNDS = 100  # one fixes up to 50 problems; a fix never adds a problem, so they end


def fixed_text(fixable: Fixable, problems: Iterable[Problem], levels: Levels) -> str | None:
    """Return the text of a file with its safe fixes; None if there are none."""
    changed = False
    for _ in range(MOST_ROUNDS):
        fix = fix_all(fixable, problems, only_safe=True)
        if fix is None:
            break
        changed = True
        if isinstance(fixable, FixableConfig):
            fixable = FixableConfig(with_fix(fixable.file, fix), fixable.around)
            problems = check(fixable.file, fixable.around, levels)
        else:
            fixable = _source(fixable, fix.edits)
            found = (with_severity(problem, levels) for problem in fixable.problems)
            problems = [problem for problem in found if problem]
    return fixable.file.text if changed else None


def _source(fixable: Fixable, edits: Iterable[Edit]) -> FixableSource:
    from kvlens.js.reader import read_source  # late: only where there are sources
    from kvlens.lint.fixable_source import FixableSource

    assert isinstance(fixable, FixableSource)
    source = fixable.file
    return replace(fixable, file=read_source(applied(source.text, edits), source.path))
