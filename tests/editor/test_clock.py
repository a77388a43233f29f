"""The clock in the real workbench: moved by menu, keyboard, table and shell, and never forgotten."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.editor.conftest import Open, kvlens
from tests.editor.test_table import Table
from tests.editor.window import Window

CONFIG = 'name = "shop"\nkv_namespaces = [{ binding = "CART", id = "cart" }]\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    kvlens(tmp_path, "key", "put", "stays", "1", "--binding", "CART")
    kvlens(tmp_path, "key", "put", "session", "1700000000", "--binding", "CART", "--ttl", "7200")
    return tmp_path


@pytest.fixture
def window(open_window: Open, project: Path) -> Window:
    window = open_window(project)
    window.show_view()
    window.running()
    window.see("session")
    return window


def clock(window: Window) -> Locator:
    """Return the clock in the status bar."""
    return window.page.locator('.statusbar-item[id="kvlens.kvlens.kvlens.clock"]')


def test_a_key_is_jumped_past_and_comes_back(window: Window) -> None:
    expect(clock(window)).to_have_count(0)
    window.context_menu("session", "Jump to Just Before Expiration")
    window.toast("Date.now() in a Worker stays real")
    expect(clock(window)).to_contain_text("KV frozen at")
    expect(window.see("session")).to_contain_text("under a minute")
    window.shot("before")
    window.context_menu("session", "Jump to Just After Expiration")
    expect(window.row("session")).to_have_count(0)
    window.see("stays")
    expect(clock(window)).to_have_class(re.compile("warning"))
    window.shot("after")
    clock(window).click()
    window.asks("Clock of KV: the clock is frozen at")
    window.shot("menu")
    window.pick("Let the clock run")
    expect(clock(window)).to_contain_text(re.compile(r"KV \+1 h 5\d min"))
    clock(window).click()
    window.pick("Back to now")
    window.see("session")
    expect(clock(window)).to_have_count(0)


def test_by_keyboard_and_over_a_reload(window: Window, project: Path) -> None:
    window.palette("KV Lens: Move Clock…")
    window.asks("Clock of KV: the clock is at the real time")
    window.shot("menu")
    window.answer("just after the next")
    window.toast("Back to Now")
    expect(window.row("session")).to_have_count(0)
    window.palette("KV Lens: Set Clock Back to Now")
    window.see("session")
    window.palette("KV Lens: Advance Clock")
    window.asks("Advance Clock")
    window.type("Another")
    window.confirm()
    window.answer("soon")
    expect(window.objection()).to_contain_text("such as 90s, 10m, 2h or 7d")
    window.answer("26h")
    expect(clock(window)).to_contain_text("KV +1 d 2 h")
    expect(window.row("session")).to_have_count(0)
    window.reload()
    expect(clock(window)).to_contain_text("KV +1 d 2 h")
    expect(clock(window).locator("a")).to_have_attribute("aria-label", re.compile(r"KV \+1 d 2 h"))
    window.palette("KV Lens: Set Clock Back to Now")
    expect(clock(window)).to_have_count(0)
    window.show_view()
    window.see("session")
    assert "session" in kvlens(project, "key", "list", "--binding", "CART")


def test_a_table_follows_the_clock_of_the_shell(window: Window, project: Path) -> None:
    window.palette("KV Lens: Open Namespace")
    table = Table(window)
    expect(table.footer()).to_contain_text("2 keys")
    kvlens(project, "clock", "advance", "1h")
    expect(table.cell("session", "expires")).to_contain_text(re.compile("^5[0-9] min"))
    expect(clock(window)).to_contain_text("KV +1 h")
    expect(table.frame.locator(".banner")).to_contain_text("clock +1 h")
    table.row("session").click()
    details = table.frame.locator(".details")
    expect(details.get_by_role("timer")).to_contain_text(re.compile("in 5[0-9] min"))
    window.shot("table")
    details.get_by_role("button", name="just before").click()
    expect(details.get_by_role("timer")).to_have_text("in 1 s")
    details.get_by_role("button", name="just after").click()
    expect(table.footer()).to_contain_text("1 key")
    expect(table.row("session")).to_have_count(0)
    window.shot("gone")
    kvlens(project, "clock", "reset")
    expect(table.footer()).to_contain_text("2 keys")
    expect(table.row("session")).to_have_count(1)
    expect(clock(window)).to_have_count(0)
