"""Comments as people read them: `//` lines right below each other are one."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.js.syntax import Source


def comments_about(source: Source, word: str) -> Iterator[str]:
    """Yield each comment with a word in it, on one line and without its marks."""
    text, done = source.text, 0
    for span in source.comments_with(word):
        if span.start < done:
            continue
        start, done = span
        if text.startswith("//", start):
            start, done = _first(text, start), _last(text, done)
        lines = (line.strip().strip("/*").strip() for line in text[start:done].splitlines())
        yield " ".join(line for line in lines if line)


def _first(text: str, start: int) -> int:
    """Return where the first of the `//` lines down to a comment starts."""
    line = text.rfind("\n", 0, start) + 1
    while line and not text[line:start].strip():
        above = text.rfind("\n", 0, line - 1) + 1
        if not text[above:line].lstrip().startswith("//"):
            break
        start = line = above
    return start


def _last(text: str, end: int) -> int:
    """Return the end of the last of the `//` lines that follow a comment."""
    while (line := text.find("\n", end)) >= 0:
        following = text.find("\n", line + 1)
        following = len(text) if following < 0 else following
        if not text[line:following].lstrip().startswith("//"):
            break
        end = following
    return end
