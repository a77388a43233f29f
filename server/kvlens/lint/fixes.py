"""Select the fixes to offer: those that remove the problem without causing new ones.

Rules propose fixes; each is tested here before it is offered, on configs and sources alike.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from kvlens.config.edit import Edit, line_end, line_start, newline_of
from kvlens.config.limits import LARGEST
from kvlens.lint.base import Fix, Problem
from kvlens.lint.suppressions import Commented, suppressions
from kvlens.stopping import go_on
from kvlens.text import Span

MOST_TRIED = 50  # fixes that are tested one by one, each on the whole text
FEWEST_TRIED = 12  # tests to find those that fit together, in a text of any length
MOST_TESTED = 100_000  # characters of all those texts


class Fixable(Protocol):
    """A checked file whose problems may have fixes."""

    @property
    def file(self) -> Commented:
        """The config or source."""

    @property
    def comment(self) -> str | None:
        """The start of a line comment; None if the language has no comments."""

    @property
    def prefers_unsafe(self) -> bool:
        """Whether the first fix of a problem is preferred even if it isn't safe."""

    def proposed(self, problem: Problem) -> Iterable[Fix]:
        """Return the fixes that the problem's rule proposes, untested, the best first."""

    def solves(self, fix: Fix, *codes: str) -> bool:
        """Return whether a fix leaves one problem less for each of these codes, and no new ones."""


def affordable(file: Fixable, most: int) -> int:
    """Return how many fixes to test one by one: at most `most`, and fewer in a long text."""
    return max(1, min(most, MOST_TESTED // (len(file.file.text) + 1)))


def fixes_for(file: Fixable, problem: Problem) -> list[Fix]:
    """Return the ways to fix one problem, the best first."""
    return [fix for fix in file.proposed(problem) if file.solves(fix, problem.code)]


def fix_all(file: Fixable, problems: Iterable[Problem], *, only_safe: bool = False) -> Fix | None:
    """Return one fix for several problems: the first fix of each that doesn't conflict.

    None if that fixes nothing.
    """
    chosen = _Chosen(file, only_safe)
    chosen.add(list(problems))
    done = chosen.done
    if not done:
        return None
    codes = {problem.code for problem in done}
    of = f" of {done[0].code}" if len(codes) == 1 else ""
    count = f"all {len(done)} problems" if len(done) > 1 else "the problem"
    return Fix(f"Fix {count}{of} in this file", tuple(chosen.edits.all), safe=only_safe)


def suppress(file: Fixable, problem: Problem) -> Fix | None:
    """Return the fix that adds a suppression comment for a problem; None if none is possible."""
    if file.comment is None or problem.code in ("syntax-error", "silence-unknown"):
        return None
    title = f"Turn off {problem.code} for this line"
    for edit in _suppression_edits(file.file, file.comment, problem):
        fix = Fix(title, (edit,))
        if file.solves(fix, problem.code):
            return fix
    return None


def _suppression_edits(file: Commented, mark: str, problem: Problem) -> Iterator[Edit]:
    text = file.text
    start, end = line_start(text, problem.span.start), line_end(text, problem.span.start)
    for known in suppressions(file):
        own = start <= known.span.start < end and not known.next_line
        if own and known.codes:
            at = known.codes[-1][1].end
            yield Edit(Span(at, at), f", {problem.code}")
            return
    at = start + len(text[start:end].rstrip())
    space = " " if at > start else ""
    yield Edit(Span(at, at), f"{space}{mark} kvlens-disable-line {problem.code}")
    indent = text[start : len(text[:end]) - len(text[start:end].lstrip(" \t"))]
    above = f"{indent}{mark} kvlens-disable-next-line {problem.code}{newline_of(text)}"
    yield Edit(Span(start, start), above)


class _Chosen:
    """Fixes that solve their problems together: those of half the problems where not all do.

    Fixes that would make the file too large to be read are left out. The number of tests is
    limited: the rest can be fixed with another request.
    """

    def __init__(self, file: Fixable, only_safe: bool) -> None:
        self.edits, self.done = _Edits(), list[Problem]()
        self._file, self._only_safe = file, only_safe
        self._tests = max(FEWEST_TRIED, affordable(file, MOST_TRIED))

    def add(self, problems: Sequence[Problem]) -> None:
        """Add the fixes of as many of these problems as possible."""
        go_on()
        edits, room = self.edits.copy(), LARGEST - sum(len(edit.text) for edit in self.edits.all)
        done = []
        for problem in problems:
            for fix in self._proposed(problem):
                more = edits.new(fix.edits)
                if more is not None and (room := room - sum(len(e.text) for e in more)) >= 0:
                    edits.add(more)
                    done.append(problem)
                    break
        if not done or self._tests <= 0:
            return
        if self._try(edits, done):
            return
        if len(done) > 1:
            half = len(done) // 2
            self.add(done[:half])
            self.add(done[half:])
            return
        for fix in self._proposed(done[0]):  # the first one that fits has failed
            others = self.edits.copy()
            more = others.new(fix.edits)
            if more is not None and [*self.edits.all, *more] != edits.all:
                others.add(more)
                if self._try(others, done):
                    return

    def _proposed(self, problem: Problem) -> Iterator[Fix]:
        for fix in self._file.proposed(problem):
            if fix.path is None and (fix.safe or not self._only_safe):
                yield fix

    def _try(self, edits: _Edits, done: Sequence[Problem]) -> bool:
        """Take the edits if they solve these problems too."""
        self._tests -= 1
        whole = [*self.done, *done]
        if not self._file.solves(Fix("", tuple(edits.all)), *(each.code for each in whole)):
            return False
        self.edits, self.done = edits, whole
        return True


class _Edits:
    """Edits that don't overlap, with a fast lookup by position."""

    def __init__(self) -> None:
        self.all: list[Edit] = []
        self._known: set[Edit] = set()
        self._replaced: list[Span] = []  # sorted, as are the places of insertions
        self._inserted: list[int] = []

    def copy(self) -> _Edits:
        """Return the same edits, to try others with them."""
        other = _Edits()
        other.all, other._known = [*self.all], {*self._known}
        other._replaced, other._inserted = [*self._replaced], [*self._inserted]
        return other

    def new(self, edits: Iterable[Edit]) -> list[Edit] | None:
        """Return the edits that are new; None if one overlaps an edit that was added."""
        found = [edit for edit in edits if edit not in self._known]
        return None if any(self._overlaps(edit.span) for edit in found) else found

    def add(self, edits: Iterable[Edit]) -> None:
        for edit in edits:
            self.all.append(edit)
            self._known.add(edit)
            start, end = edit.span
            if start < end:
                insort(self._replaced, edit.span)
            else:
                insort(self._inserted, start)

    def _overlaps(self, span: Span) -> bool:
        """Return whether a span overlaps an added one; two insertions at one place don't."""
        at = bisect_left(self._replaced, span)
        nearby = self._replaced[max(0, at - 1) : at + 1]
        if any(one.start < span.end and span.start < one.end for one in nearby):
            return True
        inside = bisect_right(self._inserted, span.start)
        return inside < len(self._inserted) and self._inserted[inside] < span.end
