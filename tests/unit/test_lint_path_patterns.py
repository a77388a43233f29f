"""Patterns of paths."""

from __future__ import annotations

import pytest
from kvlens.lint.path_patterns import PathPattern

CASES: dict[str, tuple[str, str, bool]] = {
    # a pattern, a path, whether it matches
    "name-at-any-depth": ("*.ts", "a/b.ts", True),
    "whole-name": ("*.ts", "a/b.tsx", False),
    "question-mark": ("?.ts", "a/b.ts", True),
    "class": ("[ab].ts", "a.ts", True),
    "name-of-a-route": ("src/routes/[id]/**", "src/routes/[id]/+server.ts", True),
    "name-of-a-route-at-any-depth": ("[...path].ts", "functions/[...path].ts", True),
    "name-of-another-route": ("[id].ts", "a/[name].ts", False),
    "in-a-folder": ("a/**", "a/q/r", True),
    "not-the-folder-itself": ("a/**", "a", False),
    "from-the-top": ("/a", "a", True),
    "only-from-the-top": ("/a", "b/a", False),
    "folder-with-everything": ("a", "b/a/c", True),
    "folder-with-slash": ("tests/", "x/tests/y.ts", True),
    "star-is-one-name": ("a/*.ts", "a/b/x.ts", False),
    "anchored-by-a-slash": ("a/*.ts", "b/a/x.ts", False),
    "any-folders-first": ("**/a/*.ts", "b/a/x.ts", True),
    "no-folder-between": ("a/**/z", "a/z", True),
    "folders-between": ("a/**/z", "a/b/c/z", True),
    "other-end": ("a/**/z", "a/b/c/zz", False),
    "everything": ("**", "a/b", True),
    "dot-segment": ("./a/b", "a/b", True),
    "case-counts": ("A", "a", False),
    "many-stars-end": ("*a" * 60 + "b", "a" * 250, False),
    "many-folders-in-a-row-end": ("**/" * 1300 + "b", "a/" * 400 + "c", False),
    "many-folders-end": ("**/a/" * 40 + "b", "a/" * 400 + "c", False),
}


@pytest.mark.parametrize(("pattern", "path", "matches"), CASES.values(), ids=CASES)
def test_matching(pattern: str, path: str, matches: bool) -> None:
    assert PathPattern(pattern).matches(path) is matches


@pytest.mark.parametrize("text", ["", "/", "a//b", "../a", "a/../b", "."])
def test_what_is_no_pattern(text: str) -> None:
    with pytest.raises(ValueError, match="is not a pattern of paths"):
        PathPattern(text)


def test_a_pattern_is_no_longer_than_a_path() -> None:
    assert PathPattern("a" * 4096).matches("a" * 4096)
    with pytest.raises(ValueError, match=r"at most 4,096 characters: 'aaa"):
        PathPattern("a" * 4097)
