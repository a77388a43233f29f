"""What an editor shows in a Worker's code, and across code and config."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from kvlens.js.files import MOST_FILES
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import Editor, connected, run, until
from tests.unit.marked_text import marked

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONFIG = """\
name = "tea"
[[kv_namespaces]]
binding = "TEAS"
id = "0f2ac74b498b48028cb68387c421e279"
[[env.prod.kv_namespaces]]
binding = "TEAS"
id = "1f2ac74b498b48028cb68387c421e270"
"""
TURNED_ON = '[rules]\nbinding-not-everywhere = "warning"\n'
WORKER = """\
// é😀
import { names } from "./names";
interface Env { TEAS: KVNamespace }
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { TEAS } = env;
    await TEAS.put("green", names, { expirationTtl: 30 });
    const one = await env.TEAS.get("green");
    const two = await env.TEAS.get("none");
    return new Response(`${one} ${two}`);
  },
};
"""
OTHER = 'export const names = (env) => env.TEAS.get("green");\n'


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tea(editor: Editor) -> AsyncIterator[Path]:
    """A second project in the editor's workspace."""
    folder = editor.folder / "tea"
    (folder / "src").mkdir(parents=True)
    (folder / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    (folder / "kvlens.toml").write_text(TURNED_ON, encoding="utf-8")
    (folder / "src" / "index.ts").write_text(WORKER, encoding="utf-8")
    (folder / "src" / "names.js").write_text(OTHER, encoding="utf-8")
    uri = (folder / "wrangler.toml").as_uri()
    event = types.FileEvent(uri, types.FileChangeType.Created)
    editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
    await until(lambda: uri in editor.diagnostics)
    await run(
        editor,
        "kvlens.put",
        config=uri,
        binding="TEAS",
        environment=None,
        key="green",
        text='{"steep": 90}',
        metadata={"from": "uji"},
    )
    yield folder
    shutil.rmtree(folder)
    event = types.FileEvent(uri, types.FileChangeType.Deleted)
    editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
    await until(lambda: not editor.diagnostics[uri])


@pytest_asyncio.fixture(loop_scope="session")
async def document(editor: Editor, tea: Path) -> AsyncIterator[types.TextDocumentIdentifier]:
    uri = (tea / "src" / "index.ts").as_uri()
    item = types.TextDocumentItem(uri, "typescript", 1, WORKER)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
    document = types.TextDocumentIdentifier(uri)
    yield document
    editor.text_document_did_close(types.DidCloseTextDocumentParams(document))


def position(needle: str, text: str = WORKER) -> types.Position:
    """Return the position after a text."""
    before = text[: text.index(needle) + len(needle)]
    line = before.rsplit("\n", 1)[-1]
    return types.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)


async def test_a_call_that_will_throw_is_underlined(editor: Editor, document: Any) -> None:
    await until(lambda: editor.diagnostics.get(document.uri))
    (problem,) = editor.diagnostics[document.uri]
    assert problem.code == "ttl-out-of-range"
    assert problem.range.start == position("expirationTtl: ")
    assert problem.range.end == position("expirationTtl: 30")


async def test_an_open_source_follows_its_config_on_disk(
    editor: Editor, document: Any, tea: Path
) -> None:
    config = tea / "wrangler.toml"

    def codes() -> list[object]:
        return [one.code for one in editor.diagnostics.get(document.uri, [])]

    def save(text: str) -> None:
        config.write_text(text, encoding="utf-8")
        event = types.FileEvent(config.as_uri(), types.FileChangeType.Changed)
        editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))

    await until(lambda: codes() == ["ttl-out-of-range"])
    save(CONFIG.partition("[[env")[0] + "[env.prod]\n")
    await until(lambda: "binding-not-everywhere" in codes())
    save(CONFIG)
    await until(lambda: codes() == ["ttl-out-of-range"])


async def test_a_large_source_is_checked_where_it_is_typed_and_then_as_a_whole(
    editor: Editor, tea: Path
) -> None:
    uri = (tea / "src" / "large.ts").as_uri()
    text = f"const TTL = 30;\n{WORKER.replace('30', 'TTL')}" + "export const x = () => 1;\n" * 2_000
    item = types.TextDocumentItem(uri, "typescript", 1, text)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def codes() -> list[object]:
        return [one.code for one in editor.diagnostics.get(uri, [])]

    def write(version: int, line: int, column: int, new: str) -> None:
        place = types.Position(line, column)
        edit = types.TextDocumentContentChangePartial(types.Range(place, place), new)
        document = types.VersionedTextDocumentIdentifier(version, uri)
        editor.text_document_did_change(types.DidChangeTextDocumentParams(document, [edit]))

    await until(lambda: codes() == ["ttl-out-of-range"])
    write(2, 6, 0, '    await env.TEAS.get("");\n')
    await until(lambda: codes() == ["key-invalid", "ttl-out-of-range"])
    write(3, 0, 14, "0")  # far from the call that has it
    await until(lambda: codes() == ["key-invalid"])
    editor.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
    )
    await until(lambda: not codes())


async def test_from_code_to_config(editor: Editor, document: Any, tea: Path) -> None:
    params = types.DefinitionParams(document, position("env.TEA"))
    found = await editor.text_document_definition_async(params)
    assert isinstance(found, (list, tuple))
    places = [
        (Path(str(f.uri)).name, f.range.start.line) for f in found if isinstance(f, types.Location)
    ]
    assert places == [("wrangler.toml", 2), ("wrangler.toml", 5)]


async def test_references_from_either_side(editor: Editor, document: Any, tea: Path) -> None:
    config = types.TextDocumentIdentifier((tea / "wrangler.toml").as_uri())
    item = types.TextDocumentItem(config.uri, "toml", 1, CONFIG)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
    for identifier, place in (
        (document, position("env.TEA")),
        (config, position('binding = "TEA', CONFIG)),
    ):
        found = await editor.text_document_references_async(
            types.ReferenceParams(types.ReferenceContext(True), identifier, place)
        )
        places = {(f.uri.rsplit("/", 1)[1], f.range.start.line) for f in found or []}
        assert {("wrangler.toml", 2), ("wrangler.toml", 5), ("names.js", 0)} <= places
        assert {("index.ts", 2), ("index.ts", 5), ("index.ts", 7), ("index.ts", 8)} <= places
    editor.text_document_did_close(types.DidCloseTextDocumentParams(config))


async def test_rename_is_one_edit_in_config_and_code(
    editor: Editor, document: Any, tea: Path
) -> None:
    place = position("env.TEA")
    ready = await editor.text_document_prepare_rename_async(
        types.PrepareRenameParams(document, place)
    )
    assert isinstance(ready, types.PrepareRenamePlaceholder)
    assert ready.placeholder == "TEAS"
    edit = await editor.text_document_rename_async(types.RenameParams(document, place, "LEAVES"))
    assert edit
    assert edit.changes
    texts = {"index.ts": WORKER, "names.js": OTHER, "wrangler.toml": CONFIG}
    for uri, edits in edit.changes.items():
        name = uri.rsplit("/", 1)[1]
        lines = texts[name].split("\n")
        for one in sorted(
            edits, key=lambda e: (e.range.start.line, e.range.start.character), reverse=True
        ):
            line = lines[one.range.start.line]
            lines[one.range.start.line] = (
                line[: one.range.start.character] + one.new_text + line[one.range.end.character :]
            )
        texts[name] = "\n".join(lines)
    assert texts["wrangler.toml"] == CONFIG.replace('"TEAS"', '"LEAVES"')
    assert texts["names.js"] == OTHER.replace("env.TEAS", "env.LEAVES")
    wanted = WORKER.replace("env.TEAS", "env.LEAVES").replace("TEAS: KV", "LEAVES: KV")
    assert texts["index.ts"] == wanted.replace("{ TEAS }", "{ LEAVES: TEAS }")


REFUSED = [
    ("no-identifier", "MY-KV", "not a JavaScript identifier"),
    ("empty", "", "not a JavaScript identifier"),
]


@pytest.mark.parametrize(("name", "says"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
async def test_a_name_that_cannot_be_is_refused(
    editor: Editor, document: Any, name: str, says: str
) -> None:
    with pytest.raises(JsonRpcException, match=says):
        await editor.text_document_rename_async(
            types.RenameParams(document, position("env.TEA"), name)
        )


async def test_hover_on_a_key_shows_the_live_value(editor: Editor, document: Any) -> None:
    hover = await editor.text_document_hover_async(
        types.HoverParams(document, position('.get("gre'))
    )
    assert hover
    assert isinstance(hover.contents, types.MarkupContent)
    assert '"steep": 90' in hover.contents.value
    assert 'metadata `{"from":"uji"}`' in hover.contents.value.replace(": ", ":")
    missing = await editor.text_document_hover_async(
        types.HoverParams(document, position('.get("no'))
    )
    assert missing
    assert isinstance(missing.contents, types.MarkupContent)
    assert "not in the local TEAS" in missing.contents.value


async def test_hover_and_hint_say_that_only_a_moved_clock_hides_a_key(
    editor: Editor, document: Any, tea: Path
) -> None:
    config = (tea / "wrangler.toml").as_uri()
    place = {"config": config, "binding": "TEAS", "environment": None}
    await run(editor, "kvlens.put", **place, key="none", text="1", expirationTtl=3600)
    await run(editor, "kvlens.clock", config=config, move="advance", seconds=7200)
    why = "it has expired by the moved clock; the clock is 2 h ahead of the real time"
    hover = await editor.text_document_hover_async(
        types.HoverParams(document, position('.get("no'))
    )
    assert why in str(hover)
    whole = types.Range(types.Position(0, 0), types.Position(99, 0))
    hints = await editor.text_document_inlay_hint_async(types.InlayHintParams(document, whole))
    assert why in str(hints)
    await run(editor, "kvlens.clock", config=config, move="reset")
    await run(editor, "kvlens.delete", **place, key="none")


async def test_key_names_are_completed_from_live_data(editor: Editor, document: Any) -> None:
    params = types.CompletionParams(document, position('env.TEAS.get("gr'))
    found = await editor.text_document_completion_async(params)
    assert isinstance(found, types.CompletionList)
    (item,) = found.items
    assert (item.label, item.detail) == ("green", '{"steep": 90}')
    assert item.documentation == '{"from":"uji"}'


async def completions(editor: Editor, uri: str, typed: str) -> list[types.CompletionItem]:
    """Complete in the Worker's text after `env.TEAS.get("none");` is replaced by what is typed."""
    text = WORKER.replace('env.TEAS.get("none")', typed)
    changed = types.VersionedTextDocumentIdentifier(2, uri)
    whole = types.TextDocumentContentChangeWholeDocument(text)
    editor.text_document_did_change(types.DidChangeTextDocumentParams(changed, [whole]))
    place = position(f"two = await {typed}", text)
    params = types.CompletionParams(types.TextDocumentIdentifier(uri), place)
    found = await editor.text_document_completion_async(params)
    assert isinstance(found, types.CompletionList)
    return list(found.items)


FIRST = {
    "bindings": ("env.", ["TEAS"]),
    "bindings-begun": ("env.TEA", ["TEAS"]),
    "methods": ("env.TEAS.", ["get", "put", "list", "delete", "getWithMetadata"]),
    "methods-of-a-variable": ("TEAS.ge", ["get", "put", "list", "delete", "getWithMetadata"]),
    "keys": ('env.TEAS.get("', ["green"]),
}


@pytest.mark.parametrize(("typed", "labels"), FIRST.values(), ids=FIRST)
async def test_our_completions_come_first(
    editor: Editor, document: Any, typed: str, labels: list[str]
) -> None:
    items = await completions(editor, document.uri, typed)
    assert [item.label for item in items] == labels
    assert [item.preselect for item in items] == [True] + [False] * (len(labels) - 1)
    orders = [item.sort_text or "" for item in items]
    assert orders == sorted(orders)
    assert all(order.startswith("0") for order in orders)  # VS Code's own words begin with 1


async def test_a_method_is_completed_with_its_limits(editor: Editor, document: Any) -> None:
    items = {item.label: item for item in await completions(editor, document.uri, "env.TEAS.")}
    inserted = [one.text_edit.new_text for one in items.values() if one.text_edit]
    assert inserted == [
        'get("$1")$0',
        'put("$1", $2)$0',
        'list({ prefix: "$1" })$0',
        'delete("$1")$0',
        'getWithMetadata("$1")$0',
    ]
    about = items["put"].documentation
    assert isinstance(about, types.MarkupContent)
    for limit in ("25 MiB", "512 bytes", "1,024 bytes", "at least 60 seconds"):
        assert limit in about.value


async def test_an_inlay_tells_a_missing_key(editor: Editor, document: Any) -> None:
    whole = types.Range(types.Position(0, 0), types.Position(99, 0))
    hints = await editor.text_document_inlay_hint_async(types.InlayHintParams(document, whole))
    assert [(h.label, h.position) for h in hints or []] == [("no such key", position('"none"'))]


async def test_bindings_are_workspace_symbols(editor: Editor, tea: Path) -> None:
    found = await editor.workspace_symbol_async(types.WorkspaceSymbolParams("tes"))
    symbols = [(s.name, s.container_name) for s in found or []]
    assert symbols == [("TEAS", "tea/wrangler.toml"), ("TEAS", "env.prod, tea/wrangler.toml")]


PAGE = """\
---
import { save } from "./kv";
const { env } = Astro.locals.runtime;
await save(env.TEAS, "é");
await env.TEAS.get("😀", «"JSN"»);
---
<p>{env.TEAS.get("")}</p>
"""
LIB = 'export const save = (kv, key) => kv.put(key, "v", { expirationTtl: «30» });\n'


async def test_an_astro_page_and_a_module_that_it_gives_a_namespace(
    editor: Editor, tea: Path
) -> None:
    files = {tea / "src" / "page.astro": PAGE, tea / "src" / "kv.js": LIB}
    events = []
    for path, text in files.items():
        path.write_text(marked(text)[0], encoding="utf-8")
        events.append(types.FileEvent(path.as_uri(), types.FileChangeType.Created))
    editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(events))
    for path, content in files.items():
        text, ((start, end),) = marked(content)
        uri = path.as_uri()
        item = types.TextDocumentItem(uri, "astro", 1, text)
        editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
        (problem,) = await until(partial(editor.diagnostics.get, uri))
        line = text[:start].count("\n")
        width = len(text[:start].rpartition("\n")[2].encode("utf-16-le")) // 2
        assert problem.range.start == types.Position(line, width)
        assert problem.range.end == types.Position(line, width + end - start)
        editor.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        )
        path.unlink()


async def test_a_limit_of_sources_is_said_once(tmp_path: Path) -> None:
    config = tmp_path / "wrangler.toml"
    config.write_text(f'main = "z.js"\n{CONFIG}', encoding="utf-8")
    (tmp_path / "src").mkdir()
    for number in range(MOST_FILES + 1):
        (tmp_path / "src" / f"{number}.js").write_bytes(b"")
    async with connected(tmp_path, {"store": "memory:", "push": True}) as editor:

        def codes() -> list[object]:
            return [one.code for one in editor.diagnostics.get(config.as_uri(), [])]

        item = types.TextDocumentItem(config.as_uri(), "toml", 1, config.read_text("utf-8"))
        editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
        await until(lambda: "too-many-sources" in codes())
        assert codes().count("too-many-sources") == 1
        assert "binding-unused" not in codes()
