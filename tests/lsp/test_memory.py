"""The memory that the real language server uses for the largest texts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.test_hostile_files import Client

SIZE = 25 * 1024 * 1024
CONFIG = 'main = "index.js"\n[[kv_namespaces]]\nbinding = "KV"\nid = "kv"\n'
LINES: dict[str, tuple[str, str]] = {
    "a config of line ends": ("wrangler.toml", "\n"),
    "a source of line ends": ("index.js", "\n"),
    "a source of CRLF": ("index.js", "\r\n"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="shows the memory")
@pytest.mark.parametrize(("name", "piece"), LINES.values(), ids=LINES)
def test_a_text_of_25_mib(tmp_path: Path, name: str, piece: str) -> None:
    """Opened, edited in two places and replaced as a whole, with requests between."""
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    text = piece * (SIZE // len(piece))
    (tmp_path / name).write_bytes(text.encode())
    uri = (tmp_path / name).as_uri()
    client = Client(tmp_path)
    try:
        folder = {"uri": tmp_path.as_uri(), "name": "x"}
        start: dict[str, Any] = {
            "processId": None,
            "workspaceFolders": [folder],
            "capabilities": {},
        }
        client.ask("initialize", {"rootUri": folder["uri"], **start})
        client.send("initialized", {})
        document: dict[str, Any] = {"uri": uri, "languageId": "x", "version": 1, "text": text}
        client.send("textDocument/didOpen", {"textDocument": document})
        at = {"textDocument": {"uri": uri}, "position": {"line": 9000, "character": 0}}
        everything = {"text": f"{text}x"}
        place = {"line": 5000, "character": 0}
        edit = {"range": {"start": place, "end": place}, "text": "x"}
        for version, change in enumerate((edit, everything, edit), 2):
            assert "error" not in client.ask("textDocument/hover", at)
            document = {"uri": uri, "version": version}
            client.send(
                "textDocument/didChange", {"textDocument": document, "contentChanges": [change]}
            )
        assert "error" not in client.ask("textDocument/hover", at)
        status = Path(f"/proc/{client.process.pid}/status").read_text("utf-8")
        assert int(status.partition("VmHWM:")[2].split()[0]) // 1024 < 300
    finally:
        client.process.kill()
        client.process.wait()
