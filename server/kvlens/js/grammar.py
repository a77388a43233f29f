"""The parser and its grammars, loaded when the first source is read and not before.

tree-sitter is compiled, one wheel for a platform and a version of Python. Where there is none,
sources are not checked; all else works.
"""

from __future__ import annotations

import time
from functools import cache
from itertools import cycle
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from kvlens.errors import InternalError, KVLensError
from kvlens.process import memory_used

if TYPE_CHECKING:
    from tree_sitter import Language, Parser, Query, Tree

# Endings of the sources that are read, and the grammar of each.
ENDINGS = {
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
}

MOST_SECONDS = 3.0  # of work that parsing may take; a megabyte of code takes a quarter of one
QUICK_SECONDS = 0.5  # the same of a text of up to _QUICK bytes, which takes a fortieth
MOST_MEMORY = 120 * 1024 * 1024  # bytes that a tree may take
_SMALL_TREE = 24 * 1024 * 1024  # bytes that any may, and so many more for each byte of the text:
_OF_A_BYTE = 300  # dense code takes 110, and a text in which the parser loses its way 700 to 1,300
_LOOK_EVERY = 64  # calls of the parser between two looks at the memory
_QUICK = 100_000
_PIECE = 65_536  # bytes that the parser gets at a time
# What it was given tree-sitter never lets go of, so it is given the same again: a pair for each
# thread that parses, of which it reads one while the other is filled.
_pieces: list[tuple[bytearray, bytearray]] = []

_TYPED = "(property_signature) @signature"
_QUERY = """
(subscript_expression) @subscript
(class_heritage) @heritage
(import_statement source: (string) @module)
(export_statement source: (string) @module)
(call_expression function: (import) arguments: (arguments (string) @module))
"""


class Unavailable(KVLensError):  # noqa: N818 - it is the state that has a name
    """The parser is not installed, or has no build for this platform; the message says so."""


class TooSlowError(InternalError):
    """A text takes longer to parse than anyone would wait; it was made to, or isn't code."""


class TooLargeTreeError(InternalError):
    """A text takes more memory to parse than code does; the parser has lost its way in it."""


class Grammar:
    """One language: how it is parsed, and the query for what is looked for in whole files."""

    def __init__(self, language: Language, parser: type[Parser], query: Query) -> None:
        self.language = language
        self.query = query
        self._parser = parser

    def parse(self, data: bytes, old: Tree | None = None) -> Tree:
        """Parse a text, from the edited tree of the version before where there is one.

        Each text has a parser of its own, as several threads may read. Raises TooSlowError for a
        text that takes longer than anyone would wait (of some short ones, half-typed, the parser
        never comes to an end), TooLargeTreeError for one that takes more than MOST_MEMORY, or much
        for its length.
        """
        parser = self._parser(self.language)
        most_seconds = QUICK_SECONDS if len(data) <= _QUICK else MOST_SECONDS
        deadline = time.thread_time() + most_seconds
        before = memory_used()
        calls = 0
        too_large = False

        pieces = _pieces.pop() if _pieces else (bytearray(), bytearray())
        turns = cycle(pieces)
        parsing = True

        def read(offset: int, point: object) -> bytes | bytearray:
            part = data[offset : offset + _PIECE]
            if not parsing:  # asked for the text of a node, where only bytes will do
                return part
            piece = next(turns)
            piece[:] = part
            return piece

        def is_too_much(offset: int, has_error: bool) -> bool:
            nonlocal calls, too_large
            calls += 1
            if not calls % _LOOK_EVERY:
                most = min(MOST_MEMORY, _SMALL_TREE + _OF_A_BYTE * offset)
                too_large = memory_used() - before > most
            return too_large or time.thread_time() > deadline

        given: dict[str, Any] = {} if old is None else {"old_tree": old}
        try:
            return parser.parse(read, progress_callback=is_too_much, **given)
        except ValueError as error:
            raise (TooLargeTreeError if too_large else TooSlowError) from error
        finally:
            parsing = False
            _pieces.append(pieces)


def is_source(path: str) -> bool:
    """Tell by its ending whether a file is read as JavaScript or TypeScript."""
    return PurePath(path).suffix.lower() in ENDINGS


def grammar_name(path: str) -> str | None:
    """Return the grammar that a file is read with, by its ending; None for other files."""
    return ENDINGS.get(PurePath(path).suffix.lower())


@cache
def load(name: str) -> Grammar:
    """Return a grammar of ENDINGS, loading it the first time.

    Raises:
        Unavailable: there is no parser here.
    """
    try:
        from tree_sitter import Language, Parser, Query

        if name == "javascript":
            from tree_sitter_javascript import language as pointer
        elif name == "typescript":
            from tree_sitter_typescript import language_typescript as pointer
        else:
            from tree_sitter_typescript import language_tsx as pointer
        language = Language(pointer())
    except (ImportError, ValueError) as error:
        raise Unavailable(
            "JavaScript and TypeScript sources are not checked: the parser tree-sitter cannot be "
            f"loaded here ({error}). All else works; `pip install kvlens` brings it where it has "
            "a build for the platform."
        ) from error
    query = _QUERY if name == "javascript" else _QUERY + _TYPED
    return Grammar(language, Parser, Query(language, query))


def unavailable() -> str | None:
    """Return why sources cannot be read here, one line for the log; None where they can."""
    try:
        load("typescript")
    except Unavailable as error:
        return str(error)
    return None
