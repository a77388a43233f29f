"""Keys whose namespace is renamed, and keys that differ in a saved seed file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import Editor, connected, run, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
OLD, ONE = {"id": "OLD"}, {"binding": "ONE"}


def config(*bindings: str) -> str:
    """Return a config with these namespaces, none of which has an id."""
    return 'name = "w"\n' + "".join(f'[[kv_namespaces]]\nbinding = "{b}"\n' for b in bindings)


@pytest_asyncio.fixture(loop_scope="session")
async def editor(tmp_path: Path) -> AsyncIterator[Editor]:
    """A server with a separate project, whose keys are on disk."""
    (tmp_path / "wrangler.toml").write_text(config("OLD", "ONE"), encoding="utf-8")
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "ONE.json").write_text(seeds(a="1", b="1"), encoding="utf-8")
    async with connected(tmp_path) as client:
        yield client


def seeds(**values: str) -> str:
    """Return a seed file."""
    return json.dumps([{"key": key, "value": value} for key, value in values.items()])


def write(editor: Editor, text: str, name: str = "wrangler.toml") -> None:
    """Save a file like an editor."""
    path = editor.folder / name
    path.write_text(text, encoding="utf-8")
    item = types.TextDocumentIdentifier(path.as_uri())
    editor.text_document_did_save(types.DidSaveTextDocumentParams(item))


async def value(editor: Editor, key: str, **namespace: str) -> Any:
    """Return a key's text."""
    found = await run(editor, "kvlens.get", **namespace, key=key)
    return found and found["text"]


async def left(editor: Editor) -> list[tuple[str, int]]:
    """Return the namespaces that aren't in any config."""
    (project,) = await run(editor, "kvlens.namespaces")
    return [(one["id"], one["keys"]) for one in project["unclaimed"]]


async def test_a_renamed_binding_offers_to_take_its_keys_along(editor: Editor) -> None:
    editor.answer = "Move 2 keys"
    put = {**OLD, "text": "v", "metadata": {"m": 1}, "expirationTtl": 6000}
    await run(editor, "kvlens.put", **put, key="k1")
    await run(editor, "kvlens.put", **OLD, text="w", key="k2")
    before = await run(editor, "kvlens.get", **OLD, key="k1")
    write(editor, config("NEW", "ONE"))
    await until(lambda: any("Moved 2 keys" in m.message for m in editor.messages))
    (asked,) = editor.asked
    assert asked.message == (
        "OLD was renamed to NEW in wrangler.toml. Its 2 keys are still stored under the old name "
        '"OLD". Move them to NEW?'
    )
    assert await run(editor, "kvlens.get", binding="NEW", key="k1") == before
    assert await value(editor, "k2", binding="NEW") == "w"
    assert await left(editor) == []


async def test_an_id_that_comes_to_a_binding_is_a_new_name_too(editor: Editor) -> None:
    editor.answer = "Move 1 key"
    await run(editor, "kvlens.put", **OLD, key="k", text="v")
    with_id = config("OLD") + f'id = "{"0f" * 16}"\n' + config("ONE").partition("\n")[2]
    write(editor, with_id)
    await until(lambda: any("Moved 1 key" in m.message for m in editor.messages))
    assert "OLD was given an id" in editor.asked[0].message
    assert await value(editor, "k", id="0f" * 16) == "v"


async def test_keys_that_are_left_are_shown_opened_and_moved(editor: Editor) -> None:
    await run(editor, "kvlens.put", **OLD, key="k", text="v")
    await run(editor, "kvlens.put", **OLD, key="same", text="s")
    await run(editor, "kvlens.put", **ONE, key="k", text="other")
    await run(editor, "kvlens.put", **ONE, key="same", text="s")
    write(editor, config("ONE"))
    await until_left(editor, [("OLD", 2)])
    assert not editor.asked  # its new name is unknown
    assert [k["name"] for k in (await run(editor, "kvlens.list", **OLD))["keys"]] == ["k", "same"]
    assert await value(editor, "k", **OLD) == "v"
    move = {**ONE, "from": "OLD"}
    refused = await run(editor, "kvlens.moveKeys", **move)
    assert (refused["moved"], refused["conflicts"], refused["keys"]) == (0, 1, ["k"])
    assert await left(editor) == [("OLD", 2)]
    kept = await run(editor, "kvlens.moveKeys", **move, existing="keep")
    assert (kept["moved"], await value(editor, "k", **ONE)) == (1, "other")
    assert await left(editor) == [("OLD", 1)]
    await run(editor, "kvlens.put", **ONE, key="k", text="never seen")
    move.update(existing="overwrite", expected=refused["digest"])
    again = await run(editor, "kvlens.moveKeys", **move)
    assert (again["moved"], await value(editor, "k", **ONE)) == (0, "never seen")
    done = await run(editor, "kvlens.moveKeys", **{**move, "expected": again["digest"]})
    assert (done["moved"], await value(editor, "k", **ONE)) == (1, "v")
    assert await left(editor) == []
    with pytest.raises(JsonRpcException, match='No KV namespace with id "NONE"'):
        await run(editor, "kvlens.get", id="NONE", key="k")


async def until_left(editor: Editor, wanted: list[tuple[str, int]]) -> None:
    """Wait for these namespaces that aren't in any config."""
    while await left(editor) != wanted:
        await asyncio.sleep(0.05)


async def test_a_saved_seed_file_asks_before_it_overwrites(editor: Editor) -> None:
    await run(editor, "kvlens.seed", **ONE, file=str(editor.folder / "seeds" / "ONE.json"))
    await run(editor, "kvlens.put", **ONE, key="a", text="of a Worker")
    editor.answer = None
    write(editor, seeds(a="2", b="2"), "seeds/ONE.json")
    await until(lambda: editor.asked)
    assert editor.asked[0].message == (
        'ONE.json: "a" is different in ONE, so it stayed as it is. Overwrite it?'
    )
    assert [await value(editor, key, **ONE) for key in "ab"] == ["of a Worker", "2"]
    editor.answer = "Overwrite"
    write(editor, seeds(a="3", b="2"), "seeds/ONE.json")
    await until(lambda: any("Put 1 key of ONE.json" in m.message for m in editor.messages))
    assert [await value(editor, key, **ONE) for key in "ab"] == ["3", "2"]


async def test_an_answer_is_to_what_was_asked_about(editor: Editor) -> None:
    async def write_meanwhile() -> None:
        await run(editor, "kvlens.put", **ONE, key="a", text="second, never seen")

    await run(editor, "kvlens.put", **ONE, key="a", text="first")
    editor.answer, editor.meanwhile = "Overwrite", write_meanwhile
    write(editor, seeds(a="2", b="1"), "seeds/ONE.json")
    await until(lambda: any("Put 1 key of ONE.json" in m.message for m in editor.messages))
    assert [asked.message for asked in editor.asked] == [
        'ONE.json: "a" is different in ONE, so it stayed as it is. Overwrite it?',
        'ONE.json: "a" is different in ONE, so it stayed as it is. Something has changed since '
        "you were asked. Overwrite it?",
    ]
    assert await value(editor, "a", **ONE) == "2"


async def test_a_value_is_not_put_where_it_was_not_read(editor: Editor) -> None:
    await run(editor, "kvlens.put", **OLD, key="k", text="v")
    read = await run(editor, "kvlens.get", **OLD, key="k")
    put = {**OLD, "key": "k", "text": "new", "keep": True}
    with pytest.raises(
        JsonRpcException, match=r'read from the store "redis://a". wrangler.toml now uses'
    ):
        await run(editor, "kvlens.put", **put, store="redis://a", declared=True)
    assert read["declared"]
    write(editor, config("ONE"))
    await until_left(editor, [("OLD", 1)])
    with pytest.raises(JsonRpcException, match='no longer declares a KV namespace with id "OLD"'):
        await run(editor, "kvlens.put", **put, store=read["store"], declared=True)
    assert await run(editor, "kvlens.get", **OLD, key="k") == {**read, "declared": False}
    await run(editor, "kvlens.put", **put, store=read["store"], declared=False)
    assert await value(editor, "k", **OLD) == "new"


async def test_a_client_is_told_where_keys_were_moved(editor: Editor) -> None:
    await run(editor, "kvlens.put", **OLD, key="k", text="v")
    write(editor, config("ONE"))
    await until_left(editor, [("OLD", 1)])
    await run(editor, "kvlens.moveKeys", **ONE, **{"from": "OLD"})
    notes = [getattr(params, "moved", None) for _, params in editor.notes]
    assert [(moved.old, moved.new) for moved in notes if moved] == [("OLD", "ONE")]
