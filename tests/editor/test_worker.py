"""The project's Worker and snapshots, from the palette."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from scripts.toolchain import INTEROP_TREE
from tests.editor.conftest import Open
from tests.editor.window import START, Window


@pytest.fixture
def window(open_window: Open, project: Path) -> Window:
    # workerd, as a project has it after `npm install`
    (project / "node_modules").symlink_to(INTEROP_TREE / "node_modules", target_is_directory=True)
    window = open_window(project)
    window.show_view()
    window.running()
    return window


def seed(window: Window, project: Path, binding: str, count: int) -> None:
    window.context_menu(binding, "Seed Namespace from File…")
    window.seed_file(project / "seeds" / f"{binding}.json")
    window.toast(f"Seeded {count} keys into {binding}.")


def test_the_worker_runs_on_the_keys_of_the_editor(window: Window, project: Path) -> None:
    seed(window, project, "SESSIONS", 4)
    window.palette("KV Lens: Run Worker")
    window.asks("Run Worker")
    window.pick("Top level")
    expect(window.toast("The Worker runs at")).to_be_visible(timeout=START)
    item = window.page.locator('.statusbar-item[id="kvlens.kvlens.kvlens.worker"]')
    expect(item).to_contain_text("Worker 127.0.0.1:")
    window.shot("running")
    address = re.search(r"127\.0\.0\.1:\d+", item.inner_text())
    assert address
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{address[0]}/", timeout=30) as response:
        page = response.read().decode()
    assert "Welcome, ada. This is visit 42." in page
    assert window.served("SESSIONS").value("session:ada-4f1c") == b'{"user":"ada","visits":42}'

    item.click()
    window.asks("Worker")
    window.pick("Show output")
    expect(window.page.locator(".part.panel .view-lines")).to_contain_text("GET / 200")
    window.shot("output")
    window.palette("KV Lens: Stop Worker")
    expect(item).to_be_hidden()
    with pytest.raises(OSError, match="refused"):
        opener.open(f"http://{address[0]}/", timeout=30)


def test_a_snapshot_brings_back_what_was_there(window: Window, project: Path) -> None:
    seed(window, project, "FEATURE_FLAGS", 5)
    window.palette("KV Lens: Save Snapshot…")
    window.asks("Save Snapshot")
    window.type("..")
    expect(window.objection()).to_contain_text("Use up to 64 letters")
    window.answer("first")
    window.toast('Saved 5 keys as the snapshot "first".')

    served = window.served("FEATURE_FLAGS")
    served.put("theme", b"dark")
    served.put("new", b"1")
    window.palette("KV Lens: Restore Snapshot…")
    window.asks("Restore Snapshot")
    window.pick("first")
    box = window.page.locator(".monaco-dialog-box")
    expect(box).to_contain_text(
        "In wrangler.toml, local store (wrangler:): 1 key with another value, metadata or "
        "expiration now would be overwritten; 1 key that the snapshot does not have would be deleted."
    )
    expect(box).to_contain_text("FEATURE_FLAGS: 1 overwritten, 1 deleted")
    window.shot("restore")
    served.delete("new")
    served.put("theme", b"never seen")
    window.dialog("Restore")
    expect(box).to_contain_text("Something has changed since you were asked.")
    expect(box).not_to_contain_text("\\n")
    expect(box).not_to_contain_text("that the snapshot does not have")
    assert served.value("theme") == b"never seen"
    window.dialog("Restore")
    window.toast('Restored "first"')
    assert served.value("theme") == b"matcha"
    assert served.value("new") is None
