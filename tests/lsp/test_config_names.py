"""Configs with other names than wrangler's own: in the tree, checked, and served."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from kvlens.process import own_command
from lsprotocol import types

from tests.lsp.conftest import Editor, connected, run, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
MISTAKE = '[[kv_namespaces]]\nbinding = "A"\nid = ""\n'
FILES = {
    "package.json": json.dumps({"scripts": {"jobs": "wrangler dev -c configs/jobs.toml"}}),
    "configs/jobs.toml": MISTAKE,
    "configs/other.toml": MISTAKE,
    "wrangler.staging.toml": MISTAKE,
    "wrangler.example.toml": MISTAKE,
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def editor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editor]:
    """A server with these files open in its folder, and no wrangler.toml."""
    folder = tmp_path_factory.mktemp("names")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    async with connected(folder, {"store": "memory:"}) as client:
        yield client


def uri(editor: Editor, name: str) -> str:
    """Return the URI of a file in the project."""
    return (editor.folder / name).as_uri()


async def labels(editor: Editor) -> list[str]:
    """Return the projects of the tree."""
    return [project["label"] for project in await run(editor, "kvlens.namespaces")]


async def test_the_tree_names_them(editor: Editor) -> None:
    assert await labels(editor) == ["wrangler.staging.toml", "configs/jobs.toml"]


async def test_closed_ones_are_checked(editor: Editor) -> None:
    for name in ("wrangler.staging.toml", "configs/jobs.toml"):
        place = uri(editor, name)
        await until(partial(editor.diagnostics.get, place))
        assert [found.code for found in editor.diagnostics[place]] == ["id-empty"]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("configs/jobs.toml", ["id-empty"]),
        ("configs/other.toml", []),
        ("wrangler.example.toml", []),
    ],
)
async def test_opened_ones_are_checked(editor: Editor, name: str, codes: list[str]) -> None:
    document = types.TextDocumentItem(uri(editor, name), "toml", 1, MISTAKE)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(document))
    lenses = await editor.text_document_code_lens_async(
        types.CodeLensParams(types.TextDocumentIdentifier(document.uri))
    )
    assert bool(lenses) is bool(codes)
    assert [found.code for found in editor.diagnostics.get(document.uri, [])] == codes


async def test_keys_are_served(editor: Editor) -> None:
    where = {"config": uri(editor, "configs/jobs.toml"), "id": "A"}
    await run(editor, "kvlens.put", **where, key="k", text="v")
    assert (await run(editor, "kvlens.get", **where, key="k"))["text"] == "v"


async def test_a_changed_script_is_followed(editor: Editor) -> None:
    package = Path(editor.folder, "package.json")
    package.write_text(
        json.dumps({"scripts": {"x": "wrangler dev -c configs/other.toml"}}), "utf-8"
    )
    change = types.FileEvent(uri(editor, "package.json"), types.FileChangeType.Changed)
    editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
    while "configs/other.toml" not in (found := await labels(editor)):
        await asyncio.sleep(0.02)
    assert found == ["wrangler.staging.toml", "configs/other.toml"]


async def test_keys_in_another_state_folder_are_named_once(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text('[[kv_namespaces]]\nbinding = "A"\n', "utf-8")
    elsewhere = ["--binding", "A", "--persist-to", ".cloudflare/state"]
    put = await asyncio.create_subprocess_exec(
        *own_command("key"), "put", "k", "v", *elsewhere, cwd=tmp_path
    )
    assert await put.wait() == 0
    async with connected(tmp_path, {"store": "wrangler:"}) as client:
        await run(client, "kvlens.list", binding="A")
        for _ in range(3):
            await run(client, "kvlens.namespaces")
        await until(lambda: client.messages)
        said = [message.message for message in client.messages]
    folder = Path(".cloudflare", "state")
    assert len(said) == 1
    assert said[0].startswith(f"A also has 1 key in {folder}, but ")


async def test_a_rename_reaches_all_configs_of_the_code(tmp_path: Path) -> None:
    config = '[[kv_namespaces]]\nbinding = "A"\n'
    names = ("wrangler.toml", "wrangler.staging.toml")
    for name in (*names, "other/wrangler.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(config, "utf-8")
    source = "export default { async fetch(request, env) { await env.A.get('k'); } };\n"
    (tmp_path / "index.js").write_text(source, "utf-8")
    async with connected(tmp_path) as client:
        document = types.TextDocumentItem(uri(client, "index.js"), "javascript", 1, source)
        client.text_document_did_open(types.DidOpenTextDocumentParams(document))
        place = types.Position(0, source.index("A.get"))
        edit = await client.text_document_rename_async(
            types.RenameParams(types.TextDocumentIdentifier(document.uri), place, "NEW")
        )
        assert edit
        assert edit.changes
        assert set(edit.changes) == {uri(client, name) for name in (*names, "index.js")}
