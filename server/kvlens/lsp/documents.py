"""The open texts of the editor, with its edits."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lsprotocol import types

from kvlens.lsp.spelling import file_path
from kvlens.text import UTF16, LineIndex, Span

_NUMBERS = itertools.count(1)


class Document:
    """One open text. Lines end only at LF, CRLF or CR, as in LSP."""

    def __init__(
        self, uri: str, text: str, version: int | None, encoding: str, language: str
    ) -> None:
        self.uri = uri
        self.language = language
        """Its language in the editor."""
        self.sent_tokens: tuple[str, list[int]] = "", []
        """The semantic tokens that the editor has, and their id."""
        self.number = next(_NUMBERS)
        """Tells this text from all others, and from this file when it is opened again."""
        self.version = version
        self.encoding = encoding
        self.index = LineIndex(text)

    @property
    def text(self) -> str:
        """The current text."""
        return self.index.text

    def change(self, changes: Iterable[dict[str, Any]]) -> None:
        """Apply the editor's changes, each to the result of the previous one.

        They are LSP TextDocumentContentChangeEvents in JSON.
        """
        for change in changes:
            place = change.get("range")
            if place is None:
                self.index = LineIndex(change["text"])
                continue
            start, end = (
                self.index.offset(place[edge]["line"], place[edge]["character"], self.encoding)
                for edge in ("start", "end")
            )
            self.index = self.index.edited(start, max(start, end), change["text"])

    def offset(self, position: types.Position) -> int:
        """Return the offset of a position in the agreed encoding."""
        return self.index.offset(position.line, position.character, self.encoding)


class Documents:
    """All open texts, by URI."""

    def __init__(self) -> None:
        self.encoding = UTF16
        self._open: dict[str, Document] = {}

    def open(self, item: types.TextDocumentItem) -> Document:
        """Add a text that the editor opened."""
        document = Document(item.uri, item.text, item.version, self.encoding, item.language_id)
        self._open[item.uri] = document
        return document

    def get(self, uri: str) -> Document | None:
        """Return an open text."""
        return self._open.get(uri)

    def all(self) -> list[Document]:
        """Return the open texts."""
        return [*self._open.values()]

    def numbered(self, number: int) -> Document | None:
        """Return the open text with this number."""
        return next((one for one in self._open.values() if one.number == number), None)

    def find(self, path: Path) -> Document | None:
        """Return the open text of a file, in any spelling of its URI."""
        for document in self._open.values():
            if file_path(document.uri) == str(path):
                return document
        return None

    def close(self, uri: str) -> None:
        """Forget a text that the editor closed."""
        self._open.pop(uri, None)


def json_range(index: LineIndex, span: Span, encoding: str) -> dict[str, Any]:
    """Return a span as an LSP range in JSON."""
    start = index.position(span.start, encoding)
    end = index.position(span.end, encoding)
    return {
        "start": {"line": start.line, "character": start.character},
        "end": {"line": end.line, "character": end.character},
    }


def to_range(index: LineIndex, span: Span, encoding: str) -> types.Range:
    """Return a span as an LSP range."""
    start = index.position(span.start, encoding)
    end = index.position(span.end, encoding)
    return types.Range(
        types.Position(start.line, start.character), types.Position(end.line, end.character)
    )
