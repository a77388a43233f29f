"""Values as documents: they follow the store, and a save keeps their bytes."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.editor.window import Served, Window


@pytest.fixture
def served(window: Window) -> Served:
    served = window.served("SESSIONS")
    served.put("greeting", b"hello")
    window.expand("SESSIONS")
    window.see("greeting").click()
    window.tab("greeting")
    expect(window.text()).to_have_text("hello")
    return served


def test_an_open_value_follows_what_a_worker_writes(window: Window, served: Served) -> None:
    served.put("greeting", b"changed by a Worker")
    expect(window.text()).to_have_text("changed by a Worker")


def test_a_new_key_of_a_worker_appears(window: Window, served: Served) -> None:
    served.put("later", b"1")
    window.see("later")
    served.delete("later")
    expect(window.row("later")).to_have_count(0)


def test_a_value_that_is_gone_is_only_created_when_asked(window: Window, served: Served) -> None:
    window.replace("mine")
    served.delete("greeting")
    expect(window.row("greeting")).to_have_count(0)
    window.page.keyboard.press("Control+S")
    question = window.page.locator(".monaco-dialog-box")
    expect(question).to_contain_text('"greeting" is no longer in SESSIONS.')
    window.shot("gone")
    window.dialog("Cancel")
    assert served.value("greeting") is None
    toast = window.toast('"greeting" was not saved.')
    toast.locator(".monaco-button", has_text="Retry").click()
    window.dialog('Create "greeting"')
    expect(window.page.locator(".tab.active.dirty")).to_have_count(0)
    assert served.value("greeting") == b"mine"


def test_bytes_stay_bytes(window: Window, project: Path) -> None:
    picture = bytes(range(256))
    item = {"key": "logo.bin", "value": base64.b64encode(picture).decode(), "base64": True}
    (project / "bytes.json").write_text(json.dumps([item]), encoding="utf-8")
    window.context_menu("SESSIONS", "Seed Namespace from File…")
    window.seed_file(project / "bytes.json")
    window.toast("Seeded 1 key into SESSIONS.")
    window.expand("SESSIONS")
    window.see("logo.bin").click()
    window.tab("logo.bin")
    expect(window.page.locator(".editor-instance")).to_contain_text("binary")
    window.shot("binary")
    assert window.served("SESSIONS").value("logo.bin") == picture
