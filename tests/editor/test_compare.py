"""Two namespaces compared in a tab, and keys copied between them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.editor.conftest import Open, kvlens
from tests.editor.test_table import Table
from tests.editor.window import Window
from tests.interop.redis_servers import Server, redis_server

CONFIG = """\
[[kv_namespaces]]
binding = "SESSIONS"
id = "0f2ac74b498b48028cb68387c421e279"

[[env.staging.kv_namespaces]]
binding = "SESSIONS"
id = "1f2ac74b498b48028cb68387c421e279"
"""
SAME: list[dict[str, Any]] = [{"key": f"same:{n}", "value": "1"} for n in range(3)]
LEFT: list[dict[str, Any]] = [
    *SAME,
    {"key": "user:1", "value": '{"name":"Ada","tags":["a","b"]}', "metadata": {"v": 1}},
    {"key": "user:2", "value": "Bob", "metadata": {"v": 1}},
    {"key": "bidi\u202e\n", "value": "<b>not markup</b>"},
    {"key": "short", "value": "1", "expiration": 2_000_000_000},
]
RIGHT: list[dict[str, Any]] = [
    *SAME,
    {"key": "user:1", "value": '{"name":"Ada","tags":["a"]}', "metadata": {"v": 1}},
    {"key": "user:2", "value": "Bob", "metadata": {"v": 2}},
    {"key": "only staging", "value": "x"},
    {"key": "short", "value": "1"},
]
DIFFERENCES = {
    "bidi\\u202e\\n": "D  only in top level",
    "only staging": "A  only in staging",
    "short": "M  expiry",
    "user:1": "M  value",
    "user:2": "M  metadata",
}


class Comparison(Table):
    """The comparison in the active tab."""

    def says(self, rows: dict[str, str]) -> None:
        """Wait for exactly these rows, with their last cell."""
        expect(self.frame.locator(".cell.key")).to_have_text(list(rows))
        expect(self.frame.locator(".cell.difference")).to_have_text(list(rows.values()))

    def button(self, name: str) -> Locator:
        return self.frame.get_by_role("button", name=name)

    def preview(self) -> Locator:
        return self.frame.locator(".preview")

    def copy(self) -> None:
        """Confirm the preview."""
        self.preview().get_by_role("button", name="Copy", exact=True).click()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    put(tmp_path, LEFT)
    put(tmp_path, RIGHT, "--env", "staging")
    return tmp_path


def put(folder: Path, items: list[dict[str, Any]], *where: str) -> None:
    (folder / "fill.json").write_text(json.dumps(items), encoding="utf-8")
    kvlens(folder, "bulk", "put", "fill.json", "--binding", "SESSIONS", *where)
    (folder / "fill.json").unlink()


def stored(project: Path, key: str, *where: str) -> str:
    return kvlens(project, "key", "get", key, "--binding", "SESSIONS", *where)


def keys(project: Path, *where: str) -> list[str]:
    listed = json.loads(kvlens(project, "key", "list", "--binding", "SESSIONS", *where))
    return [one["name"] for one in listed]


def compare(window: Window, other: str) -> Comparison:
    """Compare the first namespace with another one."""
    window.show_view()
    window.running()
    window.palette("KV Lens: Compare Namespace")
    window.asks("Compare Namespace")
    focused = window.page.locator(".quick-input-list .monaco-list-row.focused:visible")
    expect(focused).to_contain_text("SESSIONS")
    window.confirm()
    window.asks("Compare SESSIONS")
    window.answer(other)
    return Comparison(window)


def test_differences_are_shown_and_copied_with_undo(open_window: Open, project: Path) -> None:
    window = open_window(project)
    found = compare(window, "staging")
    found.says(DIFFERENCES)
    expect(window.page.locator(".tab.active")).to_contain_text("SESSIONS: top level \u2194 staging")
    expect(found.frame.locator(".sides")).to_contain_text("local top level")
    expect(found.row("short").locator(".cell.value").nth(1)).to_contain_text("never expires")
    for text in ("A 1 only in staging", "D 1 only in top level", "M 3 differ"):
        expect(found.frame.locator(".kind", has_text=text.split(" ", 1)[1])).to_have_text(text)
    window.shot("differences")
    found.button("3 the same").click()
    expect(found.frame.locator(".cell.key")).to_have_count(8)
    found.button("3 the same").click()
    found.frame.locator("#filter").fill("user:*")
    expect(found.frame.locator(".cell.key")).to_have_text(["user:1", "user:2"])
    found.frame.locator("#filter").fill("ttl<1h")
    expect(found.frame.locator(".filter .problem")).to_contain_text("filtered by key only")
    found.frame.locator("#filter").press("Escape")  # the suggestions
    found.frame.locator("#filter").press("Escape")
    found.says(DIFFERENCES)
    found.button("Copy All to staging…").click()
    expect(found.preview()).to_contain_text("1 new, 3 overwritten, 0 deleted")
    found.frame.get_by_role("checkbox").check()
    expect(found.preview()).to_contain_text("1 new, 3 overwritten, 1 deleted")
    expect(found.row("only staging").locator(".cell.difference")).to_have_text(
        "D  deleted: not in top level"
    )
    window.shot("preview")
    found.button("Copy and Delete").click()
    toast = window.toast("staging: copied 4 keys, deleted 1 key")
    expect(found.grid).to_contain_text("No differences")
    assert keys(project, "--env", "staging") == keys(project)
    window.shot("copied")
    toast.get_by_role("button", name="Undo").click()
    found.says(DIFFERENCES)
    assert "only staging" in keys(project, "--env", "staging")


def test_a_row_shows_both_values_beside(open_window: Open, project: Path) -> None:
    window = open_window(project)
    found = compare(window, "staging")
    found.row("user:1").locator(".cell.key").click()
    expect(window.page.locator(".tab", has_text="user:1: top level \u2194 staging")).to_be_visible()
    right = window.page.locator(".modified-in-monaco-diff-editor .lines-content > .view-lines")
    expect(right).to_contain_text('"a"')
    window.shot("diff")


def test_only_the_keyboard(open_window: Open, project: Path) -> None:
    window = open_window(project)
    found = compare(window, "staging")
    found.says(DIFFERENCES)
    press = window.page.keyboard.press
    expect(found.grid).to_be_focused()
    press("Control+A")
    expect(found.frame.locator(".row.selected .cell.key")).to_have_text(list(DIFFERENCES))
    expect(found.button("Copy 5 keys to staging…")).to_be_enabled()
    press("End")
    press("Shift+ArrowUp")
    expect(found.frame.locator(".row.selected .cell.key")).to_have_text(["user:1", "user:2"])
    found.button("Copy 2 keys to staging…").focus()
    press("Enter")
    expect(found.preview()).to_contain_text("0 new, 2 overwritten, 0 deleted")
    press("Escape")
    expect(found.preview()).to_have_count(0)
    found.button("Copy 2 keys to top level…").focus()
    press("Enter")
    expect(found.button("Cancel")).to_be_focused()
    press("Tab")
    press("Enter")
    window.toast("top level: copied 2 keys")
    assert json.loads(stored(project, "user:1"))["tags"] == ["a"]
    found.says({key: text for key, text in DIFFERENCES.items() if not key.startswith("user")})


def test_changes_are_followed_and_nothing_is_overwritten_unseen(
    open_window: Open, project: Path
) -> None:
    window = open_window(project)
    found = compare(window, "staging")
    found.says(DIFFERENCES)
    put(project, [{"key": "only staging", "value": "x"}])
    found.says({key: text for key, text in DIFFERENCES.items() if key != "only staging"})
    found.button("Copy All to staging…").click()
    expect(found.preview()).to_contain_text("1 new, 3 overwritten")
    put(project, [{"key": "user:2", "value": "mine"}], "--env", "staging")
    expect(found.frame.locator(".cell.value", has_text="mine")).to_have_count(0)
    found.copy()
    window.toast('Nothing was written: "user:2" changed since the comparison')
    assert stored(project, "user:2", "--env", "staging") == "mine"
    expect(found.row("user:2").locator(".cell.difference")).to_have_text("M  value, metadata")
    window.shot("refused")


def test_a_snapshot_is_only_read(open_window: Open, project: Path) -> None:
    kvlens(project, "snapshot", "save", "base")
    put(project, [{"key": "later", "value": "1"}])
    window = open_window(project)
    found = compare(window, "base")
    found.says({"later": "D  only now"})
    expect(found.frame.locator(".sides")).to_contain_text("snapshot snapshot base")
    expect(found.button("Copy All to snapshot base…")).to_have_count(0)
    expect(found.button("Copy All to now…")).to_be_visible()
    window.shot("snapshot")


def test_a_shared_store_has_a_banner_and_a_question(open_window: Open, project: Path) -> None:
    with Server(redis_server(), project.parent / "redis") as redis:
        window = open_window(project)
        window.show_view()
        window.running()
        window.palette("KV Lens: Compare Namespace")
        window.asks("Compare Namespace")
        window.confirm()
        window.asks("Compare SESSIONS")
        window.pick("Another Store")
        window.asks("Compare with Another Store")
        window.answer(f"redis://127.0.0.1:{redis.port}")
        found = Comparison(window)
        expect(found.frame.locator(".cell.key")).to_have_count(7)
        expect(found.frame.locator(".banner.remote")).to_contain_text("shared redis://127.0.0.1")
        found.row("user:1").click(modifiers=["Control"])
        found.button(f"Copy 1 key to redis://127.0.0.1:{redis.port}…").click()
        found.copy()
        box = window.page.locator(".monaco-dialog-box")
        expect(box).to_contain_text("Write 1 change to the shared store?")
        expect(box).to_contain_text(f"redis://127.0.0.1:{redis.port}")
        window.shot("question")
        window.dialog("Write")
        toast = window.toast("copied 1 key")
        expect(found.frame.locator(".cell.key")).to_have_count(6)
        toast.get_by_role("button", name="Undo").click()
        window.toast("Deleted 1 key")
        expect(found.frame.locator(".cell.key")).to_have_count(7)
        redis.stop()
        found.button("Refresh").click()
        expect(found.frame.locator(".failure")).to_contain_text(str(redis.port))
        expect(found.frame.locator(".cell.key")).to_have_count(7)
        window.shot("gone")


THEMES = {
    "light": "Default Light Modern",
    "dark": "Default Dark Modern",
    "high contrast": "Default High Contrast",
}


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_themes(open_window: Open, project: Path, theme: str) -> None:
    settings = {"workbench.colorTheme": theme}
    (project / ".vscode").mkdir()
    (project / ".vscode" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    window = open_window(project)
    found = compare(window, "staging")
    found.says(DIFFERENCES)
    found.row("user:1").click(modifiers=["Control"])
    window.shot("rows")
    found.button("Copy All to staging…").or_(found.button("Copy 1 key to staging…")).click()
    expect(found.preview()).to_be_visible()
    window.shot("preview")
