"""The colors of a TOML config, for an editor without a language of its own for it.

VS Code has no TOML without an extension: `wrangler.toml` is plain text there. If an extension
brings the language, it also colors the text, so this leaves it alone. JSON is colored by VS Code.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.config.highlight import KINDS, Token, tokens
from kvlens.config.model import Config
from kvlens.lsp.documents import Document
from kvlens.stopping import go_on, in_thread
from kvlens.text import LineIndex

if TYPE_CHECKING:
    from kvlens.lsp.server import Server

_RESULTS = itertools.count(1)
_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}
_CHECKED = 10_000  # tokens between two looks whether anyone is waiting


async def answer(server: Server, params: types.SemanticTokensParams) -> types.SemanticTokens | None:
    """Return the tokens of a whole config."""
    uri = params.text_document.uri
    document = server.documents.get(uri)
    data = await data_of(server, uri)
    if document is None or data is None:
        return None
    return types.SemanticTokens(data, remember(document, data))


async def data_of(server: Server, uri: str, range_: types.Range | None = None) -> list[int] | None:
    """Return the tokens of a config, or of a range of it, as LSP encodes them; None if none."""
    document, config = server.documents.get(uri), server.diagnostics.config(uri)
    if document is None or config is None or not config.is_toml or config.refused:
        return None
    if not server.settings.semanticHighlighting or document.language == "toml":
        return None
    start = document.offset(range_.start) if range_ else 0
    end = document.offset(range_.end) if range_ else len(config.text)
    index = document.index if document.text == config.text else LineIndex(config.text)
    return await in_thread(_encoded, config, index, document.encoding, start, end)


def remember(document: Document, data: list[int]) -> str:
    """Keep what was sent, for the next difference, and return its id."""
    result = str(next(_RESULTS))
    document.sent_tokens = result, data
    return result


def _encoded(config: Config, index: LineIndex, encoding: str, start: int, end: int) -> list[int]:
    """Return the tokens relative to each other: line, character, length, type, modifiers."""
    data: list[int] = []
    line = character = 0
    for token in _one_line(config.text, tokens(config, start, end)):
        first = index.position(token.start, encoding)
        last = index.position(token.end, encoding)
        if first.line != line:
            character = 0
        length = last.character - first.character
        data += (first.line - line, first.character - character, length, _NUMBERS[token.kind], 0)
        line, character = first.line, first.character
        if len(data) % (5 * _CHECKED) == 0:
            go_on()
    return data


def _one_line(text: str, found: Iterable[Token]) -> Iterable[Token]:
    """Yield the tokens, each line of a longer one separately."""
    for token in found:
        start = token.start
        for line in text[token.start : token.end].splitlines(keepends=True):
            shown = line.rstrip("\r\n")
            if shown:
                yield Token(start, start + len(shown), token.kind)
            start += len(line)
