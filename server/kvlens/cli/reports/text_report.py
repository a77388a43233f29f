"""Problems as text, with the lines that they are in."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from kvlens.cli.reports.places import amount, shown, start_of
from kvlens.cli.terminal import one_line, visible
from kvlens.lint.checked import Checked
from kvlens.text import UTF32, LineIndex, Span

_WIDEST = 120  # columns shown of a source line; a minified file has one line


def report(files: list[Checked]) -> str:
    """Return `file:line:column: severity code: message` with the source line, and a summary."""
    lines: list[str] = []
    for file in files:
        index = LineIndex(file.text)
        for problem in file.problems:
            place = _place(file.path, index, problem.span)
            lines.append(f"{place}: {problem.severity} {problem.code}: {one_line(problem.message)}")
            lines += _excerpt(index, problem.span)
            for related in problem.related:
                place = _place(file.path, index, related.span)
                lines.append(f"    {place}: {one_line(related.message)}")
    lines.append(_sum(files))
    return "\n".join(lines) + "\n"


def _place(path: Path, index: LineIndex, span: Span) -> str:
    line, column = start_of(index, span)
    return f"{one_line(shown(path))}:{line}:{column}"


def _excerpt(index: LineIndex, span: Span) -> Iterator[str]:
    """Yield the first line of a span and the carets under it; nothing for an empty file."""
    if not index.text.strip():
        return
    number, column = index.position(span.start, UTF32)
    line = index.line(number)
    last = column + min(max(span.end - span.start, 1), max(len(line) - column, 1))
    first = max(0, column - _WIDEST // 3) if len(line) > _WIDEST else 0
    before, marked = line[first:column], line[column:last]
    shown = line[first : first + _WIDEST]
    left = "…" if first else ""
    right = "…" if first + _WIDEST < len(line) else ""
    margin = " " * len(str(number + 1))
    blank = "".join("\t" if letter == "\t" else " " * _columns(letter) for letter in left + before)
    room = max(_columns(shown) - _columns(before), 1)
    yield f"  {number + 1} | {left}{_safe(shown)}{right}"
    yield f"  {margin} | {blank}{'^' * min(max(_columns(marked), 1), room)}"


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(_width(letter) for letter in text)


def _width(letter: str) -> int:
    if unicodedata.combining(letter) or letter in "\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _safe(text: str) -> str:
    """Return a line with the same width, in which no character controls the terminal."""
    return "".join(
        letter if letter == visible(letter) and letter != "\n" else "\ufffd" for letter in text
    )


def _sum(files: list[Checked]) -> str:
    counts = Counter(problem.severity for file in files for problem in file.problems)
    total = amount(len(files), "file")
    if not counts:
        return f"No problems in {total}."
    parts = [amount(counts["error"], "error"), amount(counts["warning"], "warning")]
    if hints := counts["information"]:
        parts.append(amount(hints, "hint"))
    return f"{', '.join(parts)} in {total}."
