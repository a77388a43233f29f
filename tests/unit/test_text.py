"""Offsets to positions and back, in every encoding of LSP."""

import pytest
from kvlens import text as text_module
from kvlens.text import LineIndex, difference

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


EDITS = [
    # id, text, start, end, new
    ("type", "a\nb\nc", 2, 2, "x"),
    ("overwrite", "a\nb\nc", 2, 3, "x"),
    ("new-line", "a\nb\nc", 3, 3, "\n"),
    ("join-lines", "a\nb\nc", 1, 2, ""),
    ("paste-lines", "a\nb\nc", 1, 4, "\nx\ny\n"),
    ("delete-all", "a\nb\nc", 0, 5, ""),
    ("into-nothing", "", 0, 0, "a\n"),
    ("at-the-end", "a\n", 2, 2, "b"),
    ("before-a-line", "a\nb", 2, 2, "\n"),
    ("carriage-returns", "a\r\nb\r\n", 3, 4, "x\r\ny"),
    ("split-crlf", "a\r\nb", 2, 2, "x"),
    ("make-crlf", "a\rb", 2, 2, "\n"),
]


@pytest.mark.parametrize(
    ("text", "start", "end", "new"), [c[1:] for c in EDITS], ids=[c[0] for c in EDITS]
)
def test_an_edited_index_is_that_of_the_new_text(text: str, start: int, end: int, new: str) -> None:
    edited = LineIndex(text).edited(start, end, new)
    whole = LineIndex(text[:start] + new + text[end:])
    assert (edited.text, edited.starts) == (whole.text, whole.starts)


def test_every_kind_of_line_end_is_found() -> None:
    assert LineIndex("a\nb\n").starts == [0, 2, 4]
    assert LineIndex("a\r\nb\r\n").starts == [0, 3, 6]
    assert LineIndex("a\rb\r\nc\n\rd").starts == [0, 2, 5, 7, 8]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", (0, 0, 0)),
        ("abc", "abc", (3, 3, 3)),
        ("", "abc", (0, 0, 3)),
        ("abc", "", (0, 3, 0)),
        ("abc", "abXc", (2, 2, 3)),
        ("abXc", "abc", (2, 3, 2)),
        ("aaa", "aaaa", (3, 3, 4)),
        ("aaaa", "aa", (2, 4, 2)),
        ("one two", "one too", (5, 6, 6)),
        ("abc", "xyz", (0, 3, 3)),
    ],
)
def test_the_difference_of_two_versions(
    before: str, after: str, expected: tuple[int, int, int]
) -> None:
    assert difference(before, after) == expected
    assert difference(before.encode(), after.encode()) == expected
    start, old_end, new_end = expected
    assert before[:start] + after[start:new_end] + before[old_end:] == after


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_a_large_text_has_the_same_places(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lines are found on demand, in pieces with arbitrary ends."""
    content = end.join("\N{GRINNING FACE}"[: n % 2] + "x" * (n % 7) for n in range(300)) + end
    small = text_module.LineIndex(content)
    monkeypatch.setattr(text_module, "_LARGE", 64)
    large = text_module.LineIndex(content)
    assert large.position(1) == small.position(1)
    assert large.position(3) == small.position(3)
    assert list(large.starts) == list(small.starts)
    for offset in range(0, len(content), 5):
        assert large.position(offset) == small.position(offset)
    assert large.offset(200, 2) == small.offset(200, 2)
    edited = large.edited(10, 20, f"new{end}")
    assert list(edited.starts) == list(text_module.LineIndex(edited.text).starts)
    assert edited.text == small.edited(10, 20, f"new{end}").text
