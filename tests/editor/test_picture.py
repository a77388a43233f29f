"""The images of the README show a real window: `make pictures` makes them from these tests."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.editor.conftest import Open
from tests.editor.test_history import pane
from tests.editor.test_table import Table
from tests.editor.window import START


def test_workbench(open_window: Open, project: Path) -> None:
    """Make the source of docs/images/workbench.png."""
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


def test_tour(open_window: Open, project: Path) -> None:
    """Make the frames of docs/images/tour.gif; their names are its captions."""
    config = project / "wrangler.toml"
    sound = config.read_text(encoding="utf-8")
    config.write_text(
        sound.replace("]\n\n[vars]", '  { binding = "CARTS", id = 41 },\n]\n\n[vars]', 1)
    )
    window = open_window(project)
    page = window.page
    window.show_view()
    window.running()
    window.open_file("wrangler.toml")
    squiggle = page.locator(".editor-instance .squiggly-error")
    expect(squiggle.first).to_be_visible(timeout=START)
    window.tooltip(squiggle.first, "kvlens")
    window.shot("A mistake is underlined as you type, and says how to fix it")
    page.keyboard.press("Escape")
    window.replace(sound)
    expect(squiggle).to_have_count(0)
    window.save()
    seed = window.lens("seed from SESSIONS.json")
    seed.hover()
    window.shot("A lens seeds a namespace from a file")
    seed.click()
    window.toast("Seeded 4 keys into SESSIONS.")
    window.see("session:ada-4f1c")
    window.shot("Its keys appear in the tree, and Undo takes them away")
    window.palette("Notifications: Clear All Notifications")
    window.row("SESSIONS").click()
    window.tab("SESSIONS")
    table = Table(window)
    table.row("avatar:ada").click()
    expect(table.frame.locator("figcaption")).to_contain_text("48")
    window.shot("A click opens the namespace as a table, with details of each key")
    table.filter("type:json ttl<7d")
    expect(table.footer()).to_contain_text("of 4 keys")
    expect(table.row("avatar:ada")).to_have_count(0)
    window.shot("A filter looks at keys, values, metadata, types and expiration")
    table.filter("")
    page.keyboard.press("Escape")  # the suggestions are over the rows
    expect(table.row("avatar:ada")).to_be_visible()
    table.row("session:lin-93d7").locator(".cell.value").click()
    page.keyboard.press("F2")
    expect(table.frame.locator(".cellEditor")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type('{"user":"lin","visits":4}')
    page.keyboard.press("Enter")
    table.row("session:guest-0b2e").locator(".cell.key").click()
    page.keyboard.press("Delete")
    expect(table.frame.locator(".changes")).to_have_text("2 unsaved changes")
    window.shot("Edits and deletions are colored until Ctrl+S saves them together")
    window.save()
    window.palette("KV Lens: Focus on History View")
    pane(window).locator(".monaco-list-row", has_text="save table").click()
    history = pane(window).locator(".monaco-list-row", has_text="session:lin-93d7")
    expect(history.first).to_be_visible(timeout=START)
    window.shot("The history shows who changed what, and takes it back")
