"""What an editor shows in a config, apart from problems."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import CONFIG, Editor, run, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def document(folder: Any) -> types.TextDocumentIdentifier:
    return types.TextDocumentIdentifier((folder / "wrangler.toml").as_uri())


@pytest.fixture(autouse=True)
async def open_document(editor: Editor, document: types.TextDocumentIdentifier) -> Any:
    item = types.TextDocumentItem(document.uri, "toml", 1, CONFIG)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
    yield
    editor.text_document_did_close(types.DidCloseTextDocumentParams(document))


def position(needle: str) -> types.Position:
    """Return the position after a text in the config."""
    before = CONFIG[: CONFIG.index(needle) + len(needle)]
    return types.Position(before.count("\n"), len(before.rsplit("\n", 1)[-1]))


async def test_completion_offers_ids_seen_elsewhere(editor: Editor, document: Any) -> None:
    place = position('[[env.prod.kv_namespaces]]\nbinding = "CARTS"\nid = "')
    found = await editor.text_document_completion_async(types.CompletionParams(document, place))
    assert isinstance(found, types.CompletionList)
    labels = [item.label for item in found.items]
    assert labels[0] == "0f2ac74b498b48028cb68387c421e279"
    assert "068c101e168d03c65bddf4ba75150fb0" in labels


async def test_hover_tells_the_field_the_stores_and_the_keys(editor: Editor, document: Any) -> None:
    await run(editor, "kvlens.put", binding="PRICES", key="tea", text="12345")
    hover = await editor.text_document_hover_async(types.HoverParams(document, position("preview")))
    assert hover
    assert isinstance(hover.contents, types.MarkupContent)
    text = hover.contents.value
    assert "**preview_id** (string, optional)" in text
    assert "| `wrangler dev` | local `fb69528dbc7336525313f2e8c3b17db0` |" in text
    assert "| `wrangler deploy` | `068c101e168d03c65bddf4ba75150fb0` |" in text
    assert "Now: 1 key, 5 B." in text
    await run(editor, "kvlens.clear", binding="PRICES")


async def shown(editor: Editor, lenses: Sequence[types.CodeLens] | None) -> list[types.CodeLens]:
    """Resolve lenses, as an editor does with those that it shows."""
    assert lenses
    return list(await asyncio.gather(*map(editor.code_lens_resolve_async, lenses)))


async def test_lenses_say_what_is_in_a_namespace(editor: Editor, document: Any) -> None:
    seeds = editor.folder / "seeds"
    seeds.mkdir(exist_ok=True)
    (seeds / "CARTS.json").write_text("[]", encoding="utf-8")
    await run(editor, "kvlens.put", binding="PRICES", key="tea", text="12345")
    await until(lambda: editor.notes)
    lenses = await editor.text_document_code_lens_async(types.CodeLensParams(document))
    assert {lens.command for lens in lenses or []} == {None}  # it has no key counted yet
    lenses = await shown(editor, lenses)
    found = [(lens.range.start.line, lens.command.title) for lens in lenses if lens.command]
    assert len(found) == len(lenses) == 12
    assert (2, "seed from CARTS.json") in found
    assert (6, "1 key, 5 B") in found
    assert (6, "seed…") in found
    assert (6, "open key…") in found
    assert (6, "run") not in found  # there is no Worker
    await run(editor, "kvlens.clear", binding="PRICES")


async def test_a_lens_of_an_older_text_is_not_shown(editor: Editor, document: Any) -> None:
    lenses = await editor.text_document_code_lens_async(types.CodeLensParams(document))
    changed = types.VersionedTextDocumentIdentifier(2, document.uri)
    whole = types.TextDocumentContentChangeWholeDocument(CONFIG.replace("CARTS", "BASKETS"))
    editor.text_document_did_change(types.DidChangeTextDocumentParams(changed, [whole]))
    with pytest.raises(JsonRpcException, match="request them again") as caught:
        await shown(editor, lenses)
    assert caught.value.code == types.LSPErrorCodes.ContentModified
    again = await editor.text_document_code_lens_async(types.CodeLensParams(document))
    (first, *_) = await shown(editor, again)
    arguments: Any = first.command and first.command.arguments
    assert arguments[0]["binding"] == "BASKETS"


async def test_outline_folding_and_links(editor: Editor, document: Any) -> None:
    symbols = await editor.text_document_document_symbol_async(types.DocumentSymbolParams(document))
    assert symbols
    outline = [
        (s.name, [c.name for c in s.children or []])
        for s in symbols
        if isinstance(s, types.DocumentSymbol)
    ]
    assert outline == [("CARTS", []), ("PRICES", []), ("env.prod", ["CARTS"])]
    folds = await editor.text_document_folding_range_async(types.FoldingRangeParams(document))
    assert [(f.start_line, f.end_line) for f in folds or []] == [(2, 4), (6, 9), (11, 13)]
    links = await editor.text_document_document_link_async(types.DocumentLinkParams(document))
    assert [link.range.start.line for link in links or []] == [2, 11]
