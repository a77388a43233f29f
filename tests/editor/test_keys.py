"""Keys in the view: which are deleted, how similar keys differ, when expired ones disappear."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.editor.conftest import Open, kvlens
from tests.editor.window import Window

ID = "0f2ac74b498b48028cb68387c421e279"
CONFIG = f"""\
name = "shop"
[[kv_namespaces]]
binding = "CART"
id = "{ID}"
[[env.staging.kv_namespaces]]
binding = "CART"
id = "1f2ac74b498b48028cb68387c421e279"
"""
PLACES = (("one", ""), ("one", "staging"), ("two", ""), ("two", "staging"))


def put(project: Path, app: str, env: str, key: str, value: str) -> None:
    """Put a key into the namespace of an app's environment."""
    kvlens(project / app, "key", "put", key, value, "--binding", "CART", "--env", env)


def has(project: Path, app: str, env: str = "") -> list[str]:
    """Return the keys of the namespace of an app's environment."""
    said = kvlens(project / app, "key", "list", "--binding", "CART", "--env", env)
    return [key["name"] for key in json.loads(said)]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two apps whose namespaces have the same names and ids."""
    for app in ("one", "two"):
        (tmp_path / app).mkdir()
        (tmp_path / app / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    for app, env in PLACES:
        for key in ("k1", "k2"):
            put(tmp_path, app, env, key, f"{app} {env} {key}")
    return tmp_path


@pytest.fixture
def window(open_window: Open, project: Path) -> Window:
    window = open_window(project)
    window.show_view()
    for nth in range(4):
        window.expand("CART", nth)
        window.see("k2", nth)  # the rows below move when it appears
    return window


def question(window: Window) -> str:
    """Return the text of the modal question."""
    box = window.page.locator(".monaco-dialog-box")
    expect(box).to_be_visible()
    return box.inner_text()


def test_exactly_the_selected_keys_are_deleted(window: Window, project: Path) -> None:
    window.row("k1", 0).click()
    for label, nth in (("k2", 2), ("k2", 3), ("CART", 1)):
        window.row(label, nth).click(modifiers=["Control"])
    window.row("CART", 1).focus()
    window.page.keyboard.press("Delete")
    asked = question(window)
    window.shot("selection")
    assert "Delete 3 keys from 3 namespaces?" in asked
    assert 'CART (one) in one/wrangler.toml, local store (wrangler:): "k1"' in asked
    assert 'CART (two) in two/wrangler.toml, local store (wrangler:): "k2"' in asked
    assert "CART (staging, two) in two/wrangler.toml, environment staging" in asked
    assert 'Not deleted: CART (staging, one). "Clear Namespace…"' in asked
    window.dialog("Delete")
    expect(window.row("k1", 3)).to_have_count(0)
    kept = [has(project, app, env) for app, env in PLACES]
    assert kept == [["k2"], ["k1", "k2"], ["k1"], ["k1"]]


def test_a_menu_over_a_row_that_is_not_selected_is_about_that_row(
    window: Window, project: Path
) -> None:
    window.row("k1", 0).click()
    window.row("k2", 0).click(modifiers=["Control"])
    window.context_menu("k2", "Delete Key…", nth=3)
    assert 'Delete "k2" from CART (staging, two)?' in question(window)
    window.shot("row")
    window.dialog("Delete")
    expect(window.row("k2", 3)).to_have_count(0)
    kept = [has(project, app, env) for app, env in PLACES]
    assert kept == [["k1", "k2"], ["k1", "k2"], ["k1", "k2"], ["k1"]]


def test_what_is_deleted_and_what_not_is_said_after_a_failure(
    window: Window, project: Path
) -> None:
    window.row("k1", 0).click()
    window.row("k1", 2).click(modifiers=["Control"])
    window.page.keyboard.press("Delete")
    question(window)
    (project / "two" / "wrangler.toml").unlink()
    expect(window.row("two/wrangler.toml")).to_have_count(0)  # the question is from before
    window.dialog("Delete")
    toast = window.toast('Deleted: "k1" of CART (one). Not deleted: "k1" of CART (two).')
    window.shot("failure")
    assert toast
    assert has(project, "one") == ["k2"]


def test_values_of_one_name_are_told_apart(window: Window) -> None:
    for nth, (app, env) in enumerate(PLACES):
        row = window.row("k1", nth)
        row.dblclick()
        expect(window.text()).to_have_text(f"{app} {env} k1")
    tabs = window.page.locator(".tab .label-description").all_text_contents()
    window.shot("tabs")
    names = ("CART (one)", "CART (staging, one)", "CART (staging, two)", "CART (two)")
    assert sorted(tab.rpartition("/")[2] for tab in tabs) == list(names)
    crumbs = window.page.locator(".breadcrumbs-control")
    expect(crumbs).to_contain_text("CART (staging, two)")


def test_keys_go_when_they_expire(window: Window, project: Path) -> None:
    key = ("key", "put", "short", "1", "--binding", "CART", "--env", "", "--ttl")
    kvlens(project / "one", *key, "75")
    end = time.time() + 75
    row = window.see("short")
    expect(row).to_contain_text("1 min")
    row.click()
    window.tab("short")
    window.shot("soon")
    expect(row).to_contain_text("under a minute", timeout=60_000)
    count = window.page.locator(".sidebar .monaco-list-row", has_text="3 keys")
    expect(count).to_have_count(1)
    expect(window.row("short")).to_have_count(0, timeout=100_000)
    assert time.time() >= end - 1
    expect(count).to_have_count(0)
    expect(window.page.locator(".tab.active .monaco-icon-label.strikethrough")).to_have_count(1)
    window.shot("expired")
