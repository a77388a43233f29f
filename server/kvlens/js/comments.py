"""Comments as people read them: `//` lines right below each other are one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.syntax import Source

if TYPE_CHECKING:
    from tree_sitter import Node


def comments_about(source: Source, word: str) -> Iterator[str]:
    """Yield each comment with a word in it, on one line and without its marks."""
    text, done = source.text, 0
    for span in source.comments_with(word):
        if span.start < done:
            continue
        start, done = span
        if text.startswith("//", start):
            start, done = _first(text, start), _last(text, done)
        yield _on_one_line(text[start:done])


def comments_above(source: Source, node: Node) -> Iterator[str]:
    """Yield the comments right above what a node is in, from its statement to its function."""
    here: Node | None = node
    while here is not None and here.parent is not None:
        above, row, parts = here.prev_named_sibling, here.start_point[0], list[str]()
        while above is not None and above.type == "comment" and above.end_point[0] >= row - 1:
            parts.append(source.text_of(above))
            row, above = above.start_point[0], above.prev_named_sibling
        if parts:
            yield _on_one_line("\n".join(reversed(parts)))
        here = here.parent


def _on_one_line(comment: str) -> str:
    lines = (line.strip().strip("/*").strip() for line in comment.splitlines())
    return " ".join(line for line in lines if line)


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
