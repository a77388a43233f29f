"""Untrusted names and values are shown as plain text, never as links, images or our own words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.editor.conftest import Open, kvlens
from tests.editor.window import Window

ELSEWHERE = "elsewhere.invalid"
PICTURE = f"![p](https://{ELSEWHERE}/p.png) [Docs](https://{ELSEWHERE}/)"
LINK = "[Show log](command:workbench.action.files.newUntitledFile)"
ICON = "$(trash) Delete everything"
TURNED = "a\u202egpj.exe"
FORGED = 'c" from KV?\nOnly a cache, nothing is lost.\n"'
VALUE = f"  ```\n{PICTURE}\n&amp;&lt;"
ENVIRONMENT = rf"x\n\n# Fix\n\n{PICTURE}\n\n"
CONFIG = f"""\
name = "shop"
main = "index.js"
[[kv_namespaces]]
binding = "KV"
id = "a\\n\\n{PICTURE}\\n\\n"
[[env."{ENVIRONMENT}".kv_namespaces]]
binding = "KV"
id = "b"
"""
SOURCE = 'export default { async fetch(r, env) { await env.KV.get("x") } }\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in which every name is hostile."""
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "index.js").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "seeds").mkdir()
    for key in (LINK, ICON, TURNED, FORGED):
        kvlens(tmp_path, "key", "put", "--binding", "KV", "--env", "", "--", key, VALUE)
    return tmp_path


def hover(window: Window, place: tuple[int, int]) -> str:
    """Return the text of the hover at a position in the active editor."""
    window.go_to(*place)
    window.palette("Show or Focus Hover")
    shown = window.page.locator(".monaco-hover:visible").first
    expect(shown).to_be_visible()
    expect(shown).to_contain_text("KV")
    assert not shown.locator(f"img, h1, a[href*={ELSEWHERE!r}]").count()
    said = shown.inner_text()
    window.page.keyboard.press("Escape")
    return said


def test_no_name_is_more_than_text(open_window: Open, project: Path) -> None:
    window = open_window(project)
    page = window.page
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url) if ELSEWHERE in sent.url else None)
    window.show_view()
    window.running()
    window.expand("Top level")
    window.expand("KV")
    page.mouse.move(900, 400)  # the tooltip of the row above covers the one below

    # the view and its tooltip
    tooltip = window.tooltip(window.see("a\\u202egpj.exe"), "Docs")
    expect(tooltip).to_contain_text(PICTURE)
    expect(tooltip).to_contain_text("&amp;&lt;")
    expect(tooltip).to_contain_text("a\\u202egpj.exe")
    assert not tooltip.locator("img, a").count()
    window.shot("tooltip")

    # a list
    window.palette("KV Lens: Get Key")
    window.pick("KV")
    icon = page.locator(".quick-input-list .monaco-list-row", has_text="Delete everything")
    expect(icon).to_contain_text(ICON)
    page.keyboard.press("Escape")

    # a question
    window.see("a\\u202egpj.exe").click()
    window.see(FORGED.replace("\n", "\\n")).click(modifiers=["Control"])
    page.keyboard.press("Delete")
    box = page.locator(".monaco-dialog-box")
    expect(box).to_contain_text(FORGED.replace("\n", "\\n"))
    expect(box).to_contain_text("a\\u202egpj.exe")
    window.shot("question")
    window.dialog("Cancel")

    # a notification of the server
    seed = json.dumps([{"key": LINK, "value": "2"}])
    (project / "seeds" / "KV.json").write_text(seed, encoding="utf-8")
    toast = window.toast("Show log")
    expect(toast).to_contain_text("(command:")
    assert not toast.locator(".notification-list-item-message a").count()
    window.shot("notification")

    # hovers
    window.open_file("wrangler.toml")
    assert rf"[p](https://{ELSEWHERE}/p.png)" in hover(window, (4, 13))
    assert r"x\n\n# Fix" in hover(window, (7, 13))
    window.open_file("index.js")
    assert r"a\n\n![p]" in hover(window, (1, 51))
    window.shot("hovers")
    assert asked == []
