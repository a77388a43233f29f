"""A save writes exactly what the user sees, and never overwrites a value that wasn't read."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.editor.conftest import Open
from tests.editor.window import Served, Window

# Settings for all files, whose effect on a file is checked with notes.txt.
SETTINGS: dict[str, object] = {
    "files.insertFinalNewline": True,
    "files.trimTrailingWhitespace": True,
    "files.trimFinalNewlines": True,
    "files.autoGuessEncoding": True,
    "files.encoding": "iso88591",
    "files.eol": "\r\n",
    "editor.formatOnSave": True,
    "editor.codeActionsOnSave": {"source.fixAll": "explicit"},
    "editor.unusualLineTerminators": "auto",
    "[json]": {"editor.formatOnSave": True, "files.insertFinalNewline": True},
    "[plaintext]": {"files.trimTrailingWhitespace": True},
}
SAVED: dict[str, tuple[bytes, str, bytes]] = {
    # key: (the opened value, the text that replaces it, the stored value)
    "theme": (b"sencha", "matcha", b"matcha"),
    "blanks": (b"a", "a  \n b \t", b"a  \n b \t"),
    "newlines": (b"a", "a\n\n\n", b"a\n\n\n"),
    "order.json": (b"{}", '{"b":1,"a":[ ]}', b'{"b":1,"a":[ ]}'),
    "page.html": (b"<p>", "<p >a</p>", b"<p >a</p>"),
    "accents": ("thé".encode(), "thé ŋ", "thé ŋ".encode()),
    "lines": (b"a\nb", "c\nd", b"c\nd"),
    "windows lines": (b"a\r\nb\r\n", "c\nd\ne", b"c\r\nd\r\ne"),
    "mark": (b"\xef\xbb\xbfa", "b", b"\xef\xbb\xbfb"),
    "two marks": (b"\xef\xbb\xbf\xef\xbb\xbfa", "b", b"\xef\xbb\xbf\xef\xbb\xbfb"),
    "separator": ("a\u2028b".encode(), "a\u2028c", "a\u2028c".encode()),
    "emptied": (b"a", "", b""),
}


def open_value(window: Window, served: Served, key: str, value: bytes) -> None:
    """Put a value and open it from the view."""
    served.put(key, value)
    window.scroll_to(window.row(key))
    window.row(key).click()
    window.tab(key)


def test_no_setting_for_files_changes_a_value(open_window: Open, project: Path) -> None:
    (project / ".vscode").mkdir()
    settings = json.dumps(SETTINGS)
    (project / ".vscode" / "settings.json").write_text(settings, encoding="utf-8")
    (project / "notes.txt").write_text("sencha", encoding="utf-8")
    window = open_window(project)
    window.show_view()
    window.running()
    served = window.served("SESSIONS")
    window.expand("SESSIONS")
    for key, (before, typed, after) in SAVED.items():
        open_value(window, served, key, before)
        window.replace(typed)
        window.save()
        assert served.value(key) == after, key
        window.page.keyboard.press("Control+W")
    window.shot("saved")
    window.open_file("notes.txt")
    window.replace("matcha  ")
    window.save()
    assert (project / "notes.txt").read_bytes() == b"matcha\r\n"  # the settings do affect files


@pytest.fixture
def served(window: Window) -> Served:
    served = window.served("SESSIONS")
    window.expand("SESSIONS")
    return served


def test_saved_by_itself(window: Window, served: Served, project: Path) -> None:
    (project / ".vscode").mkdir()
    settings = {"files.autoSave": "afterDelay", "files.insertFinalNewline": True}
    text = json.dumps({**settings, "files.autoSaveDelay": 100})
    (project / ".vscode" / "settings.json").write_text(text, encoding="utf-8")
    window.page.wait_for_timeout(1000)
    open_value(window, served, "theme", b"sencha")
    window.text().click()
    window.page.keyboard.type("x")
    expect(window.page.locator(".tab.active.dirty")).to_have_count(0)
    window.page.wait_for_timeout(1000)
    assert (served.value("theme") or b"").replace(b"x", b"") == b"sencha"
    assert len(served.value("theme") or b"") == 7


def test_nothing_is_asked_while_the_user_types(
    window: Window, served: Served, project: Path
) -> None:
    (project / ".vscode").mkdir()
    text = json.dumps({"files.autoSave": "afterDelay", "files.autoSaveDelay": 3000})
    (project / ".vscode" / "settings.json").write_text(text, encoding="utf-8")
    window.page.wait_for_timeout(1000)
    open_value(window, served, "theme", b"sencha")
    window.text().click()
    window.page.keyboard.type("x")
    served.delete("theme")
    toast = window.toast('"theme" is no longer in SESSIONS.')
    expect(toast).to_contain_text('Use "File: Save" to choose')
    window.page.keyboard.press("Enter")
    window.page.wait_for_timeout(1000)
    window.shot("saved-by-itself")
    assert served.value("theme") is None
    window.page.keyboard.press("Control+S")
    window.dialog('Create "theme"')
    expect(window.page.locator(".tab.active.dirty")).to_have_count(0)
    assert (served.value("theme") or b"").replace(b"\n", b"").replace(b"x", b"") == b"sencha"


def test_what_a_worker_wrote_meanwhile_is_a_conflict(window: Window, served: Served) -> None:
    open_value(window, served, "counter", b'{"visits":42}')
    served.put("other", b"1")
    window.replace('{"visits":420}')
    served.put("counter", b'{"visits":43}')  # the same size
    window.page.keyboard.press("Control+S")
    toast = window.toast("The content of the file is newer.")
    window.shot("conflict")
    assert served.value("counter") == b'{"visits":43}'
    toast.locator(".monaco-button", has_text="Compare").click()
    expect(window.page.locator(".monaco-diff-editor")).to_contain_text('"visits": 43')
    window.shot("compared")
    assert served.value("counter") == b'{"visits":43}'
    toast = window.toast("Use the actions in the editor tool bar")
    window.page.locator('.action-label[aria-label^="Use your changes"]').click()
    expect(window.page.locator(".tab.dirty")).to_have_count(0)
    assert served.value("counter") == b'{"visits":420}'


def test_a_save_keeps_what_another_did_to_metadata_and_expiry(
    window: Window, served: Served
) -> None:
    open_value(window, served, "kept", b"old")
    window.replace("new")
    status, body = served.request(
        "PUT",
        "values/kept?expiration_ttl=600",
        b"old",
    )
    assert status == 200, body
    before = served.keys()["kept"]
    assert before["expiration"]
    window.save()
    assert served.value("kept") == b"new"
    assert served.keys()["kept"] == before


def test_another_encoding_is_refused(window: Window, served: Served) -> None:
    open_value(window, served, "tea", "thé".encode())
    window.page.locator(".statusbar-item", has_text="UTF-8").click()
    window.pick("Save with Encoding")
    window.type("Western (ISO 8859-1)")
    window.pick("Western (ISO 8859-1)")
    toast = window.toast('"tea" was not saved: the selected encoding')
    window.shot("encoding")
    assert toast
    assert served.value("tea") == "thé".encode()


def test_what_is_typed_is_saved_or_named(window: Window, served: Served) -> None:
    open_value(window, served, "tea", "thé".encode())
    window.replace("half \ud83d")
    window.page.keyboard.press("Control+S")
    window.toast('"tea" was not saved: it has half of a character')
    window.shot("half")
    assert served.value("tea") == "thé".encode()
    for typed in ("\ufeffmark", "none", "\ufeff\ufefftwo"):
        window.replace(typed)
        window.save()
        assert served.value("tea") == typed.encode()


def picture(color: bytes = b"\xff\0\0") -> bytes:
    """Return a PNG of 32 by 32 points, which are red."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        size, check = struct.pack(">I", len(data)), struct.pack(">I", zlib.crc32(kind + data))
        return size + kind + data + check

    head = struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + color * 32) * 32)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


NOT_TEXT: dict[str, tuple[bytes, str]] = {
    # key: (the value, the line above it)
    "latin-1": (b"th\xe9 noir", "binary value, 8 B: not UTF-8 text, read-only"),
    "zeros": (b"a\0b", "binary value, 3 B"),
    "mixed": (b"a\r\nb\nc", "read-only: an editor would change its line endings"),
    "old mac": (b"a\rb\rc", "read-only: an editor would change its line endings"),
}


def test_what_is_not_text_is_never_edited(window: Window, served: Served) -> None:
    for key, (value, notice) in NOT_TEXT.items():
        open_value(window, served, key, value)
        expect(window.page.locator(".editor-instance .codelens-decoration")).to_contain_text(notice)
        window.text().click()
        window.page.keyboard.type("x")
        window.page.keyboard.press("Control+S")
        expect(window.page.locator(".tab.active.dirty")).to_have_count(0)
        window.shot(key)
        assert served.value(key) == value, key
    served.put("picture", picture())
    window.see("picture").click()
    window.tab("picture.png")
    window.page.wait_for_timeout(1500)
    window.shot("as-picture")
    # a key with the name of an image
    opened_key = "logo.png"
    served.put(opened_key, picture())
    window.see(opened_key).click()
    window.tab(opened_key)
    expect(window.page.locator("iframe.webview.ready")).to_have_count(1)
    window.page.wait_for_timeout(1500)
    window.shot("logo")
    served.put("note.png", b"text")
    window.see("note.png").click()
    window.tab("note.png")
    expect(window.text()).to_have_text("text")
    window.replace("texts")
    window.save()
    assert served.value("note.png") == b"texts"


def test_a_value_that_becomes_binary_is_safe(window: Window, served: Served) -> None:
    open_value(window, served, "changing", b"text")
    window.replace("mine")
    served.put("changing", b"\xff\xfe\xfd")
    window.page.keyboard.press("Control+S")
    expect(window.page.locator(".notifications-toasts")).to_contain_text("changing")
    window.shot("became-binary")
    assert served.value("changing") == b"\xff\xfe\xfd"


def test_save_as_writes_the_key_that_is_named(window: Window, served: Served) -> None:
    served.put("there", b"old")
    open_value(window, served, "source", b"original")
    window.replace("changed")
    dialog = window.save_as("a\u2215copy")
    window.tab("a\u2215copy")
    expect(dialog).to_have_count(0)  # it asked nothing: there was no such key
    assert (served.value("source"), served.value("a/copy")) == (b"original", b"changed")

    window.replace("put over another")
    dialog = window.save_as("there")
    expect(dialog).to_contain_text("there already exists. Are you sure you want to overwrite it?")
    window.shot("exists")
    dialog.locator(".monaco-button", has_text="OK").click()
    window.tab("there")
    expect(dialog).to_have_count(0)
    assert (served.value("a/copy"), served.value("there")) == (b"changed", b"put over another")
    window.replace("saved again")
    window.save()
    assert (served.value("a/copy"), served.value("there")) == (b"changed", b"saved again")

    open_value(window, served, "conflict", b"original")
    window.replace("mine")
    served.put("conflict", b"of a Worker")
    window.page.keyboard.press("Control+S")
    window.toast("The content of the file is newer.")
    window.text().click()
    window.save_as("mine")
    window.tab("mine")
    assert (served.value("conflict"), served.value("mine")) == (b"of a Worker", b"mine")

    window.save_as("../FEATURE_FLAGS/other")
    window.toast('isn\'t in "/KV Lens/SESSIONS"')
    assert window.served("FEATURE_FLAGS").keys() == {}
    for key, value in (("bytes", b"\xff\xfe"), ("lines", b"a\r\nb\nc")):
        open_value(window, served, key, value)
        window.save_as(f"{key} copy")
        window.toast(f'"{key} copy" was not saved: "{key}" is shown as text')
        assert served.value(f"{key} copy") is None
    window.shot("refused")


@pytest.mark.parametrize("is_open", [False, True], ids=["closed", "open"])
def test_save_as_asks_about_what_it_overwrites(
    window: Window, served: Served, is_open: bool
) -> None:
    served.put("there", b"old")
    if is_open:
        open_value(window, served, "there", b"old")
        window.row("there").dblclick()  # else the next one takes its tab
    open_value(window, served, "source", b"original")
    window.replace("mine")
    dialog = window.save_as("there")
    expect(dialog).to_contain_text("there already exists. Are you sure you want to overwrite it?")
    served.put("there", b"new")  # of the same size
    window.page.wait_for_timeout(1000)
    dialog.locator(".monaco-button", has_text="OK").click()
    toast = window.toast('Another program has just changed "there". Nothing was overwritten.')
    window.shot("refused")
    toast.locator(".monaco-button", has_text="Retry").click()
    window.toast("The content of the file is newer.")
    window.shot("compare")
    assert served.value("there") == b"new"


def test_put_over_a_key_says_so_and_keeps_what_it_has(
    window: Window, served: Served, project: Path
) -> None:
    item = {"key": "user", "value": "Ada", "metadata": {"role": "admin"}, "expiration_ttl": 7200}
    (project / "one.json").write_text(json.dumps([item]), encoding="utf-8")
    window.context_menu("SESSIONS", "Seed Namespace from File…")
    window.seed_file(project / "one.json")
    window.see("user")
    before = served.keys()["user"]
    window.context_menu("SESSIONS", "Put Key…")
    window.answer("user")
    expect(window.objection()).to_contain_text(
        '"user" exists in SESSIONS (3 B, metadata {"role":"admin"}, expires in 1 h)'
    )
    window.shot("exists")
    window.answer("Grace")
    expect(window.page.locator(".quick-input-widget:visible")).to_contain_text(
        "kept unless you select this"
    )
    window.shot("stays")
    window.confirm()
    expect(window.page.locator(".statusbar")).to_contain_text('Put "user" into SESSIONS')
    assert served.value("user") == b"Grace"
    assert served.keys()["user"] == before

    window.context_menu("SESSIONS", "Put Key…")
    window.answer("user")
    expect(window.objection()).to_contain_text('"user" exists in SESSIONS')
    window.answer("Grace Hopper")
    window.pick("Metadata")
    window.confirm()
    window.answer("")  # none
    expect(window.page.locator(".quick-input-widget:visible")).to_have_count(0)
    expect(window.row("user")).not_to_contain_text("admin")
    assert served.value("user") == b"Grace Hopper"
    after = served.keys()["user"]
    assert "metadata" not in after
    assert after["expiration"] == before["expiration"]

    window.context_menu("SESSIONS", "Put Key…")
    window.answer("user")
    expect(window.objection()).to_contain_text('"user" exists in SESSIONS (12 B')
    window.answer("typed")
    expect(window.page.locator(".quick-input-widget:visible")).to_contain_text("Expiry")
    served.put("user", b"of a Worker")
    window.confirm()
    toast = window.toast("something else has written it since")
    expect(window.page.locator(".statusbar")).not_to_contain_text('Put "user"')  # from before
    assert served.value("user") == b"of a Worker"
    toast.locator(".monaco-button", has_text="Try Again").click()
    box = window.page.locator(".quick-input-widget:visible .quick-input-box input")
    expect(box).to_have_value("user")
    window.confirm()
    expect(window.objection()).to_contain_text('"user" exists in SESSIONS (11 B')
    expect(box).to_have_value("typed")
    window.confirm()
    expect(window.page.locator(".quick-input-widget:visible")).to_contain_text("Expiry")
    window.confirm()
    expect(window.page.locator(".statusbar")).to_contain_text('Put "user" into SESSIONS')
    assert served.value("user") == b"typed"
