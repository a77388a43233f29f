"""What a new user needs first: seeding with a preview, links to keys, a Worker's build."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import pytest_asyncio
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import CONFIG, Editor, connected, run, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = 'a)](command:x) `"\\ \u202e%29'
SOURCE = f"""\
export default {{
  async fetch(request, env) {{
    await env.CARTS.get("there");
    await env.CARTS.get({json.dumps(HOSTILE)});
    return new Response(await env.CARTS.get("missing"));
  }},
}};
"""
TOP = {"binding": "CARTS", "environment": None}
PROD = {"binding": "CARTS", "environment": "prod"}


@pytest_asyncio.fixture(loop_scope="session")
async def shop(tmp_path: Path) -> AsyncIterator[Editor]:
    """Open a project in an editor with our commands, its emulator running."""
    (tmp_path / "seeds").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "wrangler.toml").write_text(f'main = "src/index.js"\n{CONFIG}', encoding="utf-8")
    (tmp_path / "src" / "index.js").write_text(SOURCE, encoding="utf-8")
    options = {"store": "memory:", "push": True, "palette": True, "output": True}
    async with connected(tmp_path, options) as editor:
        await until(lambda: (tmp_path / "wrangler.toml").as_uri() in editor.diagnostics)
        await run(editor, "kvlens.address")
        yield editor


def write_seed(editor: Editor, name: str, items: object) -> str:
    path = editor.folder / "seeds" / f"{name}.json"
    path.write_text(json.dumps(items, indent=1), encoding="utf-8")
    return path.as_uri()


def item(key: str, value: str = "1") -> dict[str, str]:
    return {"key": key, "value": value}


async def did_open(editor: Editor) -> types.TextDocumentIdentifier:
    """Open the source, and return it once it has been checked."""
    uri = (editor.folder / "src" / "index.js").as_uri()
    text = types.TextDocumentItem(uri, "javascript", 1, SOURCE)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(text))
    return types.TextDocumentIdentifier(uri)


def place(needle: str) -> types.Position:
    """Return the position after a text in the source."""
    before = SOURCE[: SOURCE.index(needle) + len(needle)]
    return types.Position(before.count("\n"), len(before.rsplit("\n", 1)[-1]))


# seeding

PREVIEWS: dict[str, tuple[list[Any], dict[str, int]]] = {
    # what the file has when CARTS has {"a": "1", "b": "1"}; what it would change
    "new": ([item("x"), item("y")], {"new": 2}),
    "all-kinds": ([item("a"), item("b", "2"), item("c")], {"new": 1, "changed": 1, "same": 1}),
    "same": ([item("a"), item("b")], {"same": 2}),
    "no-keys": ([], {}),
    "mistakes": ([item("x"), {"key": "y"}, 5], {"mistakes": 2}),
}


@pytest.mark.parametrize(("items", "expected"), PREVIEWS.values(), ids=PREVIEWS)
async def test_a_dry_run_counts_what_a_seed_would_change(
    shop: Editor, items: list[Any], expected: dict[str, int]
) -> None:
    for key in ("a", "b"):
        await run(shop, "kvlens.put", **TOP, key=key, text="1")
    path = shop.folder / "given.json"
    path.write_text(json.dumps(items), encoding="utf-8")
    done = await run(shop, "kvlens.seed", **TOP, file=path.as_uri(), dryRun=True)
    none = dict.fromkeys(("new", "changed", "same", "mistakes"), 0)
    assert (done["written"], done["preview"]) == (0, {**none, **expected})
    page = await run(shop, "kvlens.list", **TOP)
    assert [key["name"] for key in page["keys"]] == ["a", "b"]


async def test_an_error_says_where_the_first_mistake_is(shop: Editor) -> None:
    file = write_seed(shop, "CARTS", [item("ŋ😀"), {"key": "y"}, 5])
    with pytest.raises(JsonRpcException) as caught:
        await run(shop, "kvlens.seed", **TOP, file=file)
    (mistakes,) = read(caught.value.data)["mistakes"]
    assert (mistakes["file"], mistakes["count"]) == (file, 2)
    assert mistakes["range"]["start"] == {"line": 5, "character": 1}


def read(data: Any) -> Any:
    """Return what the server sent as JSON."""
    if hasattr(data, "_asdict"):
        data = data._asdict()
    if isinstance(data, dict):
        return {name: read(value) for name, value in data.items()}
    return [read(one) for one in data] if isinstance(data, list | tuple) else data


async def seedable(editor: Editor) -> bool:
    """Restart, so that no change of a seed file is put by itself, and return what the view gets."""
    await run(editor, "kvlens.restart")
    (project,) = await run(editor, "kvlens.namespaces")
    return bool(project["seedable"])


async def test_an_empty_project_is_seeded_at_once(shop: Editor) -> None:
    assert not await seedable(shop)  # there are no files
    write_seed(shop, "OTHER", [item("o")])
    assert not await seedable(shop)  # nor one for a namespace
    write_seed(shop, "CARTS", [item("a"), item("b")])
    write_seed(shop, "PRICES", [item("c")])
    assert await seedable(shop)
    plan = {"written": 3, "namespaces": 2, "conflicts": 0}
    assert await run(shop, "kvlens.seedAll", dryRun=True) == plan
    assert await seedable(shop)
    done = await run(shop, "kvlens.seedAll")
    assert {**done, "action": ""} == {**plan, "action": ""}
    undone = await run(shop, "kvlens.historyUndo", action=done["action"])
    assert (undone["deleted"], await seedable(shop)) == (3, True)
    await run(shop, "kvlens.seedAll")
    (project,) = await run(shop, "kvlens.namespaces")
    assert not project["seedable"]
    assert (await run(shop, "kvlens.list", **PROD))["keys"] == []  # the files are of the top level
    await run(shop, "kvlens.put", **TOP, key="a", text="mine")
    await run(shop, "kvlens.delete", binding="PRICES", key="c")
    done = await run(shop, "kvlens.seedAll")
    assert done == {"written": 0, "namespaces": 0, "conflicts": 1}
    assert (await run(shop, "kvlens.list", binding="PRICES"))["keys"] == []


async def test_no_namespace_is_seeded_if_a_file_has_mistakes(shop: Editor) -> None:
    write_seed(shop, "CARTS", [item("a")])
    write_seed(shop, "PRICES", [5])
    assert await seedable(shop)
    with pytest.raises(JsonRpcException) as caught:
        await run(shop, "kvlens.seedAll")
    assert [one["count"] for one in read(caught.value.data)["mistakes"]] == [1]
    assert (await run(shop, "kvlens.list", **TOP))["keys"] == []


# links


async def test_a_key_in_code_is_found_in_each_environment(shop: Editor) -> None:
    document = await did_open(shop)
    await run(shop, "kvlens.put", **PROD, key="there", text="1")
    await run(shop, "kvlens.put", **PROD, key="there too", text="1")

    async def found(needle: str) -> list[tuple[Any, ...]]:
        position = place(needle)
        where = {"line": position.line, "character": position.character}
        answer = await run(shop, "kvlens.atPosition", uri=document.uri, position=where)
        fields = ("environment", "key", "exists")
        return [tuple(one.get(field) for field in fields) for one in answer]

    assert await found('get("the') == [(None, "there", False), ("prod", "there", True)]
    assert await found("env.CAR") == [(None, None, None), ("prod", None, None)]
    assert await found("new Resp") == []


AT: dict[str, tuple[str, list[tuple[str | None, str]]]] = {
    # a line of the config; the namespace around it
    "header": ("[[kv_namespaces]]", [(None, "CARTS")]),
    "id": ('id = "068c', [(None, "PRICES")]),
    "environment": ("[[env.prod", [("prod", "CARTS")]),
    "elsewhere": ("name", []),
}


@pytest.mark.parametrize(("line", "expected"), AT.values(), ids=AT)
async def test_the_namespace_around_a_position_in_a_config(
    shop: Editor, line: str, expected: list[tuple[str | None, str]]
) -> None:
    path = shop.folder / "wrangler.toml"
    text = path.read_text(encoding="utf-8")
    document = types.TextDocumentItem(path.as_uri(), "toml", 1, text)
    shop.text_document_did_open(types.DidOpenTextDocumentParams(document))
    where = {"line": text[: text.index(line)].count("\n"), "character": 3}
    answer = await run(shop, "kvlens.atPosition", uri=document.uri, position=where)
    assert [(one["environment"], one["binding"]) for one in answer] == expected


@pytest.mark.parametrize("position", [{}, {"line": -1, "character": 0}, {"line": "0"}, 5])
async def test_a_position_that_is_none_is_refused(shop: Editor, position: Any) -> None:
    with pytest.raises(JsonRpcException, match='"position"'):
        await run(shop, "kvlens.atPosition", uri="", position=position)


async def links(editor: Editor, needle: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the links of a hover: title, command, argument."""
    document = await did_open(editor)
    hover = await editor.text_document_hover_async(types.HoverParams(document, place(needle)))
    assert hover
    assert isinstance(hover.contents, types.MarkupContent)
    line = hover.contents.value.rpartition("\n\n")[2]
    found = []
    for link in line.split(" · "):
        title, _, target = link.removeprefix("[").removesuffix(")").partition("](command:")
        command, _, encoded = target.partition("?")
        assert ")" not in encoded
        (argument,) = json.loads(unquote(encoded))
        found.append((title, command, argument))
    return found


async def test_hovers_have_links_to_open_edit_copy_and_create(shop: Editor) -> None:
    (create,) = await links(shop, 'get("missing')
    assert create[:2] == ("Create", "kvlens.put")
    await run(shop, "kvlens.put", **TOP, key=HOSTILE, text="1")
    found = await links(shop, "get(" + json.dumps(HOSTILE)[:4])
    assert [one[:2] for one in found] == [
        ("Open", "kvlens.get"),
        ("Edit", "kvlens.put"),
        ("Copy", "kvlens.copyValue"),
    ]
    for _, _, argument in found:
        assert (argument["key"], argument["binding"]) == (HOSTILE, "CARTS")


async def test_the_links_of_a_config_come_before_its_table(shop: Editor) -> None:
    path = shop.folder / "wrangler.toml"
    text = path.read_text("utf-8")
    item = types.TextDocumentItem(path.as_uri(), "toml", 1, text)
    shop.text_document_did_open(types.DidOpenTextDocumentParams(item))
    lines = text.splitlines()
    line = next(number for number, one in enumerate(lines) if one.startswith("id = "))
    where = types.HoverParams(types.TextDocumentIdentifier(item.uri), types.Position(line, 8))
    hover = await shop.text_document_hover_async(where)
    assert hover and isinstance(hover.contents, types.MarkupContent)
    assert hover.contents.value.startswith("[Open](command:kvlens.openNamespace?")
    assert "| who | namespace |" in hover.contents.value


async def test_a_missing_key_can_be_created_from_the_code(shop: Editor) -> None:
    document = await did_open(shop)
    whole = types.Range(types.Position(0, 0), types.Position(99, 0))
    hints = await shop.text_document_inlay_hint_async(types.InlayHintParams(document, whole))
    labels = [hint.label[0] for hint in hints or [] if not isinstance(hint.label, str)]
    keys = [part.command.arguments[0]["key"] for part in labels if part.command]  # type: ignore[index]
    assert keys == ["there", HOSTILE, "missing"]

    async def titles(needle: str) -> list[str]:
        at = types.Range(place(needle), place(needle))
        params = types.CodeActionParams(document, at, types.CodeActionContext([]))
        found = await shop.text_document_code_action_async(params)
        return [one.title for one in found or [] if one.command]

    assert await titles('get("miss') == ['Create the key "missing" in CARTS…']
    assert await titles("env.CAR") == []
    await run(shop, "kvlens.put", **TOP, key="missing", text="1")
    assert await titles('get("miss') == []


# completion

DOTTED: dict[str, tuple[str, str, str, str]] = {
    # what is typed; the text that is replaced, the first filter text and the first new text
    "binding": ("env.", ".", ".CARTS", ".CARTS"),
    "binding-begun": ("env.CA", ".CA", ".CARTS", ".CARTS"),
    "optional": ("env?.CA", "?.CA", "?.CARTS", "?.CARTS"),
    "method": ("env.CARTS.", ".", ".get", '.get("$1")$0'),
    "in-brackets": ('env["CA', "CA", "", "CARTS"),
}


@pytest.mark.parametrize(("typed", "old", "filtered", "new"), DOTTED.values(), ids=DOTTED)
async def test_completions_fit_what_is_typed_as_well_as_those_of_vs_code(
    shop: Editor, typed: str, old: str, filtered: str, new: str
) -> None:
    document = await did_open(shop)
    text = SOURCE.replace('env.CARTS.get("there")', typed)
    changed = types.VersionedTextDocumentIdentifier(2, document.uri)
    whole = types.TextDocumentContentChangeWholeDocument(text)
    shop.text_document_did_change(types.DidChangeTextDocumentParams(changed, [whole]))
    cursor = types.Position(2, len(f"    await {typed}"))
    found = await shop.text_document_completion_async(types.CompletionParams(document, cursor))
    assert isinstance(found, types.CompletionList)
    item = found.items[0]
    assert isinstance(item.text_edit, types.TextEdit)
    at = item.text_edit.range
    line = text.split("\n")[2]
    assert line[at.start.character : cursor.character] == old
    assert ((item.filter_text or ""), item.text_edit.new_text) == (filtered, new)


# the Worker


async def test_a_failed_build_is_told_once_with_the_places(shop: Editor) -> None:
    source = shop.folder / "src" / "index.js"
    source.write_text("export default {\n  fetch( { }\n};\n", encoding="utf-8")
    modules = Path(__file__).parents[1] / "interop" / "node_modules"
    (shop.folder / "node_modules").symlink_to(modules, target_is_directory=True)
    done = await run(shop, "kvlens.run")
    assert done["built"] is False

    def events(kind: str) -> list[dict[str, Any]]:
        said = [read(note) for method, note in shop.notes if method == "kvlens/output"]
        return [one for one in said if one["event"] == kind]

    await until(lambda: events("failed"))
    (failed,) = events("failed")
    (problem,) = failed["problems"]
    assert (problem["file"], problem["line"]) == (str(source.resolve()), 3)
    source.write_text("export default { fetch() { return new Response(); } };\n", encoding="utf-8")
    await until(lambda: events("restarted"))
    assert await run(shop, "kvlens.stop") == {"stopped": True}


def held(port: int) -> socket.socket | None:
    """Listen on a port; None if another program has it."""
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name != "nt")
    try:
        taken.bind(("127.0.0.1", port))
    except OSError:
        taken.close()
        return None
    taken.listen()
    return taken


async def test_a_worker_takes_the_port_of_wrangler_or_any_free_one(shop: Editor) -> None:
    modules = Path(__file__).parents[1] / "interop" / "node_modules"
    (shop.folder / "node_modules").symlink_to(modules, target_is_directory=True)
    taken = held(8787)  # by us, or by another program
    url = (await run(shop, "kvlens.run"))["url"]
    assert not url.endswith(":8787")
    if taken is not None:
        taken.close()
        assert (await run(shop, "kvlens.run"))["url"].endswith(":8787")
    await run(shop, "kvlens.stop")


async def test_an_error_of_a_command_is_not_shown_a_second_time(shop: Editor) -> None:
    config = shop.folder / "wrangler.toml"
    config.write_text(CONFIG, encoding="utf-8")  # without main
    with pytest.raises(JsonRpcException, match="the config has no main") as caught:
        await run(shop, "kvlens.run")
    assert "kvlens dev" not in str(caught.value)
    assert read(caught.value.data) == {"kind": "WorkerError"}
    assert [message.message for message in shop.messages] == []
