"""The history in the real workbench: what it shows, compares and restores, and Undo."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from kvlens.stores.wrangler.disk_format import blobs_path, database_path
from playwright.sync_api import Locator, expect

from tests.editor.conftest import Open, kvlens
from tests.editor.test_saving import picture
from tests.editor.window import Window

ALONE = re.compile("cart:1edited [0-9:]+ [AP]M · shell · CART · 12 B → 12 B$")
CONFIG = 'name = "shop"\nkv_namespaces = [{ binding = "CART", id = "cart" }]\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "CART.json").write_text(
        '[{"key": "cart:1", "value": "{\\"items\\": 1}"}, {"key": "cart:2", "value": "two"}]'
    )
    return tmp_path


@pytest.fixture
def window(open_window: Open, project: Path) -> Window:
    window = open_window(project)
    window.show_view()
    window.running()
    return window


def pane(window: Window) -> Locator:
    """Return the history's part of the side bar."""
    header = window.page.locator(".pane-header", has_text="History")
    return window.page.locator(".sidebar .pane", has=header)


def show(window: Window) -> None:
    """Run the command, which is not the first one of its words in the palette."""
    window.page.keyboard.press("F1")
    window.type(">KV Lens: History")
    row = window.page.locator(".quick-input-list .monaco-list-row[aria-label='KV Lens: History']")
    row.click()


def show_by_keyboard(window: Window) -> None:
    """Run the command without the mouse."""
    window.page.keyboard.press("F1")
    window.type(">KV Lens: History")
    row = ".quick-input-list .monaco-list-row"
    for _ in range(5):
        if window.page.locator(f"{row}.focused[aria-label^='KV Lens: History']").count():
            break
        window.page.keyboard.press("ArrowDown")
        window.page.wait_for_timeout(200)
    window.confirm()
    expect(pane(window).locator(".monaco-list:focus")).to_have_count(1)


def rows(window: Window) -> Locator:
    return pane(window).locator(".monaco-list-row[role=treeitem]")


def shell(project: Path, *words: str) -> str:
    return kvlens(project, *words, "--binding", "CART")


def values(project: Path) -> str:
    return shell(project, "export")


def test_changes_are_shown_compared_and_undone(window: Window, project: Path) -> None:
    show(window)
    expect(pane(window)).to_contain_text("No changes yet")
    window.shot("empty")
    kvlens(project, "seed", "--force")
    first = rows(window).first
    expect(first).to_contain_text("kvlens seed")
    expect(first).to_contain_text(re.compile("[AP]M · shell · 2 keys"))
    shell(project, "key", "put", "cart:1", '{"items": 2}')
    expect(rows(window).first).to_contain_text("cart:1")
    expect(rows(window).first).to_contain_text(ALONE)

    rows(window).nth(1).click()
    expect(rows(window)).to_have_count(4)
    window.shot("changes")
    rows(window).first.click()
    expect(window.page.locator(".monaco-diff-editor")).to_be_visible()
    expect(window.page.locator(".editor.modified .view-line")).to_have_text(
        ["{", '  "items": 2', "}"]
    )
    expect(window.page.locator(".tab.active")).not_to_contain_text("changed")
    window.shot("compared")

    rows(window).first.click(button="right")
    menu = window.page.locator(".context-view .action-label", has_text="Restore Value Before")
    menu.hover()
    window.shot("menu")
    window.page.wait_for_timeout(500)
    menu.click()
    asked = window.page.locator(".monaco-dialog-box")
    expect(asked).to_contain_text("Restore cart:1 as it was before this change?")
    expect(asked).to_contain_text("1 key will be written")
    window.shot("question")
    window.dialog("Restore")
    window.toast("Restored 1 key.")
    expect(rows(window).first).to_contain_text("editor")
    assert '{\\"items\\": 1}' in values(project)


def test_a_key_in_the_view_has_its_history(window: Window, project: Path) -> None:
    kvlens(project, "seed", "--force")
    shell(project, "key", "put", "cart:2", "two", "--metadata", '{"by": "me"}', "--ttl", "3600")
    window.see("cart:")
    window.context_menu("cart:2", "History of This Key")
    expect(rows(window)).to_have_count(2)
    expect(pane(window)).to_contain_text("CART, cart:2")
    rows(window).first.click()
    titled = "metadata changed · expiration changed"
    expect(window.page.locator(".tab.active")).to_contain_text(titled)
    rows(window).first.hover()
    pane(window).locator(".action-label[aria-label^='Undo This Action']").first.click()
    asked = window.page.locator(".monaco-dialog-box")
    expect(asked).to_contain_text("1 key will be written with the earlier value")
    window.shot("undo-question")
    window.dialog("Undo")
    window.toast("Restored 1 key.")


def test_a_clear_is_undone_from_its_notification(window: Window, project: Path) -> None:
    kvlens(project, "seed", "--force")
    before = values(project)
    window.see("CART")
    window.context_menu("CART", "Clear Namespace")
    window.dialog("Clear")
    toast = window.toast("Deleted 2 keys from CART.")
    window.shot("toast")
    assert values(project) != before
    shell(project, "key", "put", "cart:2", "later")
    toast.locator(".monaco-button", has_text="Undo").click()
    window.toast("Restored 1 key.")
    window.toast('Kept "cart:2": changed since.')
    window.shot("undone")
    assert '{\\"items\\": 1}' in values(project)
    assert "later" in values(project)


def test_the_history_is_filtered(window: Window, project: Path) -> None:
    kvlens(project, "seed", "--force")
    show(window)
    expect(rows(window)).to_have_count(1)
    window.palette("KV Lens: Filter Changes by Key")
    window.answer("cart:2")
    expect(rows(window).first).to_contain_text("cart:2")
    window.palette("KV Lens: Filter Changes by Writer")
    window.pick("shell")
    expect(rows(window)).to_have_count(1)
    window.palette("KV Lens: Filter Changes by Namespace")
    window.pick("CART")
    expect(pane(window)).to_contain_text("CART, cart:2, shell")
    expect(rows(window)).to_have_count(1)
    window.shot("filtered")
    window.palette("KV Lens: Filter Changes by Key")
    window.answer("none")
    expect(pane(window)).to_contain_text("No changes match the filter")
    window.palette("KV Lens: Clear Filter of Changes")
    expect(rows(window).first).to_contain_text("2 keys")


def test_pictures_and_bytes_are_compared_in_their_viewers(window: Window, project: Path) -> None:
    file = project / "logo"
    for content in (picture(), picture(b"\0\0\xff")):
        file.write_bytes(content)
        shell(project, "key", "put", "logo", "--path", str(file))
    show(window)
    rows(window).first.click()
    expect(window.page.locator(".tab", has_text="logo.png")).to_have_count(2)
    expect(window.page.locator(".statusbar")).to_contain_text("32x32")
    window.page.wait_for_timeout(1000)  # a frame of another origin draws the picture
    window.shot("pictures")
    file.write_bytes(bytes(range(250)))
    shell(project, "key", "put", "bytes", "--path", str(file))
    window.palette("View: Close All Editors")
    expect(rows(window).first).to_contain_text("bytes")
    rows(window).first.click()
    expect(window.page.locator(".editor.modified .view-line").first).to_contain_text(
        "00000000  00 01 02 03"
    )
    window.shot("bytes")


def test_what_another_program_writes_is_shown(window: Window, project: Path) -> None:
    kvlens(project, "seed", "--force")
    show(window)
    expect(rows(window)).to_have_count(1)
    window.see("CART")
    window.page.wait_for_timeout(3000)  # until the keys have been looked at
    state = project / ".wrangler" / "state" / "v3"
    blob = os.urandom(40).hex()
    (blobs_path(state, "cart") / blob).write_text('{"items": 7}')
    with closing(sqlite3.connect(database_path(state, "cart"))) as db:
        db.execute("REPLACE INTO _mf_entries (key, blob_id) VALUES ('cart:1', ?)", (blob,))
        db.commit()
    expect(rows(window).first).to_contain_text("cart:1")
    expect(rows(window).first).to_contain_text("outside KV Lens · CART · 12 B → 12 B")
    rows(window).first.click()
    expect(window.page.locator(".editor.modified .view-lines")).to_contain_text("7")
    window.shot("outside")


def test_an_undo_is_only_offered_if_there_is_one(open_window: Open, project: Path) -> None:
    (project / ".vscode").mkdir()
    settings = {"kvlens.history.size": 1}  # MB
    (project / ".vscode" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    items = [{"key": "large", "value": "x" * 6_000_000}]
    (project / "large.json").write_text(json.dumps(items))
    kvlens(project, "bulk", "put", "large.json", "--binding", "CART")
    window = open_window(project)
    window.show_view()
    window.running()
    window.see("CART")
    window.context_menu("CART", "Clear Namespace")
    expect(window.page.locator(".monaco-dialog-box")).to_contain_text("It can't be undone")
    window.dialog("Clear")
    toast = window.toast("Deleted 1 key from CART.")
    expect(toast).to_contain_text("It can't be undone: it takes more than the 1.0 MB")
    expect(toast.locator(".monaco-button", has_text="Undo")).to_have_count(0)
    window.shot("no-undo")
    toast.locator(".monaco-button", has_text="Open Settings").click()
    expect(window.page.locator(".settings-editor")).to_contain_text("History: Size")


def test_the_history_is_used_by_keyboard_in_the_dark(open_window: Open, project: Path) -> None:
    (project / ".vscode").mkdir()
    settings = {"workbench.colorTheme": "Default Dark Modern"}
    (project / ".vscode" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    window = open_window(project)
    window.show_view()
    window.running()
    kvlens(project, "seed", "--force")
    shell(project, "key", "put", "cart:1", "later")
    press = window.page.keyboard.press
    show_by_keyboard(window)
    expect(rows(window)).to_have_count(2)
    press("ArrowDown")
    press("ArrowDown")
    press("ArrowRight")  # opens the seed
    expect(rows(window)).to_have_count(4)
    press("ArrowUp")
    expect(rows(window).first).to_have_attribute(
        "aria-label",
        re.compile("^cart:1, edited [0-9:]+ [AP]M · shell · CART · 12 B → 5 B$"),
    )
    press("Enter")
    expect(window.page.locator(".monaco-diff-editor")).to_be_visible()
    window.shot("dark-compared")
    show_by_keyboard(window)
    press("Shift+F10")
    menu = window.page.locator(".context-view .action-label", has_text="Restore Value Before")
    expect(menu).to_be_visible()
    window.shot("dark-menu")
    for _ in range(12):
        if window.page.locator(".context-view .focused", has_text="Restore Value Before").count():
            break
        press("ArrowDown")
    press("Enter")
    expect(window.page.locator(".monaco-dialog-box")).to_contain_text("as it was before")
    window.shot("dark-question")
    press("Enter")
    window.toast("Restored 1 key.")
    assert '{\\"items\\": 1}' in values(project)
