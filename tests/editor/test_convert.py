"""A config is converted to another language; the old file goes to the trash when the user says so."""

from __future__ import annotations

import time

from playwright.sync_api import expect

from tests.editor.conftest import kvlens
from tests.editor.window import Window


def test_a_config_is_converted(window: Window) -> None:
    (old,) = [path for path in window.folder.iterdir() if path.name.startswith("wrangler.")]
    title, to = ("TOML", "toml") if old.suffix == ".jsonc" else ("JSONC", "jsonc")
    new = old.with_suffix(f".{to}")
    wanted = kvlens(window.folder, "config", "convert", "--to", to)
    window.palette("KV Lens: Convert Config…")
    window.asks(f"Convert {old.name}")
    expect(window.choices()).to_have_count(2)
    window.shot("languages")
    window.pick(title)
    window.tab(new.name)
    toast = window.toast(f"Converted {old.name} to {new.name}.")
    window.shot("converted")
    assert new.read_text("utf-8") == wanted
    assert old.exists()
    toast.get_by_role("button", name="Move to Trash").click()
    dialog = window.page.locator(".monaco-dialog-box")  # the workbench's files are remote
    expect(dialog).to_contain_text(f"There is no trash here. Delete {old.name} permanently?")
    window.shot("no-trash")
    assert old.exists()
    window.dialog("Delete")
    deadline = time.monotonic() + 60
    while old.exists():
        assert time.monotonic() < deadline
        window.page.wait_for_timeout(200)
    window.palette("KV Lens: Convert Config…")
    window.asks(f"Convert {new.name}")
    window.pick("cloudflare.config.ts")
    window.tab("cloudflare.config.ts")
    window.shot("code")
