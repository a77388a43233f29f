"""Comments that silence a rule on one line, and what a user makes of a rule everywhere.

`# kvlens-disable-line CODE[, CODE]` speaks of its own line, `# kvlens-disable-next-line …` of
the one below. In JSON the comment is `//` or `/* */`, as wrangler takes it there. A reason may
follow after ` -- `.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from kvlens.config.comments import comments
from kvlens.config.model import Config
from kvlens.lint.base import Level, Problem
from kvlens.text import LineIndex, Span

LEVELS: tuple[Level, ...] = ("error", "warning", "information", "off")
_MARK = "kvlens-disable-"
_COMMENT = re.compile(r"(?:#|//|/\*)\s*kvlens-disable-(line|next-line)\b[ \t]*:?([^\r\n*#]*)")
_CODE = re.compile(r"[^\s,]+")


class Suppression(NamedTuple):
    """One comment: the line that it silences (0-based), and the codes that it names."""

    line: int
    codes: tuple[tuple[str, Span], ...]
    span: Span  # of the words `kvlens-disable-…`
    next_line: bool


def suppressions(config: Config) -> list[Suppression]:
    """Return the comments of a config that silence a line."""
    if _MARK not in config.text:
        return []
    kept: list[Suppression] | None = config.cache.get("silences")
    if kept is None:
        kept = config.cache["silences"] = _read(config)
    return kept


def apply_suppressions(
    config: Config, problems: Iterable[Problem], levels: Mapping[str, Level] | None = None
) -> Iterator[Problem]:
    """Yield the problems that no comment silences, as severe as the user wants them."""
    quiet = {(silence.line, code) for silence in suppressions(config) for code, _ in silence.codes}
    index = LineIndex(config.text) if quiet else None
    for problem in problems:
        level = with_severity(problem, levels)
        if level is None:
            continue
        if index is None or (index.line_of(problem.span.start), problem.code) not in quiet:
            yield level


def with_severity(problem: Problem, levels: Mapping[str, Level] | None) -> Problem | None:
    """Return a problem as severe as the user wants it; None where its rule is off."""
    level = levels.get(problem.code) if levels else None
    if level is None:
        return problem
    return None if level == "off" else problem._replace(severity=level)


def _read(config: Config) -> list[Suppression]:
    index = LineIndex(config.text)
    found: list[Suppression] = []
    for span in comments(config.text, is_json=config.is_json):
        comment = _COMMENT.match(config.text, *span)
        if comment is None:
            continue
        next_line = comment[1] == "next-line"
        line = index.line_of(span.start) + next_line
        named = len(comment[2].split(" --")[0])  # what follows is the reason, for people
        codes = tuple(
            (code[0], Span(*code.span()))
            for code in _CODE.finditer(config.text, comment.start(2), comment.start(2) + named)
        )
        start = comment.start(1) - len(_MARK)
        found.append(Suppression(line, codes, Span(start, comment.end(1)), next_line))
    return found
