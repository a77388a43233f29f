"""Check the versions of one source as it is typed, without flickering problems.

An open bracket or quote causes errors far beyond its line, and a line that ends in `=` absorbs the
next one. So while a text has syntax errors, problems outside the lines that changed since the last
complete version are kept.

A large source takes longer to check than a user should wait for after a key. So while it is typed,
only the function around the typing is checked, and the rest when typing pauses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from kvlens.js.parts import part_around
from kvlens.js.reader import SourceReader
from kvlens.js.source_context import ALONE, SourceContext, is_test, may_matter
from kvlens.js.syntax import Source
from kvlens.lint.base import Problem
from kvlens.lint.check_source import PART_RULES, check_source
from kvlens.lint.problems import in_order
from kvlens.text import Difference, Span, difference

LARGE = 40_000  # code points; a smaller source is checked in less than 20 ms
_MOST_TYPED = 4_000  # code points of changed lines
_GOES_ON = re.compile(r"(?:[=.<>&|?+*,:]|\b(?:await|new|typeof|void|in|of|instanceof))[ \t\r]*\Z")


class _Version(NamedTuple):
    """A version without syntax errors, and its problems."""

    source: Source
    context: SourceContext
    problems: list[Problem]
    is_whole: bool  # they are of a check of all of it


class SourceChecker:
    """Checks the versions of one source file."""

    def __init__(self, path: str) -> None:
        self.reader = SourceReader(path)
        self._last: _Version | None = None

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
        last = self._last
        if last is None:
            if not source.root.has_error:
                self._last = _Version(source, context, found, is_whole=True)
            return found
        change = difference(last.source.text, text)
        lines = _lines_of(change, last.source.text)
        if _is_complete(source, lines):
            self._last = _Version(source, context, found, is_whole=True)
            return found
        if last.context != context or not last.is_whole:
            kept = check_source(last.source, context, now)
            last = self._last = _Version(last.source, context, kept, is_whole=True)
        return _merged(last.problems, found, change, lines)

    def check_part(
        self, text: str, context: SourceContext = ALONE, now: float | None = None
    ) -> list[Problem] | None:
        """Return the problems of one version, of which only what has changed is checked again.

        That is the function around, by PART_RULES. All other problems are kept, so `check` the
        version when typing pauses. None for a source that isn't large, or has changed by more than
        typing.
        """
        last = self._last
        if len(text) < LARGE or last is None or last.context != context:
            return None
        change = difference(last.source.text, text)
        lines = _lines_of(change, last.source.text)
        if max(lines.old_end, lines.new_end) - lines.start > _MOST_TYPED:
            return None
        source = self.reader.read(text)
        start, end = part_around(source, Span(lines.start, lines.new_end))
        is_complete = _is_complete(source, lines)
        if not is_complete:  # only the changed lines count, and no call in them starts after them
            end = source.offsets.byte(lines.new_end)
        if source.refused or (end - start) * 2 > len(source.offsets.data):
            return None
        found = check_source(source, context, now, (start, end))
        part = lines
        if is_complete:
            new = source.offsets.span(start, end)
            part = Difference(new.start, new.end + lines.old_end - lines.new_end, new.end)
        again = [problem for problem in last.problems if problem.code in PART_RULES]
        later = [problem for problem in last.problems if problem.code not in PART_RULES]
        found = in_order([*_merged(again, found, change, part), *_uncut(later, change)])
        if is_complete:
            self._last = _Version(source, context, found, is_whole=False)
        return found


def _is_complete(source: Source, lines: Difference) -> bool:
    """Return whether a version has no syntax errors, and no changed line that goes on."""
    return not source.root.has_error and not _GOES_ON.search(
        source.text, lines.start, lines.new_end
    )


def _merged(
    kept: list[Problem], found: list[Problem], change: Difference, part: Difference
) -> list[Problem]:
    """Return new problems in a part of the text, and kept ones around it, where they are now."""
    start, old_end, new_end = part
    around = (
        problem for problem in kept if problem.span.end <= start or problem.span.start >= old_end
    )
    inside = (
        problem for problem in found if problem.span.start < new_end and problem.span.end > start
    )
    return in_order([*(_after(change, problem) for problem in around), *inside])


def _uncut(kept: list[Problem], change: Difference) -> Iterator[Problem]:
    """Yield problems where they are now, but those of which a change has cut an end off."""
    start, old_end, _ = change
    for problem in kept:
        first, last = problem.span
        if last <= start or first >= old_end or (first <= start and old_end <= last):
            yield _after(change, problem)


def _after(change: Difference, problem: Problem) -> Problem:
    """Return a problem where it is after a change of the text."""
    by = change.new_end - change.old_end

    def moved(span: Span) -> Span:
        start, end = (at + by if at >= change.old_end else at for at in span)
        return Span(start, end)

    related = tuple(each._replace(span=moved(each.span)) for each in problem.related)
    return problem._replace(span=moved(problem.span), related=related)


def _lines_of(change: Difference, before: str) -> Difference:
    """Return the lines that a change is in."""
    start, old_end, new_end = change
    line = before.find("\n", old_end)
    end = len(before) if line < 0 else line
    return Difference(before.rfind("\n", 0, start) + 1, end, new_end + end - old_end)
