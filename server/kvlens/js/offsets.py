"""Convert between the parser's byte offsets and the code points of spans."""

from __future__ import annotations

from bisect import bisect_right

from kvlens.text import Span

_CHUNK = 256  # code points between two recorded byte offsets


class Offsets:
    """A text as UTF-8, and a map between its bytes and its code points.

    A lone surrogate has no UTF-8 and becomes "?", one byte for one code point.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._ascii = text.isascii()
        if self._ascii:
            self.data = text.encode("ascii")
            return
        pieces = [
            text[at : at + _CHUNK].encode("utf-8", "replace") for at in range(0, len(text), _CHUNK)
        ]
        self.data = b"".join(pieces)
        self._bytes = [0]  # the byte at every _CHUNK-th code point
        for piece in pieces:
            self._bytes.append(self._bytes[-1] + len(piece))

    def point(self, byte: int) -> int:
        """Return the code point at a byte of the text; inside a character, the one after it."""
        if self._ascii:
            return byte
        chunk = bisect_right(self._bytes, byte, 0, len(self._bytes) - 1) - 1
        start = self._bytes[chunk]
        return chunk * _CHUNK + len(self.data[start:byte].decode("utf-8", "ignore"))

    def byte(self, point: int) -> int:
        """Return the byte at which a code point begins; past the end, the end."""
        if self._ascii:
            return min(point, len(self.data))
        chunk = min(point // _CHUNK, len(self._bytes) - 1)
        before = self.text[chunk * _CHUNK : point].encode("utf-8", "replace")
        return self._bytes[chunk] + len(before)

    def span(self, start: int, end: int) -> Span:
        """Return the span of a range of bytes."""
        return Span(self.point(start), self.point(end))
