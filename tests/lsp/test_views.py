"""The table of a namespace's keys, for a client: views that find, sort and follow keys."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import CONFIG, Editor, connected, run, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
CARTS = {"binding": "CARTS", "environment": None}
PRICES = {"binding": "PRICES", "environment": None}


def notes(editor: Editor, view: str) -> list[dict[str, Any]]:
    found = []
    for method, params in editor.notes:
        if method == "kvlens/view":
            note = params if isinstance(params, dict) else params._asdict()
            if note["view"] == view:
                found.append(note)
    return found


async def fill(editor: Editor, folder: Path, items: list[dict[str, Any]], **ns: Any) -> None:
    file = folder / "fill.json"
    file.write_text(json.dumps(items), encoding="utf-8")
    await run(editor, "kvlens.seed", **ns, file=file.as_uri())


async def test_a_view_lists_keys_with_the_start_of_their_values(
    editor: Editor, folder: Path
) -> None:
    put: list[dict[str, Any]] = [
        {"key": "a", "value": '{"n": 1}', "metadata": {"user": "ada"}},
        {"key": "b\u202e\n", "value": "two\n  lines", "expiration": 2_000_000_000},
        {"key": "c", "value": "iVBORw0KGgo=", "base64": True},
    ]
    await fill(editor, folder, put, **PRICES)
    made = await run(editor, "kvlens.viewOpen", **PRICES)
    view = made.pop("view")
    assert made == {
        "matched": 3,
        "scanned": 3,
        "total": 3,
        "done": True,
        "order": "key",
        "sortLimit": 100_000,
    }
    page = await run(editor, "kvlens.viewRows", view=view, offset=0, limit=10)
    assert page["rows"] == [
        {"name": "a", "metadata": {"user": "ada"}, "type": "json", "size": 8, "preview": '{"n": 1}'},
        {"name": "b\u202e\n", "expiration": 2_000_000_000, "type": "text", "size": 11, "preview": "two lines"},
        {"name": "c", "type": "image", "size": 8},
    ]  # fmt: skip
    page = await run(editor, "kvlens.viewRows", view=view, offset=2, limit=1)
    assert [row["name"] for row in page["rows"]] == ["c"]
    assert await run(editor, "kvlens.viewKeys", view=view) == {
        "keys": ["a", "b\u202e\n", "c"],
        "matched": 3,
    }
    await run(editor, "kvlens.viewClose", view=view)
    with pytest.raises(JsonRpcException, match="it was closed"):
        await run(editor, "kvlens.viewRows", view=view, offset=0, limit=1)
    await run(editor, "kvlens.clear", **PRICES)


async def test_a_mistake_in_a_filter_is_said_with_its_place(editor: Editor) -> None:
    made = await run(editor, "kvlens.viewOpen", **CARTS, filter="\U0001d4b3 /(a/ x")
    assert made["view"] == ""
    assert made["problem"].startswith("/(a/: ")
    assert (made["start"], made["end"]) == (3, 7)


async def test_a_view_follows_changes(editor: Editor) -> None:
    made = await run(editor, "kvlens.viewOpen", **CARTS, filter="live:*", sort="size")
    view = made["view"]
    assert (made["matched"], made["order"]) == (0, "size")
    await run(editor, "kvlens.put", **CARTS, key="live:1", text="abc")
    await run(editor, "kvlens.put", **CARTS, key="live:2", text="a")
    await until(lambda: notes(editor, view) and notes(editor, view)[-1]["matched"] == 2)
    assert notes(editor, view)[-1]["stale"] is True
    page = await run(editor, "kvlens.viewRows", view=view, offset=0, limit=10)
    assert [row["name"] for row in page["rows"]] == ["live:2", "live:1"]
    await run(editor, "kvlens.delete", **CARTS, keys=["live:1", "live:2"])
    await until(lambda: notes(editor, view)[-1]["matched"] == 0)
    await run(editor, "kvlens.viewClose", view=view)


PARTS: dict[str, tuple[bytes, dict[str, int], dict[str, Any]]] = {
    # id: (value, parameters, the part)
    "all of a text": (b"abc", {}, {"text": "abc"}),
    "the start": (b"abcdef", {"start": 0, "limit": 2}, {"text": "ab", "start": 0, "end": 2, "truncated": True}),
    "the rest": (b"abcdef", {"start": 4, "limit": 9}, {"text": "ef", "start": 4, "end": 6}),
    "whole characters": ("aŋb".encode(), {"limit": 2}, {"text": "a", "start": 0, "end": 1, "truncated": True}),
    "at least one": ("ŋb".encode(), {"limit": 1}, {"text": "ŋ", "start": 0, "end": 2, "truncated": True}),
    "past the end": (b"ab", {"start": 7}, {"text": "", "start": 2, "end": 2}),
    "bytes": (b"\xff\xfe\xfd", {"start": 1, "limit": 1}, {"base64": "/g==", "start": 1, "end": 2, "truncated": True}),
}  # fmt: skip


@pytest.mark.parametrize(("value", "asked", "part"), PARTS.values(), ids=PARTS)
async def test_a_value_in_parts(
    editor: Editor, value: bytes, asked: dict[str, int], part: dict[str, Any]
) -> None:
    await run(editor, "kvlens.put", **CARTS, key="p", base64=base64.b64encode(value).decode())
    got = await run(editor, "kvlens.get", **CARTS, key="p", **asked)
    assert got["size"] == len(value)
    names = ("text", "base64", "start", "end", "truncated")
    assert {name: got[name] for name in names if name in got} == part
    await run(editor, "kvlens.delete", **CARTS, key="p")


async def test_only_so_many_views_are_open(editor: Editor) -> None:
    first = (await run(editor, "kvlens.viewOpen", **CARTS))["view"]
    others = [(await run(editor, "kvlens.viewOpen", **CARTS))["view"] for _ in range(32)]
    await until(
        lambda: notes(editor, first) and "newer tables" in notes(editor, first)[-1]["message"]
    )
    for view in others:
        await run(editor, "kvlens.viewClose", view=view)


async def test_a_project_that_goes_closes_its_views(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    async with connected(tmp_path, {"store": "memory:"}) as editor:
        view = (await run(editor, "kvlens.viewOpen", **CARTS))["view"]
        (tmp_path / "wrangler.toml").unlink()
        change = types.FileEvent(
            (tmp_path / "wrangler.toml").as_uri(), types.FileChangeType.Deleted
        )
        editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
        await until(lambda: notes(editor, view) and notes(editor, view)[-1].get("message"))
        assert "is no longer in the workspace" in notes(editor, view)[-1]["message"]
        with pytest.raises(JsonRpcException, match="it was closed"):
            await run(editor, "kvlens.viewRows", view=view)


async def test_another_store_is_another_table(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    async with connected(tmp_path, {"store": "memory:"}) as editor:
        await run(editor, "kvlens.put", **CARTS, key="in memory", text="v")
        made = await run(editor, "kvlens.viewOpen", **CARTS)
        assert made["matched"] == 1
        settings = types.DidChangeConfigurationParams({"kvlens": {"store": "wrangler:"}})
        editor.workspace_did_change_configuration(settings)
        view = made["view"]
        await until(lambda: notes(editor, view) and notes(editor, view)[-1]["matched"] == 0)
        assert (await run(editor, "kvlens.viewRows", view=view))["rows"] == []


async def test_an_expression_that_is_too_slow_is_a_message(editor: Editor) -> None:
    await run(editor, "kvlens.put", **CARTS, key="a" * 400 + "c", text="v")
    with pytest.raises(JsonRpcException, match="takes too long"):
        await run(editor, "kvlens.viewOpen", **CARTS, filter="/^(a|aa)+$/")
    await run(editor, "kvlens.delete", **CARTS, key="a" * 400 + "c")
