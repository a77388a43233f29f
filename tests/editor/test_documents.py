"""Values as documents: JSON with lines, versions of a conflict, rename, metadata, expiration."""

from __future__ import annotations

import json
import time

import pytest
from playwright.sync_api import Locator, expect

from tests.editor.conftest import kvlens
from tests.editor.test_saving import open_value, picture
from tests.editor.window import Served, Window


@pytest.fixture
def served(window: Window) -> Served:
    served = window.served("SESSIONS")
    window.expand("SESSIONS")
    return served


def status(window: Window, name: str) -> Locator:
    """Return an item of the status bar about the active value."""
    return window.page.locator(f'.statusbar-item[id="kvlens.kvlens.kvlens.{name}"]')


def put(window: Window, key: str, value: str, *options: str) -> None:
    """Put a key from the shell."""
    kvlens(window.folder, "key", "put", key, value, "--binding", "SESSIONS", *options)


def test_json_on_one_line_opens_with_lines(window: Window, served: Served) -> None:
    value = b'{"id":12345678901234567890,"rate":1.0,"id":2,"name":"\\u0041"}\n'
    open_value(window, served, "user:1", value)
    expect(window.text()).to_contain_text('"rate": 1.0,')
    lines = window.page.locator(".editor-instance .view-line")
    expect(lines).to_have_count(7)
    expect(window.page.locator(".statusbar")).to_contain_text("JSON (KV value)")
    window.shot("json")
    window.text().click()
    window.page.keyboard.press("Control+Home")
    window.page.keyboard.press("ArrowDown")
    window.page.keyboard.press("End")
    window.page.keyboard.press("ArrowLeft")
    window.page.keyboard.type("1")
    window.save()
    assert served.value("user:1") == value.replace(b"890,", b"8901,")
    window.replace('{"id": }')
    expect(window.page.locator(".editor-instance .squiggly-warning")).to_have_count(1)
    window.save()
    assert served.value("user:1") == b'{"id": }'
    window.replace('{\n  "id": 1\n}')
    window.save()
    assert served.value("user:1") == b'{"id":1}\n'


def test_the_language_follows_the_metadata(window: Window, served: Served) -> None:
    for key, value, metadata, language in (
        ("page.json", "<p>a</p>", {"contentType": "text/html; charset=utf-8"}, "HTML (KV value)"),
        ("style", "a{}", {"headers": {"Content-Type": "text/css"}}, "CSS (KV value)"),
        ("note", '{"a":1}', {"mime_type": "text/plain"}, "Plain Text (KV value)"),
        ("readme.md", "# a", {"type": "user"}, "Markdown (KV value)"),
    ):
        put(window, key, value, "--metadata", json.dumps(metadata))
        window.see(key).click()
        window.tab(key)
        expect(window.page.locator(".statusbar")).to_contain_text(language)


def test_a_save_over_another_value_shows_all_versions(window: Window, served: Served) -> None:
    open_value(window, served, "cart", b'{"items":1,"total":10,"note":"a"}')
    window.replace('{\n  "items": 1,\n  "total": 10,\n  "note": "mine"\n}')
    served.put("cart", b'{"items":2,"total":20,"note":"a"}')
    lens = window.page.locator(".editor-instance .codelens-decoration")
    expect(lens).to_contain_text("changed by another program since you opened it")
    window.shot("noticed")
    window.page.keyboard.press("Control+S")
    window.toast("The content of the file is newer.")
    merge = window.page.locator(".merge-editor")
    expect(merge).to_be_visible()
    expect(merge).to_contain_text('"total": 20')
    window.page.wait_for_timeout(1500)
    window.shot("versions")
    assert served.value("cart") == b'{"items":2,"total":20,"note":"a"}'
    merge.get_by_text("Accept Combination").first.click()
    window.page.wait_for_timeout(1000)
    window.shot("combined")
    window.page.keyboard.press("Control+S")
    expect(window.page.locator(".tab.dirty")).to_have_count(0)
    window.shot("merged")
    assert served.value("cart") == b'{"items":2,"total":20,"note":"mine"}'


def test_renaming_takes_everything_along(window: Window, served: Served) -> None:
    put(window, "old", "value", "--metadata", '{"role":"admin"}', "--ttl", "7200")
    put(window, "taken", "other")
    before = served.keys()["old"]
    window.see("old").click()
    window.tab("old")
    expect(status(window, "expiration")).to_contain_text("expires in 1 h")
    expect(status(window, "metadata")).to_contain_text('metadata {"role":"admin"}')
    window.text().click()
    window.page.keyboard.press("Control+Home")
    window.page.keyboard.type("new ")
    window.page.keyboard.press("F2")
    window.asks('Rename Key: "old"')
    window.shot("name")
    window.answer("renamed/1")
    window.dialog("Save and Rename")
    window.tab("renamed\u22151")
    expect(window.text()).to_have_text("new value")
    expect(window.row("old")).to_have_count(0)
    assert served.value("renamed/1") == b"new value"
    assert served.keys()["renamed/1"] == {**before, "name": "renamed/1"}
    window.palette("KV Lens: Rename Key…")
    window.answer("taken")
    box = window.page.locator(".monaco-dialog-box")
    expect(box).to_contain_text('There is a key "taken". Replace it?')
    window.shot("taken")
    window.dialog("Cancel")
    assert served.value("taken") == b"other"
    window.see("renamed/1").focus()
    window.see("renamed/1").click()
    window.page.keyboard.press("F2")
    window.answer("taken")
    window.dialog("Replace")
    window.tab("taken")
    assert set(served.keys()) == {"taken"}
    assert served.value("taken") == b"new value"
    served.put("logo", picture())
    window.context_menu("taken", "Duplicate Key…")
    window.answer("copy")
    window.see("copy")
    assert {**served.keys()["copy"], "name": "taken"} == served.keys()["taken"]


def test_metadata_and_expiry_are_a_click_away(window: Window, served: Served) -> None:
    open_value(window, served, "user", b"Ada")
    expect(status(window, "expiration")).to_contain_text("no expiration")
    window.shot("none")
    status(window, "expiration").click()
    window.pick("In 1 hour")
    expect(status(window, "expiration")).to_contain_text("expires in 59 min")
    assert abs(served.keys()["user"]["expiration"] - time.time() - 3600) < 30
    window.page.locator('.editor-actions .action-label[aria-label^="Set Expiration"]').click()
    window.pick("At a time or after a duration")
    window.type("tomorrow")
    expect(window.objection()).to_contain_text("Enter a duration")
    window.answer("2d")
    expect(status(window, "expiration")).to_contain_text("expires in 1 day")
    status(window, "metadata").click()
    window.type('{"a": 1.0,}')
    expect(window.objection()).to_contain_text("Not JSON")
    window.type(json.dumps("x" * 1100))
    expect(window.objection()).to_contain_text("This is 1102 bytes as JSON; the limit is 1024.")
    window.type('{"a": 1.0}')
    expect(window.objection()).to_contain_text("9 of 1,024 bytes")
    window.shot("metadata")
    window.confirm()
    expect(status(window, "metadata")).to_contain_text('metadata {"a":1}')
    assert served.value("user") == b"Ada"
    window.context_menu("user", "Set Expiration…")
    window.pick("Never")
    expect(status(window, "expiration")).to_contain_text("no expiration")
    window.palette("KV Lens: Edit Metadata…")
    window.answer("")
    expect(status(window, "metadata")).to_contain_text("no metadata")
    assert served.keys()["user"] == {"name": "user"}
    window.shot("user")
