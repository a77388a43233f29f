"""Lines of any length, in pieces of any size."""

from __future__ import annotations

import tracemalloc

import pytest
from kvlens.lines import Line, LineCutter

CASES: list[tuple[str, bytes, list[Line]]] = [
    ("none", b"", []),
    ("one", b"abc\n", [Line(b"abc")]),
    ("without an end", b"abc", [Line(b"abc")]),
    ("empty ones", b"\n\r\n\n", [Line(b""), Line(b""), Line(b"")]),
    ("CRLF", b"a\r\nb\r\n", [Line(b"a"), Line(b"b")]),
    ("just fits", b"12345678\n", [Line(b"12345678")]),
    ("too long", b"1234567890\nnext\n", [Line(b"12345678", 2), Line(b"next")]),
    ("too long, without an end", b"a\n1234567890", [Line(b"a"), Line(b"12345678", 2)]),
]


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(("data", "expected"), [pytest.param(*c[1:], id=c[0]) for c in CASES])
def test_lines(data: bytes, expected: list[Line], size: int) -> None:
    cutter = LineCutter(8)
    found = [
        line
        for start in range(0, len(data), size)
        for line in cutter.feed(data[start : start + size])
    ]
    assert found + cutter.end() == expected


def test_a_line_without_end_takes_no_memory() -> None:
    cutter = LineCutter(65536)
    block = b"x" * 65536
    tracemalloc.start()
    for _ in range(1600):
        assert cutter.feed(block) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    assert cutter.feed(b"\n") == [Line(block, 1599 * 65536)]
