"""A cloudflare.config.ts in the editor: as a wrangler.toml."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types

from tests.lsp.conftest import Editor, connected, run, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
ID = "0f2ac74b498b48028cb68387c421e279"
CONFIG = f"""\
import {{ bindings, defineConfig }} from "cf/config";

export default defineConfig(({{ mode }}) => ({{
  worker: {{
    entrypoint: "index.ts",
    env: {{
      // keys of the cache
      CACHE: bindings.kv({{ id: mode === "staging" ? "" : "{ID}" }}), // by mode
      PRICES: bindings.kv(),
    }},
  }},
}}));
"""
SOURCE = """\
export default {
  async fetch(request: Request, env: Env) {
    await env.PRICES.get("a");
    await env.NOWHERE.getWithMetadata("a");
    return new Response(await env.CACHE.get("a"));
  },
};
"""
TYPES = """\
declare namespace Cloudflare {
  interface Env {
    CACHE: KVNamespace;
    PRICES: KVNamespace;
  }
}
interface Env extends Cloudflare.Env {}
"""
FILES = {
    "cloudflare.config.ts": CONFIG,
    "index.ts": SOURCE,
    ".cloudflare/types/index.d.ts": TYPES,
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def editor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editor]:
    """A server with the project open, both files in the editor."""
    folder = tmp_path_factory.mktemp("code")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    async with connected(folder, {"store": "memory:"}) as client:
        for name in ("cloudflare.config.ts", "index.ts"):
            item = types.TextDocumentItem((folder / name).as_uri(), "typescript", 1, FILES[name])
            client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        yield client


def document(editor: Editor, name: str = "cloudflare.config.ts") -> types.TextDocumentIdentifier:
    """Return a file of the project."""
    return types.TextDocumentIdentifier((editor.folder / name).as_uri())


def position(needle: str, text: str = CONFIG) -> types.Position:
    """Return the position in the middle of a text."""
    before = text[: text.index(needle) + len(needle) // 2]
    return types.Position(before.count("\n"), len(before.rsplit("\n", 1)[-1]))


def with_edits(text: str, edits: Any) -> str:
    """Return a text after edits."""
    lines = text.split("\n")

    def offset(place: types.Position) -> int:
        return sum(len(line) + 1 for line in lines[: place.line]) + place.character

    for edit in sorted(edits, key=lambda one: offset(one.range.start), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text


async def codes(editor: Editor, name: str, count: int) -> list[tuple[Any, int]]:
    """Return the problems of a file, with their lines."""
    uri = document(editor, name).uri
    await until(lambda: len(editor.diagnostics.get(uri, [])) == count)
    return [(found.code, found.range.start.line) for found in editor.diagnostics[uri]]


async def test_problems(editor: Editor) -> None:
    assert await codes(editor, "cloudflare.config.ts", 1) == [("id-empty", 7)]


async def test_sources_see_its_bindings(editor: Editor) -> None:
    assert await codes(editor, "index.ts", 1) == [("binding-undeclared", 3)]


async def test_the_tree(editor: Editor) -> None:
    (project,) = await run(editor, "kvlens.namespaces")
    assert project["label"] == "cloudflare.config.ts"
    assert [(one["binding"], one["environment"], one["id"]) for one in project["namespaces"]] == [
        ("CACHE", None, ID),
        ("PRICES", None, "PRICES"),
        ("CACHE", "staging", "CACHE"),
        ("PRICES", "staging", "PRICES"),
    ]


async def test_keys(editor: Editor) -> None:
    where = {"binding": "CACHE", "config": document(editor).uri}
    await run(editor, "kvlens.put", **where, key="k", text="v")
    assert (await run(editor, "kvlens.get", **where, key="k"))["text"] == "v"


async def test_lenses_and_symbols(editor: Editor) -> None:
    lenses = await editor.text_document_code_lens_async(types.CodeLensParams(document(editor)))
    assert {lens.range.start.line for lens in lenses or []} == {4, 7, 8}
    symbols = await editor.text_document_document_symbol_async(
        types.DocumentSymbolParams(document(editor))
    )
    assert [symbol.name for symbol in symbols or []] == ["CACHE", "PRICES", "env.staging"]


async def test_hover(editor: Editor) -> None:
    place = position(f'"{ID}"')
    hover = await editor.text_document_hover_async(types.HoverParams(document(editor), place))
    assert hover
    assert isinstance(hover.contents, types.MarkupContent)
    assert f"`{ID}`" in hover.contents.value


async def test_no_completions_get_in_the_way(editor: Editor) -> None:
    place = position("bindings.kv()")
    found = await editor.text_document_completion_async(
        types.CompletionParams(document(editor), place)
    )
    assert not found or not found.items  # type: ignore[union-attr]


async def test_only_what_is_sure_is_offered(editor: Editor) -> None:
    await codes(editor, "cloudflare.config.ts", 1)
    (problem,) = editor.diagnostics[document(editor).uri]
    actions = await editor.text_document_code_action_async(
        types.CodeActionParams(
            document(editor), problem.range, types.CodeActionContext(diagnostics=[problem])
        )
    )
    titles = [action.title for action in actions or []]
    assert titles == ["Turn off id-empty for this line"]  # removed, it would be in all modes


@pytest.mark.parametrize(
    ("name", "text", "needle"),
    [("cloudflare.config.ts", CONFIG, "CACHE"), ("index.ts", SOURCE, "CACHE")],
)
async def test_rename(editor: Editor, name: str, text: str, needle: str) -> None:
    params = types.RenameParams(document(editor, name), position(needle, text), "STORE")
    edit = await editor.text_document_rename_async(params)
    assert edit
    assert edit.changes
    found = {
        file: with_edits(FILES[file], edits)
        for file in FILES
        if (edits := edit.changes.get(document(editor, file).uri))
    }
    assert found["cloudflare.config.ts"] == CONFIG.replace("CACHE:", "STORE:")
    assert found["index.ts"] == SOURCE.replace("env.CACHE", "env.STORE")


async def test_adding_a_namespace(editor: Editor) -> None:
    await run(editor, "kvlens.addNamespace", config=document(editor).uri, binding="NEW")
    (applied,) = editor.edits
    assert applied.edit.changes
    (edits,) = applied.edit.changes.values()
    assert with_edits(CONFIG, edits) == CONFIG.replace(
        "PRICES: bindings.kv(),", "PRICES: bindings.kv(),\n      NEW: bindings.kv(),"
    )
