"""A value with changes whose place has changed by the time it is saved."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.editor.conftest import kvlens
from tests.editor.window import Window

IDS = ("0f2ac74b498b48028cb68387c421e279", "1f2ac74b498b48028cb68387c421e279")
CONFIG = f"""\
name = "shop"
[[kv_namespaces]]
binding = "KV"
id = "{IDS[0]}"
[[kv_namespaces]]
binding = "OLD"
"""


def put(project: Path, space: str, key: str, value: str, *more: str) -> None:
    """Put a key into a namespace, by its binding."""
    kvlens(project, "key", "put", key, value, "--binding", space, *more)


def get(project: Path, space: str, key: str, *more: str) -> str:
    """Return a value of a namespace, by its id."""
    return kvlens(project, "key", "get", key, "--namespace-id", space, *more)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    for key in ("k1", "k2"):
        put(tmp_path, "OLD", key, "v", "--metadata", '{"m":1}')
    put(tmp_path, "KV", "k", "v")
    return tmp_path


def edited(window: Window, space: str, key: str, text: str) -> None:
    """Open a value and change it."""
    window.expand(space)
    window.see(key).dblclick()
    window.tab(key)
    window.replace(text)


def saving(window: Window) -> Locator:
    """Save the active editor; return the question that follows."""
    window.text().click()
    window.page.keyboard.press("Control+S")
    box = window.page.locator(".monaco-dialog-box")
    expect(box).to_be_visible()
    return box


def test_keys_that_move_and_ids_that_change(window: Window, project: Path) -> None:
    config = project / "wrangler.toml"
    crumbs = window.page.locator(".breadcrumbs-control")
    window.expand("OLD")
    window.see("k1").dblclick()
    window.tab("k1")
    edited(window, "OLD", "k2", "mine")
    config.write_text(CONFIG.replace("OLD", "NEW"), encoding="utf-8")
    toast = window.toast("OLD was renamed to NEW")
    toast.locator(".monaco-button", has_text="Move 2 keys").click()
    window.toast("Moved 2 keys")
    box = saving(window)
    expect(box).to_contain_text('"k2" was moved from OLD to NEW.')
    expect(box).to_contain_text('NEW in wrangler.toml, local store (wrangler:) has "k2" (1 B)')
    window.shot("moved")
    window.dialog("Save to NEW")
    expect(crumbs).to_contain_text("NEW")
    expect(window.page.locator(".tab")).to_have_count(2)
    window.page.locator('.tab[data-resource-name="k1"]').click()
    expect(crumbs).to_contain_text("NEW")  # it followed automatically
    assert get(project, "NEW", "k2") == "mine"
    listed = json.loads(kvlens(project, "key", "list", "--namespace-id", "NEW"))
    assert [key["metadata"] for key in listed] == [{"m": 1}, {"m": 1}]
    assert json.loads(kvlens(project, "key", "list", "--namespace-id", "OLD")) == []

    edited(window, "KV", "k", "mine")
    config.write_text(config.read_text("utf-8").replace(*IDS), encoding="utf-8")
    window.see("Keys without a namespace")
    box = saving(window)
    expect(box).to_contain_text(
        f'The id of KV has changed since "k" was read: it\'s "{IDS[1]}", not "{IDS[0]}".'
    )
    expect(box).to_contain_text('doesn\'t have "k": it will be created.')
    window.shot("id")
    window.dialog("Cancel")
    assert get(project, IDS[0], "k") == "v"
    saving(window)
    window.dialog("Save to KV")
    expect(window.page.locator(".tab.dirty")).to_have_count(0)
    expect(window.text()).to_have_text("mine")
    assert (get(project, IDS[0], "k"), get(project, IDS[1], "k")) == ("v", "mine")


def test_stores_that_change_and_configs_that_go(window: Window, project: Path) -> None:
    other = ("--store", f"wrangler:{project / 'other'}")
    put(project, "KV", "k", "v", *other)
    edited(window, "KV", "k", "mine")
    (project / ".vscode").mkdir()
    settings = project / ".vscode" / "settings.json"
    settings.write_text(json.dumps({"kvlens.store": "wrangler:other"}), encoding="utf-8")
    served = re.compile("KV emulator at .*Store wrangler:other", re.DOTALL)
    expect(window.status()).to_have_attribute("aria-label", served)
    box = saving(window)
    expect(box).to_contain_text(
        '"k" was read from the store "wrangler:". KV is now in "wrangler:other".'
    )
    window.shot("store")
    window.dialog("Cancel")
    assert get(project, IDS[0], "k", *other) == "v"
    saving(window)
    window.dialog("Save to KV")
    expect(window.page.locator(".tab.dirty")).to_have_count(0)
    assert (get(project, IDS[0], "k"), get(project, IDS[0], "k", *other)) == ("v", "mine")
    window.replace("mine too")
    window.save()  # it exists now, so there is no question
    assert get(project, IDS[0], "k", *other) == "mine too"

    window.replace("kept")
    (project / "wrangler.toml").unlink()
    expect(window.row("KV")).to_have_count(0)
    box = saving(window)
    expect(box).to_contain_text("wrangler.toml is no longer a config of this workspace")
    window.shot("config")
    window.dialog("Save to File…")
    window.file(project / "kept.txt")
    window.tab("kept.txt")
    expect(window.page.locator(".tab")).to_have_count(1)
    assert (project / "kept.txt").read_text("utf-8") == "kept"


def test_a_restored_text_knows_its_store(window: Window, project: Path) -> None:
    other = ("--store", f"wrangler:{project / 'other'}")
    put(project, "KV", "k", "v")
    put(project, "KV", "k", "v", *other)  # the same value, so only the store tells them apart
    edited(window, "KV", "k", "mine")
    window.page.wait_for_timeout(2000)  # the text is backed up
    (project / ".vscode").mkdir()
    settings = project / ".vscode" / "settings.json"
    settings.write_text(json.dumps({"kvlens.store": "wrangler:other"}), encoding="utf-8")
    served = re.compile("KV emulator at .*Store wrangler:other", re.DOTALL)
    expect(window.status()).to_have_attribute("aria-label", served)
    window.reload()
    window.show_view()
    expect(window.status()).to_have_attribute("aria-label", served)
    expect(window.page.locator(".tab.active.dirty")).to_have_count(1)
    box = saving(window)
    expect(box).to_contain_text(
        '"k" was read from the store "wrangler:". KV is now in "wrangler:other".'
    )
    window.shot("restored")
    window.dialog("Cancel")
    assert get(project, IDS[0], "k", *other) == "v"


SWAPPED = f"""\
[[kv_namespaces]]
binding = "KV"
id = "{IDS[1]}"
[[kv_namespaces]]
binding = "OLD"
id = "{IDS[0]}"
"""


def test_ids_that_are_swapped(window: Window, project: Path) -> None:
    put(project, "KV", "clean", "v")
    put(project, "KV", "k", "v")
    window.expand("KV")
    window.see("clean").dblclick()
    window.tab("clean")
    edited(window, "KV", "k", "mine")
    (project / "wrangler.toml").write_text(SWAPPED, encoding="utf-8")
    window.see("Keys without a namespace")  # those of OLD, which had no id
    window.page.wait_for_timeout(2000)  # the other tab is reopened under its new name
    tab = window.page.locator('.tab[data-resource-name="k"]')
    tab.click(position={"x": 10, "y": 10})  # in its middle is the button that closes it
    box = saving(window)
    expect(box).to_contain_text('The id of KV has changed since "k" was read')
    window.shot("swapped")
    window.dialog("Cancel")
    assert get(project, IDS[0], "k") == "v"
    window.page.locator('.tab[data-resource-name="clean"]').click()
    expect(window.page.locator(".breadcrumbs-control")).to_contain_text("OLD")
