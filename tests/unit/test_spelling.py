"""What an unknown name was probably meant to be."""

from __future__ import annotations

import pytest
from kvlens.spelling import nearest

METHODS = ("get", "getWithMetadata", "put", "delete", "list")

# id: (word, known names, the one that was meant)
MEANT: dict[str, tuple[str, tuple[str, ...], str | None]] = {
    "the-same": ("get", METHODS, "get"),
    "another-case": ("getwithmetadata", METHODS, "getWithMetadata"),
    "with-separators": ("get_with-metadata", METHODS, "getWithMetadata"),
    "two-letters-swapped": ("gte", METHODS, "get"),
    "a-letter-more": ("deletee", METHODS, "delete"),
    "a-letter-less": ("lst", METHODS, "list"),
    "another-word": ("expire", METHODS, None),
    "known-with-separators": ("id_placeholdr", ("id-placeholder", "id-twice"), "id-placeholder"),
    "nothing": ("", METHODS, None),
    "nothing-known": ("get", (), None),
}


@pytest.mark.parametrize(("word", "known", "meant"), MEANT.values(), ids=MEANT)
def test_what_was_meant(word: str, known: tuple[str, ...], meant: str | None) -> None:
    assert nearest(word, known) == meant
