"""Offsets to positions and back, in every encoding the protocol knows."""

import pytest
from kvlens.text import LineIndex

TEXT = "a😀b\r\né\nz"  # code points: a 😀 b \r \n é \n z

CASES = [
    # id, offset, encoding, line, character
    ("start", 0, "utf-16", 0, 0),
    ("after-emoji-16", 2, "utf-16", 0, 3),
    ("after-emoji-8", 2, "utf-8", 0, 5),
    ("after-emoji-32", 2, "utf-32", 0, 2),
    ("second-line", 5, "utf-16", 1, 0),
    ("after-accent-8", 6, "utf-8", 1, 2),
    ("after-accent-16", 6, "utf-16", 1, 1),
    ("last-line", 7, "utf-16", 2, 0),
    ("end", 8, "utf-16", 2, 1),
]


@pytest.mark.parametrize(
    ("offset", "encoding", "line", "character"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_positions_both_ways(offset: int, encoding: str, line: int, character: int) -> None:
    index = LineIndex(TEXT)
    assert index.position(offset, encoding) == (line, character)
    assert index.offset(line, character, encoding) == offset


OUTSIDE = [
    ("before", -1, 0, 0),
    ("past-line-end", 0, 99, 3),
    ("past-last-line", 99, 0, 8),
    ("on-crlf", 0, 4, 3),
]


@pytest.mark.parametrize(
    ("line", "character", "offset"), [c[1:] for c in OUTSIDE], ids=[c[0] for c in OUTSIDE]
)
def test_a_position_outside_the_text_is_moved_in(line: int, character: int, offset: int) -> None:
    assert LineIndex(TEXT).offset(line, character) == offset


def test_an_offset_outside_the_text_is_moved_in() -> None:
    assert LineIndex(TEXT).position(-5) == (0, 0)
    assert LineIndex(TEXT).position(999) == (2, 1)


def test_line_gives_content_without_its_end() -> None:
    assert [LineIndex(TEXT).line(n) for n in range(3)] == ["a😀b", "é", "z"]
