"""Fix a checked file: all problems with one certain answer, until none is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kvlens.config.edit import Edit, applied, composed
from kvlens.lint.base import Fix, Levels, Problem
from kvlens.lint.check_config import check
from kvlens.lint.fixable_config import FixableConfig, with_fix
from kvlens.lint.fixes import Fixable, fix_all
from kvlens.lint.suppressions import with_severity

if TYPE_CHECKING:
    from kvlens.lint.fixable_source import FixableSource

MOST_ROUNDS = 100  # one fixes up to 50 problems; a fix never adds a problem, so they end


def fix_file(fixable: Fixable, problems: Sequence[Problem], levels: Levels) -> Fix | None:
    """Return one fix for all problems with a safe fix; None if there are none.

    After it, no problem with a safe fix is left.
    """
    before, length = len(problems), len(fixable.file.text)
    fixes: list[Fix] = []
    for _ in range(MOST_ROUNDS):
        fix = fix_all(fixable, problems, only_safe=True)
        if fix is None:
            break
        fixes.append(fix)
        if isinstance(fixable, FixableConfig):
            fixable = FixableConfig(with_fix(fixable.file, fix), fixable.around)
            problems = check(fixable.file, fixable.around, levels)
        else:
            fixable = _source(fixable, fix.edits)
            found = (with_severity(problem, levels) for problem in fixable.problems)
            problems = [problem for problem in found if problem]
    if len(fixes) < 2:
        return fixes[0] if fixes else None
    title = f"Fix all {before - len(problems)} problems in this file"
    return fixes[0]._replace(title=title, edits=composed((fix.edits for fix in fixes), length))


def fixed_text(fixable: Fixable, problems: Sequence[Problem], levels: Levels) -> str | None:
    """Return the text of a file with its safe fixes; None if there are none."""
    fix = fix_file(fixable, problems, levels)
    return applied(fixable.file.text, fix.edits) if fix is not None else None


def _source(fixable: Fixable, edits: Sequence[Edit]) -> FixableSource:
    from kvlens.js.reader import read_source  # late: only where there are sources
    from kvlens.lint.fixable_source import FixableSource

    assert isinstance(fixable, FixableSource)
    source = fixable.file
    return replace(fixable, file=read_source(applied(source.text, edits), source.path))
