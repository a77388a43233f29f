"""Patterns of paths, as in .gitignore but without `!`. Matching takes linear time.

`*` and `?` stand for anything but `/`, `[ab]` for one of these characters, and `**` for any
folders; a name such as `[id]`, which frameworks give to routes, also stands for itself. A pattern
without a slash in the middle matches at any depth, and a folder matches everything in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

_ANY = "**"
_TWICE = [_ANY, _ANY]  # the same as once


_LONGEST = 4096  # characters; no path is longer (PATH_MAX)


class PathPattern:
    """One pattern.

    Raises ValueError for an empty one, one that leads out of its folder, or one of over 4,096
    characters.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > _LONGEST:
            raise ValueError(
                f"A pattern of paths has at most {_LONGEST:,} characters: {text!r:.80}"
            )
        parts = [part for part in text.strip("/").split("/") if part != "."]
        if not parts or "" in parts or ".." in parts:
            raise ValueError(f"{text!r:.80} is not a pattern of paths")
        parts = [part for at, part in enumerate(parts) if parts[max(0, at - 1) : at + 1] != _TWICE]
        if parts[-1] == _ANY:
            parts[-1] = "*"  # what is in a folder, not the folder
        anchored = len(parts) > 1 or text.startswith("/")
        self._parts = parts if anchored else [_ANY, *parts]

    def matches(self, path: str) -> bool:
        """Return whether a path, relative and with `/`, matches, or a folder that it is in."""
        wanted, end = self._parts, len(self._parts)
        reached = self._skipping([0])  # the places in the pattern before the next name
        for name in path.split("/"):
            passed = [at for at in reached if at < end and wanted[at] == _ANY]
            passed += [
                at + 1
                for at in reached
                if at < end and wanted[at] != _ANY and _is_like(name, wanted[at])
            ]
            reached = self._skipping(passed)
            if end in reached:
                return True  # this file, or a folder around it
        return False

    def _skipping(self, places: Iterable[int]) -> set[int]:
        """Return places and those after any number of `**`, which may stand for no folder."""
        found: set[int] = set()
        for place in places:
            at = place
            found.add(at)
            while at < len(self._parts) and self._parts[at] == _ANY:
                at += 1
                found.add(at)
        return found


def _is_like(name: str, wanted: str) -> bool:
    return name == wanted or fnmatchcase(name, wanted)
