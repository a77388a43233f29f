"""Bytes in VS Code's hex editor, where it is installed.

Microsoft's extension isn't in a package registry, so a small one with its name and the id of its
editor takes its place: it reads a document the way that one does.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from scripts.package import build, host_target
from scripts.workbench import Workbench
from tests.editor.conftest import Open, kvlens

MANIFEST = {
    "name": "hexeditor",
    "publisher": "ms-vscode",
    "version": "1.0.0",
    "engines": {"vscode": "^1.91.0"},
    "main": "./main.js",
    "contributes": {
        "customEditors": [
            {
                "viewType": "hexEditor.hexedit",
                "displayName": "Hex Editor",
                "selector": [{"filenamePattern": "*"}],
                "priority": "option",
            }
        ]
    },
}
MAIN = """\
const vscode = require('vscode');
exports.activate = (context) => context.subscriptions.push(
    vscode.window.registerCustomEditorProvider('hexEditor.hexedit', {
        openCustomDocument: (uri) => ({ uri, dispose() {} }),
        async resolveCustomEditor({ uri }, panel) {
            const bytes = Buffer.from(await vscode.workspace.fs.readFile(uri));
            panel.webview.html = `<pre class="bytes">${bytes.toString('hex')}</pre>`;
        },
    }),
);
"""
PACKAGE = """\
<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="hexeditor" Version="1.0.0" Publisher="ms-vscode" />
    <DisplayName>Hex Editor</DisplayName>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code" /></Installation>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" />
  </Assets>
</PackageManifest>
"""
TYPES = """\
<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension=".json" ContentType="application/json" />
  <Default Extension=".js" ContentType="application/javascript" />
  <Default Extension=".vsixmanifest" ContentType="text/xml" />
</Types>
"""
BYTES = bytes([0, 255, 1, 254, 2, 253])


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    """A workbench of its own, with a hex editor."""
    vsix = tmp_path / "hexeditor.vsix"
    with zipfile.ZipFile(vsix, "w") as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("extension.vsixmanifest", PACKAGE)
        archive.writestr("extension/package.json", json.dumps(MANIFEST))
        archive.writestr("extension/main.js", MAIN)
    data = tmp_path / "workbench"
    data.mkdir()
    started = Workbench(data)
    started.install(build(host_target()))
    started.install(vsix)
    with started:
        yield started


def test_bytes_open_in_the_hex_editor(open_window: Open, project: Path) -> None:
    file = project / "logo.bin"
    file.write_bytes(BYTES)
    kvlens(project, "key", "put", "logo.bin", "--path", str(file), "--binding", "SESSIONS")
    window = open_window(project)
    window.show_view()
    window.running()
    window.expand("SESSIONS")
    window.see("logo.bin").click()
    window.tab("logo.bin")
    frame = window.page.frame_locator("iframe.webview.ready").frame_locator("#active-frame")
    expect(frame.locator(".bytes")).to_have_text(BYTES.hex())
    window.shot("hex editor")
