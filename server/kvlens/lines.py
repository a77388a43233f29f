"""Split a program's output into lines, however long: a line is cut, and the rest of it counted."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """One line without its line end; `left_out` bytes of it were too many."""

    data: bytes
    left_out: int = 0


class LineCutter:
    """Cuts bytes into lines, of which it keeps at most `limit` bytes each."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()  # of a line whose end has not come
        self._left_out = 0

    def feed(self, data: bytes) -> list[Line]:
        """Take bytes, and return the lines that end in them."""
        *ended, rest = data.split(b"\n")
        found = []
        for part in ended:
            self._keep(part)
            found.append(self._line())
        self._keep(rest)
        return found

    def end(self) -> list[Line]:
        """Return the last line, where it has no end."""
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
