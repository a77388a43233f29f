"""The view of keys: folders, types, filter, selections, copies, drops."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.editor.conftest import Open, kvlens
from tests.editor.test_saving import picture
from tests.editor.window import Served, Window

DARK = {"workbench.colorTheme": "Default Dark Modern"}


def put(project: Path, items: list[dict[str, object]]) -> None:
    """Put keys from the shell."""
    (project / "items.json").write_text(json.dumps(items), encoding="utf-8")
    kvlens(project, "bulk", "put", "items.json", "--binding", "SESSIONS")


@pytest.fixture
def window(open_window: Open, project: Path) -> Window:
    names = [f"user:{number:03}" for number in range(50)] + ["tea/black/assam", "tea/green"]
    items: list[dict[str, object]] = [{"key": name, "value": name} for name in names]
    items += [
        {"key": "config", "value": '{"theme":"dark"}'},
        {"key": "count", "value": "42", "expiration_ttl": 7200},
        {"key": "evil\u202ekey", "value": "a\u202eb\nc"},
    ]
    put(project, items)
    window = open_window(project)
    window.show_view()
    window.running()
    window.expand("SESSIONS")
    return window


@pytest.fixture
def served(window: Window) -> Served:
    found = window.served("SESSIONS")
    window.page.evaluate("navigator.clipboard.writeText('')")
    return found


def copied(window: Window) -> str:
    """Return the text of the clipboard, once there is some."""
    for _ in range(100):
        if text := str(window.page.evaluate("navigator.clipboard.readText()")):
            break
        window.page.wait_for_timeout(100)
    window.page.evaluate("navigator.clipboard.writeText('')")
    return text


def test_folders_types_and_filter(window: Window, served: Served, project: Path) -> None:
    served.put("logo", picture())
    expect(window.see("user:")).to_contain_text("50 keys")
    expect(window.see("config")).to_contain_text('{"theme":"dark"}')
    expect(window.see("count")).to_contain_text("42 · 1 h")
    expect(window.see("evil\\u202ekey")).to_contain_text("a\\u202eb c")
    expect(window.see("SESSIONS")).to_contain_text("56 keys")
    expect(window.see("Top level")).to_contain_text("local")
    window.expand("tea/")
    window.see("tea/green")
    window.expand("black/")
    window.see("tea/black/assam").click()
    window.tab("tea\u2215black\u2215assam")
    window.shot("folders")
    (project / ".vscode").mkdir()
    (project / ".vscode" / "settings.json").write_text(json.dumps(DARK), encoding="utf-8")
    expect(window.page.locator(".monaco-workbench.vs-dark")).to_have_count(1)
    window.shot("dark")
    window.see("logo").click()
    window.tab("logo.png")
    expect(window.page.locator("iframe.webview.ready")).to_have_count(1)
    window.context_menu("SESSIONS", "Filter by Prefix…")
    window.answer("user:04")
    expect(window.see("SESSIONS")).to_contain_text("filter: user:04*")
    window.see("user:049")
    expect(window.row("config")).to_have_count(0)
    window.shot("filter")
    window.context_menu("SESSIONS", "Filter by Prefix…")
    window.answer("nothing")
    window.see('No key begins with "nothing": clear the filter').click()
    window.see("config")


def test_a_folder_is_deleted_after_its_count_is_said(window: Window, served: Served) -> None:
    window.context_menu("user:", "Delete Key…")
    box = window.page.locator(".monaco-dialog-box")
    expect(box).to_contain_text("Delete 50 keys from SESSIONS?")
    window.shot("question")
    window.dialog("Delete")
    expect(window.row("user:")).to_have_count(0)
    assert len(served.keys()) == 5
    window.context_menu("tea/", "Put Key…")
    box = window.page.locator(".quick-input-widget:visible .quick-input-box input")
    expect(box).to_have_value("tea/")


def test_selected_keys_are_copied_and_get_an_expiration(window: Window, served: Served) -> None:
    window.see("config").click()
    window.row("count").click(modifiers=["Control"])
    window.context_menu("count", "Copy as Seed Entry")
    first, second = copied(window).split(",\n")
    assert json.loads(first) == {"key": "config", "value": '{"theme":"dark"}'}
    assert json.loads(second)["expiration"]
    window.context_menu("count", "Copy as wrangler")
    assert copied(window).splitlines()[0] == (
        "npx wrangler kv key get config --binding SESSIONS --local --text"
    )
    window.context_menu("count", "Copy as Code")
    assert copied(window).splitlines()[1] == 'await env.SESSIONS.get("count")'
    window.context_menu("count", "Copy Value")
    assert copied(window) == '{"theme":"dark"}\n42'
    window.context_menu("count", "Set Expiration…")
    window.asks("Set Expiration: 2 keys")
    window.pick("In 1 day")
    expect(window.see("config")).to_contain_text("23 h")
    window.shot("expiration")


def test_keys_and_files_are_dropped(window: Window, served: Served, project: Path) -> None:
    window.see("config").drag_to(window.see("FEATURE_FLAGS"))
    box = window.page.locator(".monaco-dialog-box")
    expect(box).to_contain_text('Copy "config" to FEATURE_FLAGS?')
    window.shot("copy")
    window.dialog("Copy")
    expect(window.see("FEATURE_FLAGS")).to_contain_text("1 key")
    assert window.served("FEATURE_FLAGS").value("config") == b'{"theme":"dark"}'
    assert served.value("config") == b'{"theme":"dark"}'
    row = window.see("SESSIONS")
    drop = """(row, [name, uris]) => {
        const data = new DataTransfer();
        if (uris) {
            data.setData('text/uri-list', uris);
        } else {
            data.items.add(new File(['of a file'], name, { type: 'text/plain' }));
        }
        for (const kind of ['dragenter', 'dragover', 'drop']) {
            const event = { dataTransfer: data, bubbles: true, cancelable: true };
            row.dispatchEvent(new DragEvent(kind, event));
        }
    }"""
    row.evaluate(drop, ["config", ""])
    expect(box).to_contain_text("Put 1 file into SESSIONS?")
    window.dialog("Put")
    expect(box).to_contain_text("SESSIONS has 1 key with other content.")
    window.shot("overwrite")
    window.dialog("Overwrite")
    expect(window.see("config")).to_contain_text("of a file")
    (project / "assets" / "css").mkdir(parents=True)
    (project / "assets" / "css" / "main.css").write_text("a{}", encoding="utf-8")
    (project / "assets" / "logo").write_bytes(picture())
    (project / "assets" / "elsewhere").symlink_to("/etc/hostname")
    host = urlsplit(window.page.url).netloc  # as the explorer of this workbench names files
    row.evaluate(drop, ["", f"vscode-remote://{host}{(project / 'assets').as_posix()}"])
    expect(box).to_contain_text("Put 2 files into SESSIONS?")
    window.shot("folder")
    window.dialog("Put")
    expect(window.see("assets/")).to_contain_text("2 keys")
    assert served.value("assets/css/main.css") == b"a{}"
    assert served.value("assets/logo") == picture()


KEY_MENU = [
    *("Open Value", "Open Details"),
    *("Rename Key…", "Duplicate Key…", "Set Expiration…", "Edit Metadata…"),
    *("Copy Key", "Copy Value", "Copy as curl…", "Copy as wrangler", "Copy as Code"),
    *("Copy as Seed Entry", "Export Selection…"),
    *("Jump to Just Before Expiration", "Jump to Just After Expiration"),
    "History of This Key",
    "Delete Key…",
]


def test_a_config_with_a_mistake_keeps_its_namespaces(window: Window, project: Path) -> None:
    labels = window.page.locator(".context-view .action-item:not(.disabled) .action-label")
    window.see("SESSIONS").click(button="right")
    expect(labels.first).to_have_text("Open as Table")
    window.page.keyboard.press("Escape")
    window.see("config").click(button="right")
    expect(labels).to_have_text(KEY_MENU)
    window.shot("menu")
    window.page.keyboard.press("Escape")
    path = project / "wrangler.toml"
    text = path.read_text("utf-8").replace("kv_namespaces = [", "kv_namespaces = [[[", 1)
    path.write_text(text, encoding="utf-8")
    row = window.page.locator(".sidebar .monaco-list-row", has_text="wrangler.toml: error in line")
    expect(row).to_be_visible()
    for label in ("Top level", "SESSIONS", "config"):
        window.see(label)
    expect(window.row("Keys without a namespace")).to_have_count(0)
    row.click()
    expect(window.page.locator(".tab.active")).to_contain_text("wrangler.toml")
    window.shot("mistake")
