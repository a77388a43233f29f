"""The palette's commands: their questions, what they refuse, what they do."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

from playwright.sync_api import expect

from tests.editor.test_table import Table
from tests.editor.window import Window


def test_put_get_delete(window: Window) -> None:
    window.palette("KV Lens: Put Key…")
    window.pick("SESSIONS")
    window.asks("Put Key: SESSIONS")
    for name, objection in (
        ("", "can't be empty"),
        ("..", '".." isn\'t allowed'),
        ("é" * 257, "514 bytes"),
    ):
        window.type("x")
        window.type(name)
        expect(window.objection()).to_contain_text(objection)
    window.shot("key-refused")
    window.answer("users/1")
    expect(window.page.locator(".quick-input-widget:visible")).to_contain_text('Value of "users/1"')
    window.answer("Grace")
    window.asks("Put Key: SESSIONS")
    window.pick("Metadata")
    window.pick("Expiry")
    window.shot("put-extras")
    window.confirm()
    expect(window.page.locator(".quick-input-widget:visible")).to_contain_text("Metadata, as JSON")
    window.type("{role}")
    expect(window.objection()).to_contain_text("Not JSON")
    window.answer('{"role": "admin"}')
    expect(window.page.locator(".quick-input-widget:visible")).to_contain_text("Expires after")
    window.type("30s")
    expect(window.objection()).to_contain_text("The minimum is 60 seconds")
    window.answer("2h")
    expect(window.page.locator(".statusbar")).to_contain_text('Put "users/1" into SESSIONS')

    served = window.served("SESSIONS")
    assert served.value("users/1") == b"Grace"
    info = served.keys()["users/1"]
    assert info["metadata"] == {"role": "admin"}
    assert 7000 < info["expiration"] - time.time() <= 7200

    window.palette("KV Lens: Get Key…")
    window.pick("SESSIONS")
    window.asks("Get Key: SESSIONS")
    window.type("zzz")
    expect(window.page.locator(".quick-input-list")).to_contain_text('No key begins with "zzz"')
    window.type("users/")
    expect(window.choices()).to_have_count(1)
    expect(window.choices()).to_contain_text("users/1")
    window.shot("get")
    window.pick("users/1")
    window.tab("users\N{DIVISION SLASH}1")
    expect(window.text()).to_have_text("Grace")

    window.palette("KV Lens: Delete Key…")
    window.pick("SESSIONS")
    window.asks("Delete Key: SESSIONS")
    window.pick("users/1")
    expect(window.page.locator(".monaco-dialog-box")).to_contain_text(
        'Delete "users/1" from SESSIONS?'
    )
    window.shot("delete")
    window.dialog("Cancel")
    assert served.value("users/1") == b"Grace"
    window.expand("SESSIONS")
    window.context_menu("users/1", "Delete Key…")
    window.dialog("Delete")
    window.see("No keys yet: seed from a file…")
    assert served.value("users/1") is None


def test_seed_export_clear(window: Window, project: Path) -> None:
    window.context_menu("FEATURE_FLAGS", "Seed Namespace from File…")
    window.seed_file(project / "seeds" / "FEATURE_FLAGS.json")
    window.toast("Seeded 5 keys into FEATURE_FLAGS.")
    window.expand("FEATURE_FLAGS")
    window.see("theme")

    window.palette("KV Lens: Export Namespace…")
    window.pick("FEATURE_FLAGS")
    window.asks("Export FEATURE_FLAGS")
    exported = project / "out.json"
    window.file(exported)
    window.toast("Exported 5 keys from FEATURE_FLAGS.")
    window.shot("exported")
    items = {item["key"]: item for item in json.loads(exported.read_text(encoding="utf-8"))}
    seeds = json.loads((project / "seeds" / "FEATURE_FLAGS.json").read_text(encoding="utf-8"))
    assert {key: item["value"] for key, item in items.items()} == {
        item["key"]: item["value"] for item in seeds
    }
    assert items["flag:gift-cards"]["metadata"] == {"owner": "checkout"}

    window.context_menu("FEATURE_FLAGS", "Clear Namespace…")
    expect(window.page.locator(".monaco-dialog-box")).to_contain_text("deletes all 5 keys")
    window.shot("clear")
    window.dialog("Clear")
    window.see("No keys yet: seed from a file…")
    assert window.served("FEATURE_FLAGS").keys() == {}


def test_a_bad_seed_file_is_refused_as_a_whole(window: Window, project: Path) -> None:
    bad = project / "bad.json"
    bad.write_text('[\n{"key": "ok", "value": "1"},\n{"key": "no"}, {"key": 5}]', encoding="utf-8")
    window.context_menu("SESSIONS", "Seed Namespace from File…")
    window.seed_file(bad)
    toast = window.toast("2 mistakes in bad.json. Nothing was written.")
    expect(window.page.locator(".notifications-toasts .notification-list-item")).to_have_count(1)
    window.shot("bad-seed")
    assert window.served("SESSIONS").keys() == {}
    toast.get_by_text("Open at First").click()
    window.tab("bad.json")
    expect(window.page.locator(".statusbar")).to_contain_text("Ln 3, Col")


def test_long_lists_come_in_pages(window: Window, project: Path) -> None:
    many = [{"key": f"k{n:04d}", "value": "v"} for n in range(450)]
    (project / "many.json").write_text(json.dumps(many), encoding="utf-8")
    window.context_menu("SESSIONS", "Seed Namespace from File…")
    window.seed_file(project / "many.json")
    window.toast("Seeded 450 keys into SESSIONS.")
    window.expand("SESSIONS")
    window.see("k0000")
    tree = window.page.locator(".sidebar .monaco-list").first
    for expected in ("200 shown", "400 shown"):
        more = tree.locator(".monaco-list-row", has_text=expected)
        window.scroll_to(more)
        expect(more).to_contain_text("Load more…")
        window.shot(f"more-{expected[:3]}")
        more.click()
        expect(more).to_have_count(0)
    window.scroll_to(window.row("k0449"))

    window.palette("KV Lens: List Keys…")
    window.pick("SESSIONS")
    window.asks("List Keys: SESSIONS")
    window.type("k044")
    expect(window.choices()).to_have_count(10)


def test_the_status_bar_leads_to_the_emulator(window: Window) -> None:
    address = re.search(r"127\.0\.0\.1:\d+", window.status().inner_text())
    assert address
    window.status().click()
    window.asks(f"KV emulator at http://{address[0]}")
    window.shot("menu")
    window.pick("Copy address")
    expect(window.page.locator(".statusbar")).to_contain_text("Copied http://127.0.0.1:")
    copied = window.page.evaluate("navigator.clipboard.readText()")
    assert copied == f"http://{address[0]}"
    served = window.served("SESSIONS")
    served.put("kept", b"1")
    window.palette("KV Lens: Restart Emulator")
    expect(window.page.locator(".statusbar")).to_contain_text("KV emulator restarted at")
    assert window.served("SESSIONS").value("kept") == b"1"


WATCH = """() => {
    window.blanks = [];
    const watch = new MutationObserver(() => {
        for (const one of document.querySelectorAll('.editor-instance .codelens-decoration')) {
            if (!one.textContent.trim() || one.textContent.includes('no commands')) {
                window.blanks.push(one.outerHTML);
            }
        }
    });
    watch.observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def test_lenses_over_the_config_run_the_commands(window: Window) -> None:
    window.page.evaluate(WATCH)
    window.open_file("wrangler.toml")
    lenses = window.page.locator(".editor-instance .codelens-decoration a")
    expect(lenses).to_have_count(9)  # two above each namespace, and one above `main`
    window.lens("seed from SESSIONS.json").click()
    window.toast("Seeded 4 keys into SESSIONS.")
    expect(lenses.filter(has_text="4 keys")).to_be_visible()
    window.shot("lenses")
    lenses.filter(has_text="4 keys").click()
    Table(window)  # it takes the focus when it is there
    window.palette("View: Revert and Close Editor")  # the only match
    assert window.page.evaluate("window.blanks") == []  # no lens was ever without a title


def test_the_menu_of_a_config_acts_on_the_namespace_at_the_cursor(window: Window) -> None:
    window.open_file("wrangler.toml")
    word = window.page.locator(".editor-instance .view-line span span", has_text="FEATURE_FLAGS")
    word.first.click(button="right")
    menu = window.submenu("KV Namespace")
    window.shot("menu")
    menu.filter(has_text="Put Key…").click()
    window.asks("Put Key: FEATURE_FLAGS")


def test_each_kind_of_lens_can_be_turned_off(window: Window, project: Path) -> None:
    window.open_file("wrangler.toml")
    lenses = window.page.locator(".editor-instance .codelens-decoration a")
    expect(lenses).to_have_count(9)
    (project / ".vscode").mkdir()
    settings = project / ".vscode" / "settings.json"
    settings.write_text('{"kvlens.seedLens": false, "kvlens.runLens": false}', encoding="utf-8")
    expect(lenses).to_have_count(4)
    settings.write_text('{"kvlens.openLens": false}', encoding="utf-8")
    expect(lenses).to_have_count(5)


def test_a_namespace_is_added_to_the_config(window: Window, project: Path) -> None:
    window.palette("KV Lens: Add Namespace…")
    window.asks("Add Namespace")
    window.pick("staging")
    window.type("1ST")
    expect(window.objection()).to_contain_text("don't start with a digit")
    window.type("SESSIONS")
    expect(window.objection()).to_contain_text("There is already a binding")
    window.answer("CARTS")
    window.tab("wrangler.toml")
    window.see("CARTS")
    window.shot("added")
    assert '"CARTS"' in (project / "wrangler.toml").read_text(encoding="utf-8")
