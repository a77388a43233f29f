"""A cloudflare.config.ts in the workbench: what a wrangler.toml has, this has too."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.editor.conftest import Open
from tests.editor.window import START

CONFIG = """\
import { bindings, defineConfig } from "cf/config";

export default defineConfig(({ mode }) => ({
  worker: {
    name: "shop",
    entrypoint: "src/index.ts",
    env: {
      CARTS: bindings.kv({ id: mode === "staging" ? "" : "0f2ac74b498b48028cb68387c421e279" }),
    },
  },
}));
"""
WORKER = """\
export default {
  async fetch(request: Request, env: { CARTS: KVNamespace }) {
    await env.CARTS.put("cart", "3");
    return new Response(await env.CARTS.get("cart"));
  },
};
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "cloudflare.config.ts").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "index.ts").write_text(WORKER, encoding="utf-8")
    return tmp_path


def test_it_has_lenses_problems_and_a_menu(open_window: Open, project: Path) -> None:
    window = open_window(project)
    window.show_view()
    window.running()
    window.expand("Top level")
    expect(window.see("CARTS")).to_contain_text("0 keys")
    window.open_file("cloudflare.config.ts")
    lenses = window.page.locator(".editor-instance .codelens-decoration a")
    expect(lenses).to_have_text(["run", "no keys \u00b7 open", "seed\u2026"], timeout=START)
    window.palette("Problems: Focus on Problems View")
    problem = window.page.locator(".markers-panel .monaco-list-row", has_text="id-empty")
    expect(problem).to_be_visible()
    word = window.page.locator(".editor-instance .view-line span span", has_text="CARTS")
    word.first.click(button="right")
    menu = window.submenu("KV Namespace")
    window.shot("menu")
    menu.filter(has_text="Put Key…").click()
    window.asks("Put Key: CARTS")
    window.answer("cart")
    question = window.page.locator(".quick-input-widget:visible")
    expect(question).to_contain_text('Value of "cart"')
    window.answer("5")
    expect(question).to_contain_text("a duration or a date")
    window.confirm()
    expect(window.see("cart")).to_contain_text("5")
    expect(lenses.filter(has_text="1 key")).to_be_visible()
    window.shot("put")
