"""Places in a text: spans of code points, lines, and LSP positions.

Internally, every place is an offset in code points. Offsets are converted to lines and characters
only at the boundaries (protocol, reports), in the encoding that client and server negotiated.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from typing import AnyStr, NamedTuple

from kvlens.errors import KVLensError

_UTF16 = re.compile(rb"\xff\xfe|\xfe\xff|[\t\n\r -~]\0|\0[\t\n\r -~]")
UTF8, UTF16, UTF32 = "utf-8", "utf-16", "utf-32"
_LINE_END = re.compile(r"\r\n|\n|\r")


class NotTextError(KVLensError):
    """Bytes that aren't UTF-8 text. The text says why, and what to do."""


def decode(data: bytes) -> str:
    """Return UTF-8 text without a byte order mark. Raises NotTextError."""
    if is_utf16(data):
        raise NotTextError("is UTF-16 text; save it as UTF-8")
    if b"\x00" in data:
        raise NotTextError("is a binary file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotTextError(f"is not UTF-8 at byte {error.start}; save it as UTF-8") from error


def is_utf16(data: bytes) -> bool:
    """Return whether bytes begin with the byte order mark of UTF-16, or as its ASCII does."""
    return bool(_UTF16.match(data))


def byte_order_mark(data: bytes) -> str:
    """Return the byte order mark that UTF-8 begins with, or nothing."""
    return "\ufeff" if data.startswith(b"\xef\xbb\xbf") else ""


class Span(NamedTuple):
    """A half-open range of code points: `text[start:end]`."""

    start: int
    end: int


class Position(NamedTuple):
    """An LSP position: both 0-based, `character` in units of the encoding."""

    line: int
    character: int


def width(text: str, encoding: str) -> int:
    """Return how many units of `encoding` ("utf-8", "utf-16", "utf-32") the text takes."""
    if encoding == UTF32 or text.isascii():
        return len(text)
    if encoding == UTF8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


_STEP = 512  # code points between two cached offsets in a long line
_KEPT = 64  # lines between two cached line starts in a large text
_LARGE = 4 * 1024 * 1024  # code points; longer texts aren't parsed, only kept
_Long = tuple[int, str, list[int]]
_NONE: _Long = (-1, "", [])


class Difference(NamedTuple):
    """The one part in which two versions of a text differ: its start and its ends."""

    start: int
    old_end: int
    new_end: int


def difference(before: AnyStr, after: AnyStr) -> Difference:
    """Return the shortest part whose replacement turns one version into the other.

    >>> difference("one two", "one or two")
    Difference(start=4, old_end=4, new_end=7)
    """
    shorter = min(len(before), len(after))
    low, high = 0, shorter  # comparing slices is fast, so halving is faster than a loop
    while low < high:
        middle = (low + high + 1) // 2
        same = before[low:middle] == after[low:middle]
        low, high = (middle, high) if same else (low, middle - 1)
    start = low
    old, new = len(before), len(after)
    low, high = 0, shorter - start
    while low < high:
        middle = (low + high + 1) // 2
        same = before[old - middle : old - low] == after[new - middle : new - low]
        low, high = (middle, high) if same else (low, middle - 1)
    return Difference(start, old - low, new - low)


class LineIndex:
    """Turns offsets of one text into positions and back. Lines end at LF, CRLF or CR."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts: Sequence[int] | None = None if len(text) > _LARGE else _line_starts(text)
        self._long: _Long = _NONE

    @property
    def starts(self) -> Sequence[int]:
        """The start of each line; computed on demand for large texts, where it is rarely needed."""
        if self._starts is None:
            self._starts = _LargeStarts(self.text)
        return self._starts

    def edited(self, start: int, end: int, new: str) -> LineIndex:
        """Return the index of the text with `new` in place of `text[start:end]`."""
        text = f"{self.text[:start]}{new}{self.text[end:]}"
        if "\r" in text or max(len(text), len(self.text)) > _LARGE:
            return LineIndex(text)
        before = self.starts[: bisect_right(self.starts, start)]
        after = self.starts[bisect_right(self.starts, end) :]
        if by := len(text) - len(self.text):
            after = [place + by for place in after]
        index = LineIndex.__new__(LineIndex)
        index.text = text
        index._long = _NONE
        index._starts = [*before, *(start + place for place in _line_starts(new)[1:]), *after]
        return index

    def position(self, offset: int, encoding: str = UTF16) -> Position:
        """Return the position of an offset; one outside the text is moved to its nearest end."""
        offset = max(0, min(offset, len(self.text)))
        if self._starts is None and offset <= _STEP and not _LINE_END.search(self.text, 0, offset):
            return Position(0, width(self.text[:offset], encoding))
        line = bisect_right(self.starts, offset) - 1
        start = self.starts[line]
        if encoding == UTF32 or self.text.isascii():
            return Position(line, offset - start)
        if offset - start <= _STEP:
            return Position(line, width(self.text[start:offset], encoding))
        steps = self._steps(line, encoding)
        step = (offset - start) // _STEP
        rest = self.text[start + step * _STEP : offset]
        return Position(line, steps[step] + width(rest, encoding))

    def line_of(self, offset: int) -> int:
        """Return the line of an offset, faster than its full position."""
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
        units = first = 0
        if len(content) > _STEP:
            steps = self._steps(line, encoding)
            step = max(0, bisect_left(steps, character) - 1)
            units, first = steps[step], step * _STEP
        for index in range(first, len(content)):
            if units >= character:
                return self.starts[line] + index
            units += width(content[index], encoding)
        return self.starts[line] + len(content)

    def line(self, line: int) -> str:
        """Return one line without its line end."""
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[line] : end].rstrip("\r\n")

    def _steps(self, line: int, encoding: str) -> list[int]:
        """Return the units before every _STEP-th code point of a long line."""
        known = self._long
        if (line, encoding) != known[:2]:
            end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
            widths = (
                width(self.text[at : min(at + _STEP, end)], encoding)
                for at in range(self.starts[line], end, _STEP)
            )
            known = self._long = line, encoding, [*accumulate(widths, initial=0)]
        return known[2]


class _LargeStarts(Sequence[int]):
    """The line starts of a large text. It caches every `_KEPT`-th, and finds the others.

    A text may have as many lines as characters.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._kept = array("I")
        self._count = 0
        for starts in _starts_in_parts(text):
            self._kept.extend(starts[-self._count % _KEPT :: _KEPT])
            self._count += len(starts)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, line: int) -> int:  # type: ignore[override]
        """Return the start of one line; slices aren't supported."""
        if line >= self._count:
            raise IndexError(line)
        at = self._kept[line // _KEPT]
        for end in islice(_LINE_END.finditer(self._text, at), line % _KEPT):
            at = end.end()
        return at


def _starts_in_parts(text: str) -> Iterator[list[int]]:
    yield [0]
    at = 0
    while at < len(text):
        end = min(at + _LARGE // 16, len(text))
        if text[end - 1] == "\r" and text[end : end + 1] == "\n":
            end += 1
        yield [at + place for place in _line_starts(text[at:end])[1:]]
        at = end


def _line_starts(text: str) -> list[int]:
    if "\r" not in text or text.count("\r") == text.count("\r\n"):
        # Every line ends with a line feed, which is faster to find.
        lengths = map((1).__add__, map(len, text.split("\n")))
        starts = list(accumulate(lengths, initial=0))
        starts.pop()  # the end of the text, and one
        return starts
    return [0, *(found.end() for found in _LINE_END.finditer(text))]
