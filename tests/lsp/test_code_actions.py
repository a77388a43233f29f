"""Quick fixes and rewrites in an editor, on unsaved texts."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from kvlens.text import LineIndex
from lsprotocol import types

from tests.lsp.conftest import Editor, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
_numbers = itertools.count(1)
TEXT = """\
# 😀
[[kv_namespaces]]
binding = "A" # 😀
previewid = "x"

[[kv_namespaces]]
binding = "B"
id = ""

[env.prod]
name = "x"
"""


@pytest_asyncio.fixture(loop_scope="session")
async def uri(editor: Editor) -> AsyncIterator[str]:
    """An open and checked config."""
    number = next(_numbers)
    uri = (editor.folder / f"actions{number}" / "wrangler.toml").as_uri()
    editor.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "plaintext", number, TEXT))
    )
    await until(lambda: len(editor.diagnostics.get(uri, [])) == 3)
    yield uri
    editor.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
    )


async def actions(editor: Editor, uri: str, line: int, *only: str) -> dict[str, types.CodeAction]:
    """Return the code actions on a line, by title."""
    place = types.Range(types.Position(line, 0), types.Position(line, 99))
    here = [d for d in editor.diagnostics[uri] if d.range.start.line == line]
    context = types.CodeActionContext(here, only=list(only) or None)
    found = await editor.text_document_code_action_async(
        types.CodeActionParams(types.TextDocumentIdentifier(uri), place, context)
    )
    return {one.title: one for one in found or [] if isinstance(one, types.CodeAction)}


def applied(action: types.CodeAction, uri: str) -> str:
    """Return the text after an action's edits."""
    assert action.edit
    assert action.edit.changes
    index = LineIndex(TEXT)
    text = TEXT
    places = [
        (
            index.offset(e.range.start.line, e.range.start.character),
            index.offset(e.range.end.line, e.range.end.character),
            e.new_text,
        )
        for e in action.edit.changes[uri]
    ]
    for start, end, new in sorted(places, reverse=True):
        text = text[:start] + new + text[end:]
    return text


async def test_a_fix_names_what_it_solves(editor: Editor, uri: str) -> None:
    found = await actions(editor, uri, 3)
    fix = found["Rename to preview_id"]
    assert fix.kind == types.CodeActionKind.QuickFix
    assert fix.is_preferred
    assert [d.code for d in fix.diagnostics or []] == ["unknown-field"]
    assert applied(fix, uri) == TEXT.replace("previewid", "preview_id")
    quiet = found["Turn off unknown-field for this line"]
    assert '"x" # kvlens-disable-line unknown-field\n' in applied(quiet, uri)


async def test_a_fix_reaches_other_places(editor: Editor, uri: str) -> None:
    found = await actions(editor, uri, 9)
    after = applied(found['Add "A" and "B" to env.prod'], uri)
    assert after.endswith('[[env.prod.kv_namespaces]]\nbinding = "B"\n')


async def test_only_what_is_asked_for(editor: Editor, uri: str) -> None:
    found = await actions(editor, uri, 0, "source.fixAll")
    assert [one.kind for one in found.values()] == ["source.fixAll.kvlens"]
    (whole,) = found.values()
    assert applied(whole, uri) == TEXT.replace("previewid", "preview_id").replace('id = ""\n', "")
    rewrites = await actions(editor, uri, 6, "refactor")
    assert "Write it as kv_namespaces = […]" in rewrites
    assert "Generate a new local id as preview_id" in rewrites
    assert {one.kind for one in rewrites.values()} == {"refactor.rewrite"}
    assert await actions(editor, uri, 6, "source.organizeImports") == {}


async def test_a_fix_that_removes_what_was_typed_comes_last(editor: Editor) -> None:
    uri = (editor.folder / "typed" / "wrangler.jsonc").as_uri()
    text = '{ "kv_namespaces": [\n{ "binding": "A", "id": "0f2a" }\n] }'
    editor.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "plaintext", 1, text))
    )
    await until(lambda: len(editor.diagnostics.get(uri, [])) == 1)
    found = await actions(editor, uri, 1, "quickfix")
    assert list(found) == ["Turn off id-malformed for this line", "Remove id"]
    assert not found["Remove id"].is_preferred
    editor.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
    )


async def test_all_of_a_kind(editor: Editor) -> None:
    uri = (editor.folder / "kind" / "wrangler.jsonc").as_uri()
    text = '{ "kv_namespaces": [{ "binding": "A", "id": "" }, { "binding": "B", "id": "" }] }'
    editor.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "plaintext", 1, text))
    )
    await until(lambda: len(editor.diagnostics.get(uri, [])) == 2)
    found = await actions(editor, uri, 0)
    assert "Fix all 2 problems of id-empty in this file" in found
    editor.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
    )
