"""The generated texts: read once, changed in memory, compared or written at the end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import unified_diff
from pathlib import Path


class Tree:
    """The files of the repository, by paths relative to it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._before: dict[str, str] = {}
        self._after: dict[str, str] = {}

    def read(self, path: str) -> str:
        """Return the current text of a file; "" if there is none."""
        if path not in self._after:
            file = self._root / path
            text = file.read_text("utf-8") if file.is_file() else ""
            self._before[path] = self._after[path] = text
        return self._after[path]

    def files(self, folder: str, pattern: str) -> list[str]:
        """Return the paths of the files in a folder that match a pattern, sorted."""
        found = (self._root / folder).glob(pattern)
        return sorted(path.relative_to(self._root).as_posix() for path in found)

    def write(self, path: str, text: str) -> None:
        """Set the whole text of a file."""
        self.read(path)
        self._after[path] = text

    def fill(self, path: str, name: str, content: str) -> None:
        """Set what is between `<!-- generated: NAME -->` and `<!-- end -->`."""
        begin, end = f"<!-- generated: {name} -->\n", "<!-- end -->"
        self.replace(path, re.escape(begin), f"{begin}{content}", end)

    def replace(self, path: str, begin: str, content: str, end: str) -> None:
        """Replace the text from the one match of `begin`, a pattern, to the next `end`."""
        text = self.read(path)
        found = list(re.finditer(f"(?:{begin}).*?(?={re.escape(end)})", text, re.DOTALL))
        if len(found) != 1:
            raise ValueError(f"{path} has {len(found)} places for {content.splitlines()[0]}")
        (place,) = found
        self.write(path, text[: place.start()] + content + text[place.end() :])

    def changes(self) -> Iterator[str]:
        """Yield the difference to the files on disk, file by file."""
        for path, before in self._before.items():
            lines = before.splitlines(True), self._after[path].splitlines(True)
            yield from unified_diff(*lines, path, f"{path} (generated)")

    def save(self) -> list[str]:
        """Write the files that have changed, and return their paths."""
        changed = [path for path, before in self._before.items() if before != self._after[path]]
        for path in changed:
            (self._root / path).parent.mkdir(exist_ok=True)
            (self._root / path).write_text(self._after[path], encoding="utf-8", newline="\n")
        return changed


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table.

    >>> print(table(("a", "b"), [("1", "x|y")]), end="")
    | a | b |
    |---|---|
    | 1 | x\\|y |
    """
    lines = [head, *rows]
    shown = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in lines]
    return "\n".join([shown[0], f"|{'---|' * len(head)}", *shown[1:]]) + "\n"
