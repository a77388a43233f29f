"""Check the versions of one source as it is typed, without flickering problems.

An open bracket or quote causes errors far beyond its line, and a line that ends in `=` absorbs the
next one. So while a text has syntax errors, problems outside the lines that changed since the last
complete version are kept.
"""

from __future__ import annotations

import re

from kvlens.js.reader import SourceReader
from kvlens.js.source_context import ALONE, SourceContext, is_test, may_matter
from kvlens.js.syntax import Source
from kvlens.lint.base import Problem
from kvlens.lint.check_source import check_source
from kvlens.lint.problems import in_order
from kvlens.text import Difference, difference

_GOES_ON = re.compile(r"(?:[=.<>&|?+*,:]|\b(?:await|new|typeof|void|in|of|instanceof))[ \t\r]*\Z")


class SourceChecker:
    """Checks the versions of one source file."""

    def __init__(self, path: str) -> None:
        self.reader = SourceReader(path)
        self._whole: Source | None = None  # the last version without syntax errors
        self._found: tuple[SourceContext, list[Problem]] | None = None  # its problems

    def check(
        self, text: str, context: SourceContext = ALONE, now: float | None = None
    ) -> list[Problem]:
        """Return the problems of one version, in the order of the file.

        Raises the errors of `SourceReader.read`.
        """
        path = self.reader.path
        if is_test(path, context.configs) or not may_matter(text, context, path):
            return []
        source = self.reader.read(text)
        found = check_source(source, context, now)
        broken = source.root.has_error
        if self._whole is None:
            if not broken:
                self._whole, self._found = source, (context, found)
            return found
        lines = _changed_lines(self._whole.text, text)
        if not broken and not _GOES_ON.search(text, lines.start, lines.new_end):
            self._whole, self._found = source, (context, found)
            return found
        if self._found is None or self._found[0] != context:
            self._found = (context, check_source(self._whole, context, now))
        return _merged(self._found[1], found, lines)


def _merged(kept: list[Problem], found: list[Problem], lines: Difference) -> list[Problem]:
    """Return new problems in the changed lines, and kept ones in the lines around them."""
    start, old_end, new_end = lines
    by = new_end - old_end
    merged = [problem for problem in kept if problem.span.end <= start]
    merged += [problem.moved(by) for problem in kept if problem.span.start >= old_end]
    merged += [
        problem for problem in found if problem.span.start < new_end and problem.span.end > start
    ]
    return in_order(merged)


def _changed_lines(before: str, after: str) -> Difference:
    """Return the lines that differ."""
    start, old_end, _ = difference(before, after)
    line = before.find("\n", old_end)
    old_end = len(before) if line < 0 else line
    return Difference(before.rfind("\n", 0, start) + 1, old_end, old_end + len(after) - len(before))
