"""The extension in a language that has each text in brackets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from scripts.workbench import Workbench
from tests.editor.conftest import PATIENCE, SIZE
from tests.editor.test_table import Table
from tests.editor.window import Window

LANGUAGE = "qps-ploc"  # the usual name of a language for tests
TEXTS = ("package.nls.json", "l10n/bundle.l10n.json")


@pytest.fixture
def window(workbench: Workbench, browser: Browser, project: Path) -> Iterator[Window]:
    (extension,) = (workbench.data / "extensions").glob("kvlens.kvlens-*")
    written = []
    for name in TEXTS:
        texts = json.loads((extension / name).read_text("utf-8"))
        file = extension / name.replace(".json", f".{LANGUAGE}.json")
        translated = {key: f"[{text}]" for key, text in texts.items()}
        file.write_text(json.dumps(translated), encoding="utf-8")
        written.append(file)
    context = browser.new_context(viewport=SIZE)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(f"globalThis._VSCODE_NLS_LANGUAGE = {json.dumps(LANGUAGE)}")
    yield Window(context.new_page(), workbench.folder_url(project), project, "translated")
    context.close()
    for file in written:
        file.unlink()


def test_manifest_messages_and_table_are_translated(window: Window) -> None:
    window.show_view()
    window.running()
    window.expand("SESSIONS")
    window.see("[No keys yet: seed from a file…]")
    window.shot("view")
    window.palette("[Put Key…]")
    window.pick("SESSIONS")
    window.asks("[Put Key: SESSIONS]")
    window.shot("put")
    window.page.keyboard.press("Escape")
    window.palette("[Open Namespace]")
    window.pick("SESSIONS")
    table = Table(window)
    expect(table.frame.locator("[role=columnheader]").first).to_contain_text("[Key]")
    expect(table.footer()).to_contain_text("[0 keys]")
    window.shot("table")
