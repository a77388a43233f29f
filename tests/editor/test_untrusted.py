"""A workspace that isn't trusted yet is checked, and none of its code is started."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from scripts.package import build, host_target
from scripts.toolchain import BUILD
from scripts.workbench import Workbench
from tests.editor.conftest import PATIENCE, SIZE
from tests.editor.window import Window

LINK = "[Show log](command:workbench.action.files.newUntitledFile)"


@pytest.fixture
def careful() -> Iterator[Workbench]:
    """A workbench that trusts no folder by default."""
    data = BUILD / "editor-tests-untrusted"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    trust = {
        "security.workspace.trust.enabled": True,
        "security.workspace.trust.startupPrompt": "never",
        "security.workspace.trust.banner": "never",
    }
    started = Workbench(data, settings=trust, trusting=False)
    started.install(build(host_target()))
    with started:
        yield started


def test_an_untrusted_workspace_is_checked_and_asks_for_trust(
    careful: Workbench, browser: Browser, project: Path
) -> None:
    context = browser.new_context(viewport=SIZE)
    context.set_default_timeout(PATIENCE)
    url = careful.folder_url(project)
    window = Window(context.new_page(), url, project, "untrusted")
    window.open_file("wrangler.toml")
    config = (project / "wrangler.toml").read_text(encoding="utf-8")
    window.replace(config.replace('binding = "SESSIONS"', "binding = 5", 1))
    expect(window.page.locator(".editor-instance .squiggly-error").first).to_be_visible(
        timeout=60_000
    )
    window.page.keyboard.press("Control+Z")
    window.show_view()
    hint = window.see("Trust this workspace to see its keys")
    window.shot("hint")
    for command in ("Put Key…", "Export Namespace…", "Move Keys to Namespace…"):
        window.palette(f"KV Lens: {command}")
        toast = window.toast("This workspace is not trusted, so nothing in it is run or changed.")
        expect(window.page.locator(".quick-input-widget:visible")).to_have_count(0)
        toast.hover()
        toast.locator('.action-label[aria-label^="Clear"]').click()
    assert not (project / ".wrangler").exists()
    hint.click()
    editor = window.page.locator(".workspace-trust-editor")
    editor.locator(".monaco-button", has_text="Trust").first.click()
    expect(editor).to_contain_text("You trust this folder")
    window.shot("trust")
    modal = window.page.locator(".monaco-modal-editor-block")
    if modal.count():
        modal.locator('.action-label[aria-label^="Close"]').last.click()
        expect(modal).to_have_count(0)
    expect(window.row("Trust this workspace to see its keys")).to_have_count(0)
    window.expand("SESSIONS")
    window.see("No keys yet: seed from a file…")
    window.running()
    window.shot("trusted")
    context.close()


def test_a_setting_of_an_untrusted_workspace_is_no_link(
    careful: Workbench, browser: Browser, project: Path
) -> None:
    (project / ".vscode").mkdir(exist_ok=True)
    settings = json.dumps({"kvlens.rules": {LINK: "error"}})
    (project / ".vscode" / "settings.json").write_text(settings, encoding="utf-8")
    context = browser.new_context(viewport=SIZE)
    context.set_default_timeout(PATIENCE)
    window = Window(context.new_page(), careful.folder_url(project), project, "setting")
    toast = window.toast("there is no rule")
    expect(toast).to_contain_text("Show log")
    assert not toast.locator(".notification-list-item-message a").count()
    context.close()
