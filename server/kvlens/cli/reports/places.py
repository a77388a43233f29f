"""The names and positions of files in reports, and numbers of things."""

from __future__ import annotations

from pathlib import Path

from kvlens.text import UTF32, LineIndex, Span


def shown(path: Path, root: Path | None = None) -> str:
    """Return a path relative to the current folder, or to `root`, if it is inside."""
    whole = path.absolute()
    root = root or Path.cwd()
    return (whole.relative_to(root) if whole.is_relative_to(root) else whole).as_posix()


def start_of(index: LineIndex, span: Span) -> tuple[int, int]:
    """Return the line and column where a span starts, in characters from 1."""
    line, column = index.position(span.start, UTF32)
    return line + 1, column + 1


def amount(number: int, noun: str) -> str:
    """Return a number of things: `1 file`, `1,200 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
