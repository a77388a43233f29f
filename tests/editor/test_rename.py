"""A binding without an id that gets another name, and a seed file that meets other values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.editor.conftest import Open
from tests.editor.window import Window

CONFIG = 'name = "shop"\n\n[[kv_namespaces]]\nbinding = "{}"\n\n[[kv_namespaces]]\nbinding = "B"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose namespaces have no id."""
    (tmp_path / "wrangler.toml").write_text(CONFIG.format("OLD"), encoding="utf-8")
    (tmp_path / "seeds").mkdir()
    items = [{"key": key, "value": "1"} for key in ("a", "b")]
    (tmp_path / "seeds" / "B.json").write_text(json.dumps(items), encoding="utf-8")
    return tmp_path


@pytest.fixture
def window(open_window: Open, project: Path) -> Window:
    window = open_window(project)
    window.show_view()
    window.running()
    served = window.served("OLD")
    for key in ("k1", "k2", "k3"):
        served.put(key, b"v")
    window.expand("OLD")
    window.see("k3")
    return window


def test_f2_offers_to_take_the_keys_along(window: Window) -> None:
    window.open_file("wrangler.toml")
    window.go_to(4, 13)  # in the binding's name
    window.page.keyboard.press("F2")
    box = window.page.locator(".rename-box input")
    expect(box).to_be_visible()
    box.fill("NEW")
    window.page.keyboard.press("Enter")
    expect(window.text()).to_contain_text('"NEW"')
    if window.page.locator(".tab.active.dirty").count():
        window.save()
    toast = window.toast("OLD was renamed to NEW in wrangler.toml. Its 3 keys are still stored")
    window.see("Keys without a namespace")
    window.shot("offer")
    toast.locator(".monaco-button", has_text="Move 3 keys").click()
    window.toast("Moved 3 keys from OLD to NEW.")
    expect(window.row("Keys without a namespace")).to_have_count(0)
    window.expand("NEW")
    window.see("k3")
    window.shot("moved")


def test_keys_that_stayed_are_shown_and_moved_later(window: Window, project: Path) -> None:
    served = window.served("B")
    served.put("k1", b"other")
    (project / "wrangler.toml").write_text(CONFIG.format("NEW"), encoding="utf-8")
    window.see("Keys without a namespace")
    window.expand("OLD")
    window.see("k2").click()
    window.tab("k2")
    expect(window.text()).to_have_text("v")
    window.context_menu("OLD", "Move Keys to Namespace…")
    window.pick("B")
    box = window.page.locator(".monaco-dialog-box")
    expect(box).to_contain_text("Move 3 keys to B?")
    window.dialog("Move")
    expect(box).to_contain_text("B has 1 key with other content.")
    window.shot("conflict")
    window.dialog("Move the Others")
    expect(window.page.locator(".statusbar")).to_contain_text("Moved 2 keys to B")
    expect(window.row("OLD")).to_contain_text("1 key")
    assert served.value("k1") == b"other"
    assert served.value("k3") == b"v"


def test_a_saved_seed_file_asks_before_it_overwrites(window: Window, project: Path) -> None:
    window.context_menu("B", "Seed Namespace from File…")
    window.seed_file(project / "seeds" / "B.json")
    window.toast("Seeded 2 keys into B.")
    served = window.served("B")
    served.put("a", b"of a Worker")
    window.open_file("B.json")
    window.replace('[{"key": "a", "value": "2"}, {"key": "b", "value": "2"}]')
    window.save()
    toast = window.toast('B.json: "a" is different in B, so it stayed as it is.')
    window.shot("asked")
    assert served.value("a") == b"of a Worker"
    assert served.value("b") == b"2"
    toast.locator(".monaco-button", has_text="Overwrite").click()
    window.toast("Put 1 key of B.json into B.")
    assert served.value("a") == b"2"
