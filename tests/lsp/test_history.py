"""The history over LSP: what a client sees and can undo."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import CONFIG, connected, run, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
CARTS = {"binding": "CARTS", "environment": None}
SETTINGS = {"store": "wrangler:", "push": True}


async def test_changes_are_listed_compared_and_undone(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "seed.json").write_text('[{"key": "a", "value": "1"}, {"key": "b", "value": "ŋ"}]')
    async with connected(tmp_path, SETTINGS) as editor:

        async def titles(count: int, **wanted: Any) -> list[str]:
            async def found() -> list[Any]:
                listed = await run(editor, "kvlens.history", **wanted)
                return [f"{one['writer']}: {one['title']}" for one in listed["actions"]]

            listed: list[str] = await eventually(found, count)
            return listed

        seed = await run(editor, "kvlens.seed", **CARTS, file="seed.json")
        await run(editor, "kvlens.put", **CARTS, key="a", base64="AP8=")
        cleared = await run(editor, "kvlens.clear", **CARTS)
        assert await titles(3) == ["editor: clear", "editor: put a", "editor: seed seed.json"]
        assert await titles(1, key="b", before=3) == ["editor: seed seed.json"]
        assert await titles(0, writer="Worker") == []
        await until(lambda: any(method == "kvlens/history" for method, _ in editor.notes))

        listed = await run(editor, "kvlens.history")
        assert [one["binding"] for one in listed["namespaces"]] == ["CARTS"]
        (clear, put, _) = listed["actions"]
        (change,) = put["changes"]
        assert (change["key"], change["binding"]) == ("a", "CARTS")
        assert (change["before"], change["after"]) == ({"size": 1}, {"size": 2})
        value = {"change": change["id"]}
        assert await run(editor, "kvlens.historyValue", **value) == {"size": 2, "base64": "AP8="}
        before = await run(editor, "kvlens.historyValue", **value, before=True)
        assert before == {"size": 1, "text": "1"}
        rest = await run(
            editor, "kvlens.historyChanges", action=clear["id"], after=clear["changes"][0]["id"]
        )
        assert [one["key"] for one in rest["changes"]] == ["b"]

        recorded = await run(editor, "kvlens.historyAction", action=cleared["action"])
        most = {"mostSize": 256 * 1024 * 1024}
        assert recorded == {"keys": 2, "leftOut": 0, **most}
        seen = await run(editor, "kvlens.historyUndo", action=cleared["action"], dryRun=True)
        assert (seen["restored"], seen["written"], seen["keys"]) == (False, 2, ["a", "b"])
        await run(editor, "kvlens.put", **CARTS, key="b", text="new")
        with pytest.raises(JsonRpcException, match="something else has written"):
            await run(
                editor, "kvlens.historyUndo", action=cleared["action"], expected=seen["digest"]
            )
        done = await run(editor, "kvlens.historyUndo", action=cleared["action"])
        assert (done["written"], done["changed"]) == (1, ["b"])
        again = await run(editor, "kvlens.historyUndo", action=done["action"])
        assert (again["written"], again["deleted"]) == (0, 1)

        restored = await run(
            editor, "kvlens.historyRestore", change=change["id"], extent="everything"
        )
        assert (restored["written"], restored["deleted"]) == (2, 0)
        got = await run(editor, "kvlens.get", **CARTS, key="b")
        assert got["text"] == "ŋ"
        assert seed["action"]


async def eventually(found: Any, count: int) -> Any:
    """Return what is found once it has `count` items: changes are added shortly after."""
    for _ in range(200):
        if len(listed := await found()) == count:
            return listed
        await asyncio.sleep(0.05)
    raise AssertionError(listed)


async def test_without_a_history_there_is_nothing_to_undo(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    async with connected(tmp_path, {**SETTINGS, "history": {"size": 0}}) as editor:
        await run(editor, "kvlens.put", **CARTS, key="a", text="1")
        assert await run(editor, "kvlens.delete", **CARTS, key="a") == {"deleted": 1}
        listed = await run(editor, "kvlens.history")
        assert (listed["actions"], listed["size"]) == ([], 0)
    assert not (tmp_path / ".wrangler" / "kvlens").exists()
