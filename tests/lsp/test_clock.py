"""The clock over LSP: moved, shown with the projects, and followed by everything that reads keys."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from kvlens.process import own_command
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import CONFIG, Editor, connected, run, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
CARTS = {"binding": "CARTS", "environment": None}
DAY = 86_400


async def keys(editor: Editor) -> list[str]:
    return [key["name"] for key in (await run(editor, "kvlens.list", **CARTS))["keys"]]


async def clock_of_project(editor: Editor) -> Any:
    (project,) = await run(editor, "kvlens.namespaces")
    return project.get("clock")


@pytest.mark.parametrize("store", ["wrangler:", "memory:"])
async def test_moves_and_what_follows_them(tmp_path: Path, store: str) -> None:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    async with connected(tmp_path, {"store": store, "push": True}) as editor:
        await run(editor, "kvlens.put", **CARTS, key="stays", text="1")
        await run(editor, "kvlens.put", **CARTS, key="cart:7", text="1", expirationTtl=3600)
        assert await clock_of_project(editor) is None
        shown = await run(editor, "kvlens.clock")
        assert (shown["seconds"], shown["frozen"]) == (0, False)
        following = shown["next"]
        assert (following["key"], following["binding"]) == ("cart:7", "CARTS")
        expires = following["expiration"]

        editor.notes.clear()
        moved = await run(editor, "kvlens.clock", move="advance", seconds=DAY)
        assert (moved["seconds"], moved["frozen"], moved["next"]) == (DAY, False, None)
        assert any(method == "kvlens/changed" for method, _ in editor.notes)
        assert await keys(editor) == ["stays"]
        assert (await clock_of_project(editor))["seconds"] == DAY
        done = await run(editor, "kvlens.put", **CARTS, key="new", text="1", expirationTtl=60)
        assert done is not None
        ((_, expiration),) = [
            (key["name"], key["expiration"])
            for key in (await run(editor, "kvlens.list", **CARTS))["keys"]
            if key["name"] == "new"
        ]
        assert int(moved["time"]) + 60 <= expiration <= moved["time"] + 120
        with pytest.raises(JsonRpcException, match="Invalid expiration"):
            await run(editor, "kvlens.update", **CARTS, keys=["stays"], expiration=expires)

        for before, there in ((True, True), (False, False)):
            await run(editor, "kvlens.clock", move="reset")
            wanted = {**CARTS, "key": "cart:7", "before": before}
            frozen = await run(editor, "kvlens.clock", move="jump", **wanted)
            assert (frozen["time"], frozen["frozen"]) == (expires + (-1 if before else 1), True)
            assert ("cart:7" in await keys(editor)) is there
        running = await run(editor, "kvlens.clock", move="resume")
        assert not running["frozen"]
        assert (await run(editor, "kvlens.clock", move="freeze"))["frozen"]
        await run(editor, "kvlens.clock", move="reset")
        assert await clock_of_project(editor) is None
        assert await keys(editor) == ["cart:7", "new", "stays"]


async def test_a_shell_moves_it_and_a_restart_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")

    def shell(*words: str) -> None:
        subprocess.run(own_command("clock", *words), cwd=tmp_path, check=True)

    settings = {"store": "wrangler:", "push": True}
    async with connected(tmp_path, settings) as editor:
        await run(editor, "kvlens.put", **CARTS, key="k", text="1", expirationTtl=3600)
        for words, there in (("advance 1d", []), ("reset", ["k"]), ("advance 2d", [])):
            editor.notes.clear()
            shell(*words.split())
            assert await keys(editor) == there  # at once
            await until(lambda: any(method == "kvlens/changed" for method, _ in editor.notes))
    async with connected(tmp_path, settings) as editor:
        (project,) = await run(editor, "kvlens.namespaces")
        assert project["state"] in ("stopped", "starting")  # the clock doesn't wait for it
        assert project["clock"]["seconds"] == 2 * DAY
    async with connected(tmp_path, {**settings, "trusted": False}) as editor:
        assert await clock_of_project(editor) is None  # the file isn't even opened


async def test_a_copy_names_the_moved_clock_and_what_it_leaves(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    async with connected(tmp_path, {"store": "wrangler:"}) as editor:
        await run(editor, "kvlens.put", **CARTS, key="k", text="1", expirationTtl=3600)
        other = {"store": "wrangler:other"}
        name = (await run(editor, "kvlens.compareOpen", **CARTS, right=other))["comparison"]
        counts = {"new": 1, "overwritten": 0, "deleted": 0, "onlyThere": 0, "unreadable": 0}
        plan = {"comparison": name, "to": "right", "keys": ["k"]}
        assert await run(editor, "kvlens.comparePlan", **plan) == counts
        await run(editor, "kvlens.compareCopy", comparison=name)
        await run(editor, "kvlens.put", **CARTS, key="k", text="2", expirationTtl=3600)
        await run(editor, "kvlens.clock", move="advance", seconds=DAY)
        await run(editor, "kvlens.compareRefresh", comparison=name)
        found = await run(editor, "kvlens.comparePlan", **plan, deletes=True)
        assert found.pop("clock")["seconds"] == DAY
        assert found == {**counts, "new": 0, "expired": 1}
        sides = await run(editor, "kvlens.compareContents", comparison=name, key="k")
        assert [side["text"] for side in sides.values()] == ["2", "1"]
        (row,) = (await run(editor, "kvlens.compareRows", comparison=name))["rows"]
        assert (row["name"], row["kind"]) == ("k", "changed")


async def test_a_clock_file_that_is_ignored_is_named(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    async with connected(tmp_path, {"store": "wrangler:"}) as editor:
        assert "problem" not in await run(editor, "kvlens.clock", move="reset")
        (file,) = tmp_path.rglob("clock.json")
        file.write_text("{}", encoding="utf-8")
        assert "clock.json is ignored" in (await run(editor, "kvlens.clock"))["problem"]
        assert "problem" not in await run(editor, "kvlens.clock", move="freeze")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another move": ({"move": "back"}, "takes one of these: advance, jump, freeze"),
    "no seconds": ({"move": "advance"}, '"seconds" is missing'),
    "too far": ({"move": "advance", "seconds": 1e15}, "end of the year 9999"),
    "too far back": ({"move": "advance", "seconds": -1e15}, "from 1970"),
    "no namespace": ({"move": "jump", "key": "k"}, '"binding" or "id" is missing'),
    "no key": ({"move": "jump", "key": "none", **CARTS}, 'No key "none"'),
}


@pytest.mark.parametrize(("params", "text"), WRONG.values(), ids=WRONG)
async def test_a_wrong_move_moves_nothing(
    editor: Editor, params: dict[str, Any], text: str
) -> None:
    with pytest.raises(JsonRpcException, match=text):
        await run(editor, "kvlens.clock", **params)
    shown = await run(editor, "kvlens.clock")
    assert (shown["seconds"], shown["frozen"]) == (0, False)


@pytest.mark.parametrize("store", ["wrangler:", "memory:"])
async def test_a_row_with_the_name_of_a_hidden_key_changes_that_key(
    tmp_path: Path, store: str
) -> None:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    async with connected(tmp_path, {"store": store, "push": True}) as editor:
        await run(editor, "kvlens.put", **CARTS, key="hidden", text="1", expirationTtl=3600)
        await run(editor, "kvlens.clock", move="advance", seconds=DAY)
        assert await keys(editor) == []
        unread = {"key": "hidden", "version": "", "text": "2"}
        done = await run(editor, "kvlens.apply", **CARTS, edits=[unread])
        assert done == {"applied": 0, "conflicts": ["hidden"]}
        (before,) = (await run(editor, "kvlens.contents", **CARTS, keys=["hidden"], values=99))[
            "contents"
        ]
        assert before["text"] == "1"
        edit = {"key": "hidden", "version": before["version"], "text": "2", "expiration": None}
        assert (await run(editor, "kvlens.apply", **CARTS, edits=[edit]))["applied"] == 1
        assert await keys(editor) == ["hidden"]
