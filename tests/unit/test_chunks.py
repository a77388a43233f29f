"""Lists of limited length."""

from __future__ import annotations

from itertools import count

import pytest
from kvlens.chunks import chunks, sized_chunks


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("", []),
        ("a", ["a"]),
        ("ab", ["ab"]),
        ("abc", ["ab", "c"]),
        ("abcd", ["ab", "cd"]),
    ],
)
def test_chunks(items: str, expected: list[str]) -> None:
    assert ["".join(chunk) for chunk in chunks(items, 2)] == expected


def test_only_what_is_needed_is_taken() -> None:
    numbers = count()
    assert next(chunks(numbers, 3)) == [0, 1, 2]
    assert next(numbers) == 3


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("", []),
        ("a bb", ["a bb"]),
        ("a b c d", ["a b c", "d"]),
        ("aa bb cc", ["aa bb", "cc"]),
        ("aaaaa", ["aaaaa"]),
        ("a bbbbb c", ["a", "bbbbb", "c"]),
        ("aaaa b", ["aaaa", "b"]),
    ],
)
def test_chunks_of_a_size(items: str, expected: list[str]) -> None:
    found = sized_chunks(items.split(), 3, 4, len)
    assert [" ".join(chunk) for chunk in found] == expected
