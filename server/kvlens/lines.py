"""Split a program's output into lines; a long line is cut, and the rest of it counted."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """One line without its line end; `left_out` bytes were cut."""

    data: bytes
    left_out: int = 0


class LineCutter:
    """Splits bytes into lines, keeping at most `limit` bytes of each."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()  # of an unfinished line
        self._left_out = 0

    def feed(self, data: bytes) -> list[Line]:
        """Add bytes, and return the lines that they complete."""
        *ended, rest = data.split(b"\n")
        found = []
        for part in ended:
            self._keep(part)
            found.append(self._line())
        self._keep(rest)
        return found

    def end(self) -> list[Line]:
        """Return the last line if it has no line end."""
        return [self._line()] if self._kept or self._left_out else []

    def _keep(self, part: bytes) -> None:
        room = self._limit - len(self._kept)
        self._kept += part[:room]
        self._left_out += max(0, len(part) - room)

    def _line(self) -> Line:
        line = Line(bytes(self._kept).rstrip(b"\r"), self._left_out)
        self._kept.clear()
        self._left_out = 0
        return line
