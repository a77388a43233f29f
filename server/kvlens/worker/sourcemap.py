"""Source maps (version 3, https://tc39.es/ecma426/): from positions in a bundle to its sources."""

from __future__ import annotations

import json
from bisect import bisect_right
from pathlib import Path
from typing import NamedTuple

_DIGITS = {
    letter: value
    for value, letter in enumerate(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    )
}


class Place(NamedTuple):
    """A position in a source; line and column from 1."""

    file: Path
    line: int
    column: int


class SourceMap:
    """One map, decoded at the first lookup."""

    def __init__(self, text: str, folder: Path) -> None:
        """`folder` is the map's folder, which its sources are relative to."""
        self._text = text
        self._folder = folder
        self._sources: list[Path] = []
        self._lines: list[list[tuple[int, int, int, int]]] | None = None

    def find(self, line: int, column: int) -> Place | None:
        """Return the source of a position in the bundle; all lines and columns from 1."""
        if self._lines is None:
            self._lines = self._decode()
        if not 1 <= line <= len(self._lines):
            return None
        segments = self._lines[line - 1]
        index = bisect_right(segments, column - 1, key=lambda segment: segment[0]) - 1
        if index < 0:
            return None
        _, source, source_line, source_column = segments[index]
        return Place(self._sources[source], source_line + 1, source_column + 1)

    def _decode(self) -> list[list[tuple[int, int, int, int]]]:
        data = json.loads(self._text)
        root = self._folder / (data.get("sourceRoot") or "")
        self._sources = [(root / name).resolve() for name in data["sources"]]
        lines: list[list[tuple[int, int, int, int]]] = []
        source = source_line = source_column = 0
        for line in data["mappings"].split(";"):
            column = 0
            segments: list[tuple[int, int, int, int]] = []
            for segment in line.split(",") if line else ():
                numbers = _numbers(segment)
                column += numbers[0]
                if len(numbers) >= 4:
                    source += numbers[1]
                    source_line += numbers[2]
                    source_column += numbers[3]
                    segments.append((column, source, source_line, source_column))
            lines.append(segments)
        return lines


def _numbers(segment: str) -> list[int]:
    """Decode base64 VLQ: five bits per digit; the lowest bit of a number is its sign."""
    numbers: list[int] = []
    value = shift = 0
    for letter in segment:
        digit = _DIGITS[letter]
        value |= (digit & 31) << shift
        if digit & 32:
            shift += 5
            continue
        numbers.append(-(value >> 1) if value & 1 else value >> 1)
        value = shift = 0
    return numbers
