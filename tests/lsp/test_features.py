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


async def lenses_of(editor: Editor, uri: str, text: str) -> list[tuple[int, str]]:
    """Open a text instead of the config, and return its lenses: their lines and titles."""
    changed = types.VersionedTextDocumentIdentifier(2, uri)
    whole = types.TextDocumentContentChangeWholeDocument(text)
    editor.text_document_did_change(types.DidChangeTextDocumentParams(changed, [whole]))
    params = types.CodeLensParams(types.TextDocumentIdentifier(uri))
    lenses = await editor.text_document_code_lens_async(params)
    resolved = await shown(editor, lenses) if lenses else []
    return [(lens.range.start.line, lens.command.title) for lens in resolved if lens.command]


WITH_MAIN = (
    f'main = "src/index.js"\n{CONFIG.split("[[env", maxsplit=1)[0]}[env.prod]\nmain = "p.js"\n'
)
LENSES = {
    # the settings that are off, the text, the titles by line
    "all": ((), WITH_MAIN, {0: ["run"], 3: ["open", "seed…"], 7: ["open", "seed…"], 13: ["run"]}),
    "no-open": (("openLens",), WITH_MAIN, {0: ["run"], 3: ["seed…"], 7: ["seed…"], 13: ["run"]}),
    "no-seed": (("seedLens",), WITH_MAIN, {0: ["run"], 3: ["open"], 7: ["open"], 13: ["run"]}),
    "no-run": (("runLens",), WITH_MAIN, {3: ["open", "seed…"], 7: ["open", "seed…"]}),
    "none": (("openLens", "seedLens", "runLens"), WITH_MAIN, {}),
    "no-worker": ((), CONFIG, {2: ["open", "seed…"], 6: ["open", "seed…"], 11: ["open", "seed…"]}),
    "no-namespace": ((), 'name = "shop"\n', {}),
}


@pytest.mark.parametrize(("off", "text", "expected"), LENSES.values(), ids=LENSES)
async def test_a_namespace_has_at_most_two_lenses(
    editor: Editor, document: Any, off: tuple[str, ...], text: str, expected: dict[int, list[str]]
) -> None:
    def configure(value: bool) -> None:
        settings = {"store": "memory:", **dict.fromkeys(off, value)}
        sent = types.DidChangeConfigurationParams({"kvlens": settings})
        editor.workspace_did_change_configuration(sent)

    configure(False)
    found: dict[int, list[str]] = {}
    for line, title in await lenses_of(editor, document.uri, text):
        found.setdefault(line, []).append(title.removeprefix("no keys · "))
    configure(True)
    assert found == expected


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
    assert found == [
        (2, "no keys · open"),
        (2, "seed from CARTS.json"),
        (6, "1 key · open"),
        (6, "seed…"),
        (11, "no keys · open"),
        (11, "seed from CARTS.json"),
    ]
    (seeds / "CARTS.json").unlink()
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
