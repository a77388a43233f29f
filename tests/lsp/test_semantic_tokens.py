"""The colors of `wrangler.toml` where no other extension gives it any."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types

from tests.lsp.conftest import Editor, connected, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = """\
name = "😀" # shop
[[kv_namespaces]]
binding = \"""A
B\"""
remote = true
"""
COLORED = [
    ("name", "property"),
    ('"😀"', "string"),
    ("# shop", "comment"),
    ("kv_namespaces", "namespace"),
    ("binding", "property"),
    ('"""A', "string"),
    ('B"""', "string"),
    ("remote", "property"),
    ("true", "keyword"),
]


@pytest_asyncio.fixture(loop_scope="session")
async def editor(tmp_path: Path) -> AsyncIterator[Editor]:
    (tmp_path / "wrangler.toml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "wrangler.json").write_text("{}", encoding="utf-8")
    async with connected(tmp_path, {"store": "memory:", "push": True}) as editor:
        await until(lambda: (tmp_path / "wrangler.json").as_uri() in editor.diagnostics)
        yield editor


def did_open(editor: Editor, language: str, name: str, text: str) -> types.TextDocumentIdentifier:
    uri = (editor.folder / name).as_uri()
    item = types.TextDocumentItem(uri, language, 1, text)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
    return types.TextDocumentIdentifier(uri)


def legend(editor: Editor) -> list[str]:
    provider = editor.initialized_with.capabilities.semantic_tokens_provider
    assert isinstance(provider, types.SemanticTokensOptions)
    return list(provider.legend.token_types)


def decoded(editor: Editor, data: Any, text: str) -> list[tuple[str, str]]:
    """Return the colored parts of a text, from the numbers of the protocol."""
    names = legend(editor)
    lines = [line.encode("utf-16-le") for line in text.split("\n")]
    found = []
    line = character = 0
    for at in range(0, len(data), 5):
        down, right, length, kind, modifiers = data[at : at + 5]
        assert modifiers == 0
        line, character = line + down, right if down else character + right
        part = lines[line][2 * character : 2 * (character + length)]
        found.append((part.decode("utf-16-le"), names[kind]))
    return found


async def test_a_config_in_plain_text_is_colored(editor: Editor) -> None:
    document = did_open(editor, "plaintext", "wrangler.toml", TEXT)
    params = types.SemanticTokensParams(document)
    found = await editor.text_document_semantic_tokens_full_async(params)
    assert found
    assert decoded(editor, found.data, TEXT) == COLORED


OTHERS = {
    "a-language-of-its-own": ("toml", "wrangler.toml", TEXT),
    "json": ("jsonc", "wrangler.json", '{"name": 1}'),
    "json-as-plain-text": ("plaintext", "wrangler.json", '{"name": 1}'),
    "too-large": ("plaintext", "wrangler.toml", "#" * (1 << 20) + "#"),
    "code": ("javascript", "a.js", "1"),
}


@pytest.mark.parametrize(("language", "name", "text"), OTHERS.values(), ids=OTHERS)
async def test_other_texts_are_left_alone(
    editor: Editor, language: str, name: str, text: str
) -> None:
    document = did_open(editor, language, name, text)
    params = types.SemanticTokensParams(document)
    assert await editor.text_document_semantic_tokens_full_async(params) is None


async def test_the_setting_turns_it_off(editor: Editor) -> None:
    document = did_open(editor, "plaintext", "wrangler.toml", TEXT)
    for on in (False, True):
        settings = {"store": "memory:", "semanticHighlighting": on}
        editor.workspace_did_change_configuration(
            types.DidChangeConfigurationParams({"kvlens": settings})
        )
        params = types.SemanticTokensParams(document)
        found = await editor.text_document_semantic_tokens_full_async(params)
        assert bool(found) == on


async def test_a_range_has_its_tokens(editor: Editor) -> None:
    document = did_open(editor, "plaintext", "wrangler.toml", TEXT)
    lines = types.Range(types.Position(1, 0), types.Position(2, 0))
    params = types.SemanticTokensRangeParams(document, lines)
    found = await editor.text_document_semantic_tokens_range_async(params)
    assert found
    assert decoded(editor, found.data, TEXT) == [("kv_namespaces", "namespace")]


async def test_an_edit_is_answered_with_the_difference(editor: Editor) -> None:
    document = did_open(editor, "plaintext", "wrangler.toml", TEXT)
    whole = await editor.text_document_semantic_tokens_full_async(
        types.SemanticTokensParams(document)
    )
    assert whole
    assert whole.result_id
    text = TEXT.replace("remote = true", "remote = false")
    changed = types.VersionedTextDocumentIdentifier(2, document.uri)
    change = types.TextDocumentContentChangeWholeDocument(text)
    editor.text_document_did_change(types.DidChangeTextDocumentParams(changed, [change]))
    delta = await editor.text_document_semantic_tokens_full_delta_async(
        types.SemanticTokensDeltaParams(document, whole.result_id)
    )
    assert isinstance(delta, types.SemanticTokensDelta)
    (edit,) = delta.edits
    data = list(whole.data)
    data[edit.start : edit.start + edit.delete_count] = edit.data or []
    assert len(edit.data or []) == 1  # the length of one word
    assert decoded(editor, data, text) == [*COLORED[:-1], ("false", "keyword")]
    unknown = await editor.text_document_semantic_tokens_full_delta_async(
        types.SemanticTokensDeltaParams(document, "x")
    )
    assert isinstance(unknown, types.SemanticTokens)
