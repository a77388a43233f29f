"""An untrusted workspace: checked, but not touched otherwise."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from kvlens.lsp.execute_command import COMMANDS
from kvlens.lsp.settings import read_settings
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import CONFIG, Editor, connected, run, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
CARTS = {"binding": "CARTS", "environment": None}
PARAMS: dict[str, Any] = {
    **CARTS,
    "key": "k",
    "to": "l",
    "keys": ["k"],
    "text": "v",
    "name": "base",
    "uri": "",
    "position": {},
    "view": "1",
    "edits": [{"key": "k", "version": "", "text": "v"}],
    "prefixes": [""],
    "change": 1,
    "action": "1",
    "comparison": "1",
    "right": {"binding": "PRICES"},
}  # parameters for every command


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A project whose state would be swept if it were opened, with folders that lead elsewhere."""
    folder = tmp_path / "hostile"
    (folder / "src").mkdir(parents=True)
    (folder / "seeds").mkdir()
    (folder / "src" / "index.ts").write_text("export default {};\n", encoding="utf-8")
    (folder / "seeds" / "CARTS.json").write_text("[]", encoding="utf-8")
    (folder / "wrangler.toml").write_text(f'main = "src/index.ts"\n{CONFIG}', encoding="utf-8")
    place = folder / ".wrangler" / "state" / "v3" / "kv" / "0f2ac74b498b48028cb68387c421e279"
    place.mkdir(parents=True)
    (place / "kvlens-leftovers").symlink_to(folder / "src")
    (place / "blobs").symlink_to(folder / "src")
    (folder / ".wrangler" / "kvlens" / "snapshots").mkdir(parents=True)
    (folder / ".wrangler" / "kvlens" / "snapshots" / "base").symlink_to(folder / "src")
    return folder


def seen(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return what is in a folder, with the times of changes and reads."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        state = path.lstat()
        found[str(path)] = (state.st_mtime_ns, state.st_ctime_ns, state.st_ino)
    return found


def open_files(editor: Editor) -> list[str]:
    """Return the open files of the server and its children, if the system shows them."""
    server: Any = editor._server
    found: list[str] = []
    for pid in [server.pid, *children(server.pid)]:
        for handle in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                found.append(str(handle.readlink()))
            except OSError:
                continue
    return found


def children(pid: int) -> list[int]:
    return [
        int(path.name)
        for path in Path("/proc").glob("[0-9]*")
        if (path / "stat").exists()
        and int((path / "stat").read_text("utf-8").rpartition(")")[2].split()[1]) == pid
    ]


async def test_an_untrusted_workspace_is_checked_and_left_alone(hostile: Path) -> None:
    before = seen(hostile)
    async with connected(hostile, {"store": "wrangler:", "push": True, "trusted": False}) as editor:
        await until(lambda: (hostile / "wrangler.toml").as_uri() in editor.diagnostics)
        seed = (hostile / "seeds" / "CARTS.json").as_uri()
        for name in (name for name, command in COMMANDS.items() if command.needs_trust):
            with pytest.raises(JsonRpcException, match="Trust the workspace first"):
                await run(editor, name, **PARAMS, file=seed)
        (listed,) = await run(editor, "kvlens.namespaces")
        assert (listed["state"], len(listed["namespaces"])) == ("stopped", 3)
        assert await run(editor, "kvlens.stop") is not None
        assert children(editor._server.pid) == []  # type: ignore[union-attr]
        assert not [path for path in open_files(editor) if "/.wrangler" in path]
        await asyncio.sleep(0.5)
        assert seen(hostile) == before


async def test_trust_that_is_granted_starts_the_emulator(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    async with connected(tmp_path, {"trusted": False, "store": "memory:", "push": True}) as editor:
        await until(lambda: (tmp_path / "wrangler.toml").as_uri() in editor.diagnostics)
        store = {"store": "memory:"}
        for settings in (store, {**store, "trusted": False}, {**store, "trusted": "yes"}):
            configure(editor, settings)
            with pytest.raises(JsonRpcException, match="Trust the workspace first"):
                await run(editor, "kvlens.list", **CARTS)
        configure(editor, {**store, "trusted": True})
        await until(lambda: "running" in states(editor))
        assert await run(editor, "kvlens.list", **CARTS)
        configure(editor, {**store, "trusted": False})
        await until(lambda: states(editor)[-1] == "stopped")


def configure(editor: Editor, settings: dict[str, Any]) -> None:
    editor.workspace_did_change_configuration(
        types.DidChangeConfigurationParams({"kvlens": settings})
    )


def states(editor: Editor) -> list[str]:
    return [
        params["state"] if isinstance(params, dict) else params.state
        for method, params in editor.notes
        if method == "kvlens/status"
    ]


async def test_hosts_that_are_allowed_are_read_with_care() -> None:
    settings, complaints = read_settings({"allowedHosts": ["App.test", ".x.test", "http://y", 5]})
    assert settings.allowedHosts == ("app.test", ".x.test")
    assert len(complaints) == 2
    settings, complaints = read_settings({"allowedHosts": "app.test"})
    assert (settings.allowedHosts, len(complaints)) == ((), 1)


async def test_a_config_with_a_mistake_is_not_called_empty(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text("kv_namespaces = [\n", encoding="utf-8")
    async with connected(tmp_path, {"store": "memory:", "push": True}) as editor:
        await until(lambda: (tmp_path / "wrangler.toml").as_uri() in editor.diagnostics)
        (project,) = await run(editor, "kvlens.namespaces")
        assert project["namespaces"] == []
        assert project["problem"].startswith("the file has a mistake in line 1: ")
