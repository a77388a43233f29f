"""Comments that silence a rule on one line, and the severities that the user gives to rules.

`# kvlens-disable-line CODE[, CODE]` applies to its own line, `# kvlens-disable-next-line …` to the
next one. In JSON, JavaScript and TypeScript, the comment is `//` or `/* */`. A reason may follow
after ` -- `.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from kvlens.lint.base import Level, Levels, Problem
from kvlens.lint.registry import is_off_by_default
from kvlens.memo import HasMemos, memo
from kvlens.text import LineIndex, Span

LEVELS: tuple[Level, ...] = ("error", "warning", "information", "off")
_MARK = "kvlens-disable-"
_COMMENT = re.compile(r"(?:#|//|/\*+)\s*kvlens-disable-(line|next-line)\b[ \t]*:?([^\r\n*#]*)")
_CODE = re.compile(r"[^\s,]+")


class Commented(HasMemos, Protocol):
    """A file with comments: a config or a source."""

    @property
    def text(self) -> str:
        """The whole text."""

    def comments_with(self, word: str) -> Iterable[Span]:
        """Return the spans of the comments that contain a word."""


class Suppression(NamedTuple):
    """One comment: the line that it silences (0-based), and the codes that it names."""

    line: int
    codes: tuple[tuple[str, Span], ...]
    span: Span  # of the words `kvlens-disable-…`
    next_line: bool


@memo
def suppressions(file: Commented) -> list[Suppression]:
    """Return the suppression comments of a file."""
    return list(_read(file)) if _MARK in file.text else []


def apply_suppressions(
    file: Commented, problems: Iterable[Problem], levels: Levels | None = None
) -> Iterator[Problem]:
    """Yield the problems that no comment suppresses, with the user's severities."""
    quiet = {(silence.line, code) for silence in suppressions(file) for code, _ in silence.codes}
    index = LineIndex(file.text) if quiet else None
    for problem in problems:
        level = with_severity(problem, levels)
        if level is None:
            continue
        if index is None or (index.line_of(problem.span.start), problem.code) not in quiet:
            yield level


def with_severity(problem: Problem, levels: Levels | None) -> Problem | None:
    """Return a problem with the user's severity; None if its rule is off.

    Without `levels`, all rules are on: the caller decides later. An empty mapping is a user who
    said nothing.
    """
    if levels is None:
        return problem
    level = levels.get(problem.code)
    if level is None:
        return None if is_off_by_default(problem.code) else problem
    return None if level == "off" else problem._replace(severity=level)


def _read(file: Commented) -> Iterator[Suppression]:
    index = LineIndex(file.text)
    for span in file.comments_with(_MARK):
        comment = _COMMENT.match(file.text, *span)
        if comment is None:
            continue
        next_line = comment[1] == "next-line"
        line = index.line_of(span.start) + next_line
        named = len(comment[2].split(" --")[0])  # the rest is the reason
        codes = tuple(
            (code[0], Span(*code.span()))
            for code in _CODE.finditer(file.text, comment.start(2), comment.start(2) + named)
        )
        start = comment.start(1) - len(_MARK)
        yield Suppression(line, codes, Span(start, comment.end(1)), next_line)
