"""Places in a text: spans of code points, lines, and the positions the protocol speaks of.

Inside, every place is an offset in code points. Only at the edge (protocol, reports) are
offsets turned into lines and characters, in the encoding that was agreed on.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

UTF8, UTF16, UTF32 = "utf-8", "utf-16", "utf-32"
_LINE_END = re.compile(r"\r\n|\n|\r")


class Span(NamedTuple):
    """A half-open range of code points: `text[start:end]`."""

    start: int
    end: int


class Position(NamedTuple):
    """A place as LSP names it: both 0-based, `character` in units of the encoding."""

    line: int
    character: int


def width(text: str, encoding: str) -> int:
    """Return how many units of `encoding` ("utf-8", "utf-16", "utf-32") the text takes."""
    if encoding == UTF32 or text.isascii():
        return len(text)
    if encoding == UTF8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) + sum(character > "\uffff" for character in text)


class LineIndex:
    """Turns offsets of one text into positions and back. Lines end at LF, CRLF or CR."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = _line_starts(text)

    def edited(self, start: int, end: int, new: str) -> LineIndex:
        """Return the index of the text with `new` in place of `text[start:end]`."""
        text = f"{self.text[:start]}{new}{self.text[end:]}"
        if "\r" in text:
            return LineIndex(text)
        before = self.starts[: bisect_right(self.starts, start)]
        after = self.starts[bisect_right(self.starts, end) :]
        if by := len(text) - len(self.text):
            after = [place + by for place in after]
        index = LineIndex.__new__(LineIndex)
        index.text = text
        index.starts = [*before, *(start + place for place in _line_starts(new)[1:]), *after]
        return index

    def position(self, offset: int, encoding: str = UTF16) -> Position:
        """Return the position of an offset; one outside the text is moved to its nearest end."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.starts, offset) - 1
        return Position(line, width(self.text[self.starts[line] : offset], encoding))

    def line_of(self, offset: int) -> int:
        """Return the line of an offset, quicker than its whole position."""
        return bisect_right(self.starts, max(0, min(offset, len(self.text)))) - 1

    def offset(self, line: int, character: int, encoding: str = UTF16) -> int:
        """Return the offset of a position; past the end of a line means its end."""
        if line < 0:
            return 0
        if line >= len(self.starts):
            return len(self.text)
        content = self.line(line)
        if encoding == UTF32 or content.isascii():
            return self.starts[line] + max(0, min(character, len(content)))
        units = 0
        for index, letter in enumerate(content):
            if units >= character:
                return self.starts[line] + index
            units += width(letter, encoding)
        return self.starts[line] + len(content)

    def line(self, line: int) -> str:
        """Return one line without its line end."""
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[line] : end].rstrip("\r\n")


def _line_starts(text: str) -> list[int]:
    if "\r" not in text or text.count("\r") == text.count("\r\n"):
        # Every line ends with a line feed, which is quicker to find.
        lengths = map((1).__add__, map(len, text.split("\n")))
        starts = list(accumulate(lengths, initial=0))
        starts.pop()  # the end of the text, and one
        return starts
    return [0, *(found.end() for found in _LINE_END.finditer(text))]
