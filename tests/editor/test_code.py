"""A quick fix in a config; a Worker's code, checked and shown with its live keys."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.editor.conftest import Open
from tests.editor.window import START, Window

ID = "5b1e0c2fd7a94c35b0f2a8c1e96d4470"
CAPTURED = f"""\
name = "tea-house"
main = "src/index.js"

# what the shop is called
[vars]
SHOP_NAME = "The Tea House"
kv_namespaces = [
  {{ binding = "SESSIONS", id = "{ID}" }}, # who is here
]
"""
WORKER = """\
export default {
  async fetch(request, env) {
    await env.SESSIONS.put("seen", "now", { expirationTtl: 30 });
    const ada = await env.SESSIONS.get("session:ada-4f1c");
    const none = await env.SESSIONS.get("session:nobody");
    return new Response(`${ada} ${none}`);
  },
};
"""


def squiggle(window: Window, kind: str) -> Locator:
    """Return the first underline of a kind: error, warning or info."""
    return window.page.locator(f".editor-instance .squiggly-{kind}").first


def word(window: Window, text: str) -> Locator:
    """Return a word of the code."""
    return window.page.locator(".editor-instance .view-line span span", has_text=text).first


def test_a_captured_array_is_moved_by_a_quick_fix(open_window: Open, project: Path) -> None:
    (project / "wrangler.toml").write_text(CAPTURED, encoding="utf-8")
    window = open_window(project)
    window.open_file("wrangler.toml")
    expect(squiggle(window, "warning")).to_be_visible(timeout=START)
    window.shot("captured")
    word(window, "kv_namespaces").click()
    fixes = window.fixes()
    expect(fixes.filter(has_text="Move").first).to_be_visible()
    window.shot("fixes")
    fixes.filter(has_text="Move").first.click()
    expect(window.page.locator(".editor-instance .squiggly-warning")).to_have_count(0)
    window.shot("moved")
    window.save()
    text = (project / "wrangler.toml").read_text(encoding="utf-8")
    assert text.index("kv_namespaces") < text.index("[vars]")
    for comment in ("# what the shop is called", "# who is here"):
        assert comment in text


def test_code_is_checked_and_seen_with_its_live_keys(open_window: Open, project: Path) -> None:
    (project / "src" / "index.js").write_text(WORKER, encoding="utf-8")
    window = open_window(project)
    window.show_view()
    window.running()
    window.context_menu("SESSIONS", "Seed Namespace from File…")
    window.seed_file(project / "seeds" / "SESSIONS.json")
    window.toast("Seeded 4 keys into SESSIONS.")
    window.open_file("index.js")
    expect(squiggle(window, "error")).to_be_visible(timeout=START)
    # an inlay hint shows the missing key, and only that one
    inlay = window.page.locator(".editor-instance .view-line", has_text="no such key")
    expect(inlay).to_have_count(1, timeout=START)
    expect(inlay).to_contain_text("session:nobody")
    # the live value on hover
    hover = window.tooltip(word(window, "session:ada-4f1c"), '"visits": 41')
    expect(hover).to_contain_text("expires in")
    window.shot("hover")
    # from the binding to its declarations: at the top level and in the environment
    word(window, "SESSIONS").click()
    window.page.keyboard.press("F12")
    peek = window.page.locator(".peekview-widget")
    expect(peek).to_contain_text("wrangler.toml", timeout=START)
    expect(peek.locator(".ref-tree .monaco-list-row")).to_have_count(2)
    window.shot("declared")


def test_a_call_is_mended_by_a_quick_fix(open_window: Open, project: Path) -> None:
    source = project / "src" / "index.js"
    source.write_text(WORKER, encoding="utf-8")
    window = open_window(project)
    window.open_file("index.js")
    expect(squiggle(window, "error")).to_be_visible(timeout=START)
    word(window, "30").click()
    fixes = window.fixes()
    expect(fixes.filter(has_text="Turn off ttl-out-of-range for this line")).to_be_visible()
    window.shot("code-fixes")
    fixes.filter(has_text="Change to 60").first.click()
    expect(window.page.locator(".editor-instance .squiggly-error")).to_have_count(0)
    window.save()
    assert "{ expirationTtl: 60 }" in source.read_text(encoding="utf-8")


def test_a_seed_file_is_checked_where_it_is_written(open_window: Open, project: Path) -> None:
    seeds = project / "seeds" / "SESSIONS.json"
    seeds.write_text(
        '[\n  { "key": "ada", "value": "1" },\n  { "key": "bob", "value": 2 }\n]\n',
        encoding="utf-8",
    )
    window = open_window(project)
    window.open_file("SESSIONS.json")
    expect(squiggle(window, "error")).to_be_visible(timeout=START)
    window.tooltip(word(window, '"bob"'), "seed-invalid")
    window.shot("seed-file")
