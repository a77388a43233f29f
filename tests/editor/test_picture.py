"""The image of the README shows a real window."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.editor.conftest import Open
from tests.editor.test_table import Table
from tests.editor.window import START


def test_workbench(open_window: Open, project: Path) -> None:
    """Make build/screenshots/workbench-01-picture.png, the source of docs/images/workbench.png."""
    text = (project / "wrangler.toml").read_text(encoding="utf-8")
    text = text.replace("]\n\n[vars]", '  { binding = "CARTS", id = 41 },\n]\n\n[vars]', 1)
    window = open_window(project)
    window.show_view()
    window.running()
    for binding, count in (("SESSIONS", 4), ("FEATURE_FLAGS", 5)):
        window.context_menu(binding, "Seed Namespace from File…")
        window.seed_file(project / "seeds" / f"{binding}.json")
        window.toast(f"Seeded {count} keys into {binding}.")
    window.open_file("wrangler.toml")
    window.replace(text)
    expect(window.page.locator(".editor-instance .squiggly-error").first).to_be_visible(
        timeout=START
    )
    window.expand("FEATURE_FLAGS")
    window.expand("SESSIONS")
    window.row("SESSIONS").click()
    window.tab("SESSIONS")
    window.palette("View: Move Editor into Group Below")
    table = Table(window)
    table.row("session:ada-4f1c").click()
    expect(table.frame.locator("[role=tree]")).to_contain_text('"ada"')
    window.palette("View: Focus First Editor Group")
    window.go_to(13, 1)
    expect(window.page.locator(".editor-instance .squiggly-error").first).to_be_visible()
    window.palette("Notifications: Clear All Notifications")
    lenses = window.page.locator(".editor-instance .codelens-decoration a")
    expect(lenses.filter(has_text="4 keys")).to_be_visible(timeout=START)
    window.shot("picture")
