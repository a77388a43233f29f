"""Parse the versions of one source, each based on the previous tree."""

from __future__ import annotations

import re

from kvlens import lookups
from kvlens.js.auto_imports import auto_imports
from kvlens.js.grammar import Grammar, TooLargeTreeError, TooSlowError, grammar_name, load
from kvlens.js.limits import refusal
from kvlens.js.offsets import Offsets
from kvlens.js.script_blocks import code_of
from kvlens.js.syntax import Source
from kvlens.text import difference

MAX_LENGTH = 2_000_000  # code points; longer files come from a bundler
_CALLED_AWAIT = re.compile(r"(?<!for )\bawait\s*\(")


class SourceReader:
    """Parses the versions of one source file, reusing unchanged parts of the tree."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._last: Source | None = None
        self._text: str | None = None  # of the last; one that is refused has none itself

    def read(self, text: str) -> Source:
        """Parse one version; half-typed text is parsed as far as possible.

        Raises:
            Unavailable: there is no parser here.
            ValueError: the file is not JavaScript or TypeScript by its ending.
        """
        last = self._last
        if last is None or self._text != text:
            name = grammar_name(self.path)
            if name is None:
                raise ValueError(f"{self.path} is neither JavaScript nor TypeScript")
            shown = text if len(text) <= MAX_LENGTH else ""
            self._last = fresh = _read(self.path, shown, name, last)
            self._text = text
            if last is not None:
                last.memos.clear()  # its values refer back to this version
            return fresh
        return last


def read_source(text: str, path: str) -> Source:
    """Parse a text. Raises the errors of `SourceReader.read`."""
    return SourceReader(path).read(text)


def edited(source: Source, offset: int, inserted: str) -> Source:
    """Return the source with a text inserted at an offset."""
    text = source.text[:offset] + inserted + source.text[offset:]
    return _parse(source.path, text, source.grammar, source)


def _read(path: str, text: str, name: str, last: Source | None) -> Source:
    """Parse with a grammar, or with the one of TypeScript for what JavaScript's gets wrong.

    tree-sitter-javascript takes `await (a ?? b).get()` for a call of a function `await`.
    """
    if name == "javascript" and _CALLED_AWAIT.search(text):
        found = _parse(path, text, load("tsx"), last)
        if not found.root.has_error:
            return found
    return _parse(path, text, load(name), last)


def _parse(path: str, text: str, grammar: Grammar, last: Source | None) -> Source:
    code = code_of(text, path)
    added = auto_imports(code, path)
    code = code + added if added else code
    offsets = Offsets(code)
    old = None
    if last is not None and last.grammar is grammar:
        old = last.tree.copy()  # others may still use the previous version
        old.edit(*_edit(last.offsets.data, offsets.data))
    try:
        tree = grammar.parse(offsets.data, old)
    except TooSlowError:
        lookups.note_until(0)  # another time, it may take less
        refused: str | None = "takes too long to parse, and is not checked"
    except TooLargeTreeError:
        lookups.note_until(0)
        refused = "takes too much memory to parse, and is not checked"
    else:
        refused = refusal(tree.root_node, offsets.data)
        if refused is None:
            return Source(path, offsets, tree, grammar, text=text if code is not text else None)
    return Source(path, Offsets(""), grammar.parse(b""), grammar, refused)


_Point = tuple[int, int]


def _edit(before: bytes, after: bytes) -> tuple[int, int, int, _Point, _Point, _Point]:
    """Return the one edit between two versions, in the parser's form."""
    start, old_end, new_end = difference(before, after)
    return (
        start,
        old_end,
        new_end,
        _place(before, start),
        _place(before, old_end),
        _place(after, new_end),
    )


def _place(data: bytes, byte: int) -> _Point:
    """Return the row and the column, in bytes, of a byte."""
    line = data.rfind(b"\n", 0, byte) + 1
    return data.count(b"\n", 0, line), byte - line
