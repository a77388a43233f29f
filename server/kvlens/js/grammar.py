"""The parser and its grammars, loaded when the first source is read.

tree-sitter is compiled, with one wheel per platform and Python version. Without a wheel, sources
aren't checked; everything else works.
"""

from __future__ import annotations

import os
import time
from functools import cache
from itertools import cycle
from typing import TYPE_CHECKING, Any

from kvlens.errors import InternalError, KVLensError
from kvlens.process import memory_used

if TYPE_CHECKING:
    from tree_sitter import Language, Parser, Query, Tree

# File extensions of sources, and their grammars.
ENDINGS = {
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
    # the code in these is in blocks, see `script_blocks`
    ".astro": "typescript",
    ".svelte": "typescript",
    ".vue": "typescript",
}

MOST_SECONDS = 3.0  # of work that parsing may take; a megabyte of code takes a quarter of a second
QUICK_SECONDS = 0.5  # the same for a text of up to _QUICK bytes, which takes a fortieth
MOST_MEMORY = 120 * 1024 * 1024  # bytes that a tree may take
_SMALL_TREE = 24 * 1024 * 1024  # bytes that any tree may take, plus, per byte of the text:
_OF_A_BYTE = 300  # dense code takes 110; text with many errors takes 700 to 1,300
_LOOK_EVERY = 64  # calls of the parser between memory checks
_QUICK = 100_000
_PIECE = 65_536  # bytes passed to the parser at a time
# tree-sitter never releases its input, so buffers are reused: a pair for each thread that parses,
# one being read while the other is filled.
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
    """The parser isn't installed, or has no build for this platform. The text says which."""


class TooSlowError(InternalError):
    """A text takes too long to parse: it was made to, or isn't code."""


class TooLargeTreeError(InternalError):
    """A text takes more memory to parse than code does: it has too many syntax errors."""


class Grammar:
    """One language: its parser, and the query for whole files."""

    def __init__(self, language: Language, parser: type[Parser], query: Query) -> None:
        self.language = language
        self.query = query
        self._parser = parser

    def parse(self, data: bytes, old: Tree | None = None) -> Tree:
        """Parse a text, reusing the edited tree of the previous version if there is one.

        Each text gets its own parser, as several threads may parse. Raises TooSlowError for a text
        that takes too long (with some short, half-typed texts, the parser never finishes),
        TooLargeTreeError for one that takes more than MOST_MEMORY, or too much for its length.
        """
        parser = self._parser(self.language)
        most_seconds = QUICK_SECONDS if len(data) <= _QUICK else MOST_SECONDS
        deadline = time.thread_time() + most_seconds
        before = calls = 0
        too_large = False

        pieces = _pieces.pop() if _pieces else (bytearray(), bytearray())
        turns = cycle(pieces)
        parsing = True

        def read(offset: int, point: object) -> bytes | bytearray:
            part = data[offset : offset + _PIECE]
            if not parsing:  # called for the text of a node, which must be bytes
                return part
            piece = next(turns)
            piece[:] = part
            return piece

        def is_too_much(offset: int, has_error: bool) -> bool:
            nonlocal before, calls, too_large
            calls += 1
            if calls == _LOOK_EVERY:
                before = memory_used()  # with a small part of the tree
            elif not calls % _LOOK_EVERY:
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
    """Return whether a file is JavaScript or TypeScript, by its extension."""
    return os.path.splitext(path)[1].lower() in ENDINGS  # noqa: PTH122 - for every file


def grammar_name(path: str) -> str | None:
    """Return the grammar for a file, by its extension; None for other files."""
    return ENDINGS.get(os.path.splitext(path)[1].lower())  # noqa: PTH122


@cache
def load(name: str) -> Grammar:
    """Return a grammar of ENDINGS, loading it at first use.

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
            "JavaScript and TypeScript sources are not checked: the parser tree-sitter can't be "
            f"loaded here ({error}). All else works; `pip install kvlens` brings it where it has "
            "a build for the platform."
        ) from error
    query = _QUERY if name == "javascript" else _QUERY + _TYPED
    return Grammar(language, Parser, Query(language, query))


def unavailable() -> str | None:
    """Return why sources can't be parsed here, as one line for the log; None if they can."""
    try:
        load("typescript")
    except Unavailable as error:
        return str(error)
    return None
