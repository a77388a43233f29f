"""Select the fixes to offer: those that remove the problem without causing new ones.

Rules propose fixes; each is tested here before it is offered, on configs and sources alike.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from typing import Protocol

from kvlens.config.edit import Edit, line_end, line_start, newline_of
from kvlens.config.limits import LARGEST
from kvlens.lint.base import Fix, Problem
from kvlens.lint.suppressions import Commented, suppressions
from kvlens.stopping import go_on
from kvlens.text import Span

MOST_TRIED = 50  # fixes that are tested one by one, each on the whole text
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

    def solves(self, fix: Fix, code: str) -> bool:
        """Return whether a fix leaves fewer problems of one rule and no more of any other."""


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
    wanted = list(problems)
    for one_by_one in (False, True):  # test fixes one by one only if all together fail
        edits, done = _together(file, wanted, only_safe=only_safe, one_by_one=one_by_one)
        whole = Fix("", tuple(edits), safe=only_safe)
        if done and file.solves(whole, done[0].code):
            codes = {problem.code for problem in done}
            of = f" of {done[0].code}" if len(codes) == 1 else ""
            count = f"all {len(done)} problems" if len(done) > 1 else "the problem"
            return whole._replace(title=f"Fix {count}{of} in this file")
    return None


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


def _together(
    file: Fixable, problems: Iterable[Problem], *, only_safe: bool, one_by_one: bool
) -> tuple[list[Edit], list[Problem]]:
    """Return the edits of the problems' first fixes that fit together, and what they fix.

    Fixes that would make the file too large to be read are left out.
    """
    edits = _Edits()
    done: list[Problem] = []
    tried, most, room = 0, affordable(file, MOST_TRIED), LARGEST
    for problem in problems:
        if tried >= most or room < 0:  # the rest can be fixed with another request
            break
        go_on()
        for fix in file.proposed(problem):
            if fix.path is not None or (only_safe and not fix.safe):
                continue
            more = edits.new(fix.edits)
            if more is None:
                continue
            tried += one_by_one
            if one_by_one and not file.solves(Fix("", (*edits.all, *more)), problem.code):
                continue
            room -= sum(len(edit.text) for edit in more)
            if room >= 0:
                edits.add(more)
                done.append(problem)
            break
    return edits.all, done


class _Edits:
    """Edits that don't overlap, with a fast lookup by position."""

    def __init__(self) -> None:
        self.all: list[Edit] = []
        self._known: set[Edit] = set()
        self._replaced: list[Span] = []  # sorted, as are the places of insertions
        self._inserted: list[int] = []

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
