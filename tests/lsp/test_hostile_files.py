"""A folder of pipes, devices and huge files: the language server answers, and exits when asked to."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kvlens.process import own_command

from tests.unit.odd_files import endless, gigabytes, pipe

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
PLACES = (
    "wrangler.toml",
    "package.json",
    "tsconfig.json",
    "node_modules/wrangler/package.json",
    "src/other.ts",
    "src/env.d.ts",
    "seeds/CARTS.json",
    "wrangler.staging.toml",
    "more/wrangler.jsonc",
)
CONFIG = 'main = "src/index.ts"\nkv_namespaces = [{ binding = "CARTS", id = "" }]\n'
SOURCE = "export default { fetch(r, env) { env.CARTS.get('k') } }\n"


KINDS: dict[str, Callable[[Path], None]] = {
    "pipes": pipe,
    "endless devices": endless,
    "gigabytes": gigabytes,
    "folders": lambda path: path.mkdir(),
}


class Client:
    """A client with plain JSON: only the server can block."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [*own_command(), "lsp"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.told: list[dict[str, Any]] = []
        self._count = 0

    def send(self, method: str, params: Any, *, request: bool = False) -> None:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        if request:
            self._count += 1
            message["id"] = self._count
        data = json.dumps(message).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout
        size = 0
        while (line := self.process.stdout.readline().strip()) or not size:
            assert line or self.process.poll() is None, "the server has ended"
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(self.process.stdout.read(size))
        return message

    def ask(self, method: str, params: Any) -> dict[str, Any]:
        """Return the response to a request, answering the server's own requests meanwhile."""
        self.send(method, params, request=True)
        while True:
            message = self.read()
            if "method" not in message:
                if message["id"] == self._count:
                    return message
            elif "id" in message:
                self._reply(message["id"])
            else:
                self.told.append(message)

    def _reply(self, number: Any) -> None:
        data = json.dumps({"jsonrpc": "2.0", "id": number, "result": None}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self.process.stdin.flush()


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_the_server_answers_and_ends(tmp_path: Path, make: Callable[[Path], None]) -> None:
    for place in PLACES:
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path)
    client = Client(tmp_path)
    try:
        root = tmp_path.as_uri()
        client.ask(
            "initialize",
            {
                "processId": None,
                "rootUri": root,
                "workspaceFolders": [{"uri": root, "name": "x"}],
                "capabilities": {},
            },
        )
        client.send("initialized", {})
        for name, text in (("wrangler.toml", CONFIG), ("src/index.ts", SOURCE)):
            item = {"uri": f"{root}/{name}", "languageId": "x", "version": 1, "text": text}
            client.send("textDocument/didOpen", {"textDocument": item})
        config = {"textDocument": {"uri": f"{root}/wrangler.toml"}}
        answer = client.ask("textDocument/documentSymbol", config)
        assert answer["result"][0]["name"] == "CARTS"
        changes = [{"uri": f"{root}/{name}", "type": 2} for name in PLACES]
        client.send("workspace/didChangeWatchedFiles", {"changes": changes})
        client.ask("textDocument/hover", {**config, "position": {"line": 1, "character": 30}})
        listed = client.ask("workspace/executeCommand", {"command": "kvlens.namespaces"})["result"]
        assert bool(listed) != (tmp_path / "wrangler.toml").is_dir()
        assert all(one["problem"] for one in listed)
        source = {"textDocument": {"uri": f"{root}/src/index.ts"}}
        client.ask("textDocument/hover", {**source, "position": {"line": 0, "character": 40}})
        client.ask("textDocument/references", {**source, "position": {"line": 0, "character": 40},
                                               "context": {"includeDeclaration": True}})  # fmt: skip
        client.send("textDocument/didClose", config)
        client.ask("textDocument/foldingRange", config)
        assert "result" in client.ask("shutdown", None)
        client.send("exit", None)
        assert client.process.wait(30) == 0
    finally:
        client.process.kill()
        client.process.wait()
