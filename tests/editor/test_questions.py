"""Questions before something is lost: they say how much, and only that much is lost."""

from __future__ import annotations

import base64
import contextlib
import json
import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.editor.window import Served, Window


@pytest.fixture
def served(window: Window) -> Served:
    served = window.served("SESSIONS")
    window.expand("SESSIONS")
    return served


def test_a_clear_deletes_what_was_counted(window: Window, served: Served) -> None:
    box = window.page.locator(".monaco-dialog-box")
    window.context_menu("SESSIONS", "Clear Namespace…")
    window.toast("SESSIONS has no keys.")
    served.put("a", b"1")
    window.see("a")
    window.context_menu("SESSIONS", "Clear Namespace…")
    expect(box).to_contain_text("This deletes 1 key in wrangler.toml")
    served.put("later", b"precious")
    window.dialog("Clear")
    expect(box).to_contain_text("This deletes all 2 keys in wrangler.toml")
    expect(box).to_contain_text("Something has changed since you were asked.")
    expect(box).not_to_contain_text("\\n")
    window.shot("again")
    assert served.value("later") == b"precious"
    window.dialog("Clear")
    window.see("No keys yet: seed from a file…")
    assert served.keys() == {}


def test_a_damaged_key_is_marked_and_stays(window: Window, project: Path, served: Served) -> None:
    """A repository can name any file as a value: clearing leaves the row, and the file."""
    kept = project / "kept.txt"
    kept.write_text("kept", encoding="utf-8")
    served.put("good", b"1")
    window.see("good")
    (path,) = (project / ".wrangler").glob("**/*.sqlite")
    with contextlib.closing(sqlite3.connect(path)) as database:
        row = "INSERT INTO _mf_entries VALUES ('bad', '../../../../../../kept.txt', NULL, NULL)"
        database.execute(row)
        database.commit()
    bad = window.see("bad")
    expect(bad).to_contain_text("Damaged")
    expect(bad.locator(".codicon-warning")).to_be_visible()
    window.tooltip(bad, "'../../../../../../kept.txt' is not the name of a value's file")
    window.shot("tooltip")
    window.context_menu("SESSIONS", "Clear Namespace…")
    box = window.page.locator(".monaco-dialog-box")
    expect(box).to_contain_text("This deletes 1 key in wrangler.toml")
    expect(box).to_contain_text('1 damaged key stays: Key "bad" is damaged in')
    window.shot("question")
    window.dialog("Clear")
    window.toast("Deleted 1 key from SESSIONS. 1 damaged key stays")
    expect(window.row("good")).to_have_count(0)
    window.see("bad")
    window.shot("cleared")
    window.context_menu("bad", "Delete Key…")
    window.dialog("Delete")
    window.see("No keys yet: seed from a file…")
    assert kept.read_text(encoding="utf-8") == "kept"


def test_a_delete_takes_what_was_there_when_it_was_asked(window: Window, served: Served) -> None:
    box = window.page.locator(".monaco-dialog-box")
    for key in ("counter", "other"):
        served.put(key, b"41")
    window.see("counter")
    window.context_menu("counter", "Delete Key…")
    expect(box).to_contain_text('Delete "counter" from SESSIONS?')
    served.put("counter", b"42")
    window.dialog("Delete")
    expect(box).to_contain_text("Something has changed since you were asked.")
    window.shot("again")
    assert served.value("counter") == b"42"
    served.put("counter", b"43")  # a Worker that keeps writing: the question has said so
    window.dialog("Delete")
    expect(window.row("counter")).to_have_count(0)
    assert served.keys().keys() == {"other"}


def test_names_that_look_alike_are_told_apart(window: Window, served: Served) -> None:
    box = window.page.locator(".monaco-dialog-box")
    rows = {
        "a\nb": r"a\nb",
        r"a\nb": r"a\\nb",
        "caf\u00e9": "caf\u00e9",
        "cafe\u0301": r"cafe\u0301",
    }
    for key in rows:
        served.put(key, b"1")
    for key, shown in rows.items():
        window.see(shown)
        window.context_menu(shown, "Delete Key…")
        expect(box).to_contain_text(f'Delete "{shown}" from SESSIONS?')
        window.dialog("Delete")
        expect(window.row(shown)).to_have_count(0)
        assert served.value(key) is None


def test_a_seed_asks_about_keys_that_differ(window: Window, served: Served, project: Path) -> None:
    items: list[dict[str, object]] = [{"key": key, "value": "1"} for key in "ab"]
    items.append({"key": "c", "value": base64.b64encode(b"\xff").decode(), "base64": True})
    (project / "abc.json").write_text(json.dumps(items), encoding="utf-8")
    served.put("a", b"mine")
    served.put("b", b"1")
    window.see("b")
    box = window.page.locator(".monaco-dialog-box")

    def seed() -> None:
        window.context_menu("SESSIONS", "Seed Namespace from File…")
        window.seed_file(project / "abc.json")
        expect(box).to_contain_text("SESSIONS has 1 key with other content.")
        expect(box).to_contain_text('"a" in wrangler.toml, local store (wrangler:).')

    seed()
    window.shot("asked")
    window.dialog("Cancel")
    assert (served.value("a"), served.value("c")) == (b"mine", None)
    seed()
    window.dialog("Keep")
    window.toast("Seeded 2 keys into SESSIONS.")
    assert (served.value("a"), served.value("c")) == (b"mine", b"\xff")
    seed()
    served.put("a", b"never seen")
    window.dialog("Overwrite")
    expect(box).to_contain_text("Something has changed since you were asked.")
    expect(box).not_to_contain_text("\\n")
    assert served.value("a") == b"never seen"
    window.dialog("Overwrite")
    window.toast("Seeded 3 keys into SESSIONS, 1 of them over another value.")
    assert served.value("a") == b"1"


def test_a_seed_file_with_unsaved_changes_is_saved_first(
    window: Window, served: Served, project: Path
) -> None:
    file = project / "new.json"
    before = '[{"key": "a", "value": "1"}]'
    file.write_text(before, encoding="utf-8")
    window.open_file("new.json")
    window.replace('[{"key": "a", "value": "2"}]')

    def seed() -> None:
        window.context_menu("SESSIONS", "Seed Namespace from File…")
        window.seed_file(file)
        expect(window.page.locator(".monaco-dialog-box")).to_contain_text(
            "new.json has unsaved changes."
        )

    seed()
    window.shot("asked")
    window.dialog("Cancel")
    assert (served.value("a"), file.read_text(encoding="utf-8")) == (None, before)
    seed()
    window.dialog("Save and Seed")
    window.toast("Seeded 1 key into SESSIONS.")
    assert served.value("a") == b"2"
