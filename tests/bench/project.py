"""A folder with a config, as opened in an editor."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.client import Client
from tests.bench.configs import Typed, make_config
from tests.bench.servers import Server

CONFIG = "wrangler.toml"


@contextmanager
def project(server: Server, lines: int) -> Iterator[tuple[Path, str, list[Typed]]]:
    """Make a folder with a config of this many lines: path, text, positions to type at."""
    text, places = make_config(lines)
    with tempfile.TemporaryDirectory(prefix="kvlens-bench-") as name:
        folder = Path(name).resolve()
        (folder / CONFIG).write_text(text, encoding="utf-8", newline="\n")
        for file, content in server.files.items():
            (folder / file).write_text(content, encoding="utf-8")
        yield folder, text, places


def open_config(client: Client, folder: Path, text: str) -> str:
    """Open the config in a server; return its URI."""
    uri = (folder / CONFIG).as_uri()
    client.send(
        {
            "method": "textDocument/didOpen",
            "params": {
                "textDocument": {"uri": uri, "languageId": "toml", "version": 1, "text": text}
            },
        }
    )
    return uri
