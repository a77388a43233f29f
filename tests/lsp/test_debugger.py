"""The server under a debugger, started as the extension starts it from a checkout."""

from __future__ import annotations

import inspect
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from kvlens.lsp import completion
from kvlens.process import own_command

from scripts.wait_for_debugger import is_taken

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds; a debugger that never answers fails the test


class Wire:
    """Messages with a Content-Length header: of LSP and of the debugger's protocol."""

    def __init__(self, reading: IO[bytes], writing: IO[bytes]) -> None:
        self.reading = reading
        self.writing = writing

    def send(self, **message: Any) -> None:
        body = json.dumps(message).encode()
        self.writing.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.writing.flush()

    def until(self, **wanted: Any) -> dict[str, Any]:
        """Read up to a message with these fields and return it."""
        while True:
            length = 0
            while (line := self.reading.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            assert length, f"ended before {wanted}"
            message: dict[str, Any] = json.loads(self.reading.read(length))
            if all(message.get(name) == value for name, value in wanted.items()):
                return message


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    return number


@pytest.fixture
def server(port: int, tmp_path: Path) -> Iterator[Wire]:
    """The server with the arguments that development.ts adds."""
    source = (ROOT / "extension/src/development.ts").read_text(encoding="utf-8")
    added = re.search(r"const debugged = \[(.*)\];", source)
    assert added
    words = [word.strip("'` ") for word in added[1].split(",")]
    words = [word.replace("${port}", str(port)) for word in words]
    python, *options = own_command("lsp")
    at = options.index(str(Path(sys.modules["kvlens"].__file__ or "").with_name("__main__.py")))
    command = [python, *options[:at], *words, *options[at:]]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout
        guard = threading.Timer(PATIENCE, process.kill)
        guard.start()
        yield Wire(process.stdout, process.stdin)
        guard.cancel()
        process.kill()


def test_a_breakpoint_in_the_server_is_hit(server: Wire, port: int, tmp_path: Path) -> None:
    config = tmp_path / "wrangler.toml"
    config.write_text('[[kv_namespaces]]\nbinding = "A"\n', encoding="utf-8")
    server.send(
        jsonrpc="2.0",
        id=1,
        method="initialize",
        params={"processId": None, "rootUri": tmp_path.as_uri(), "capabilities": {}},
    )
    assert "capabilities" in server.until(id=1)["result"]  # it doesn't wait for the debugger
    assert is_taken(port)
    server.send(jsonrpc="2.0", method="initialized", params={})

    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        debugger = Wire(connection.makefile("rb"), connection.makefile("wb"))
        debugger.send(seq=1, type="request", command="initialize", arguments={"adapterID": "x"})
        launch = json.loads((ROOT / ".vscode/launch.json").read_text(encoding="utf-8"))
        attach = next(one for one in launch["configurations"] if one["name"] == "Server")
        debugger.send(seq=2, type="request", command="attach", arguments=attach)
        debugger.until(event="initialized")
        _, first = inspect.getsourcelines(completion.answer)
        body = inspect.getsource(completion.answer)
        line = first + next(n for n, text in enumerate(body.splitlines()) if "=" in text and n)
        where = {
            "source": {"path": inspect.getsourcefile(completion)},
            "breakpoints": [{"line": line}],
        }
        debugger.send(seq=3, type="request", command="setBreakpoints", arguments=where)
        placed = debugger.until(command="setBreakpoints")["body"]["breakpoints"]
        assert placed[0]["verified"]
        debugger.send(seq=4, type="request", command="configurationDone")
        debugger.until(command="configurationDone", success=True)

        document = {"uri": config.as_uri(), "languageId": "toml", "version": 1}
        text = config.read_text(encoding="utf-8")
        opened = {"textDocument": {**document, "text": text}}
        server.send(jsonrpc="2.0", method="textDocument/didOpen", params=opened)
        place = {"textDocument": {"uri": config.as_uri()}, "position": {"line": 1, "character": 0}}
        server.send(jsonrpc="2.0", id=2, method="textDocument/completion", params=place)
        stopped = debugger.until(event="stopped")["body"]
        assert stopped["reason"] == "breakpoint"
        thread = {"threadId": stopped["threadId"]}
        debugger.send(seq=5, type="request", command="continue", arguments=thread)
        assert "result" in server.until(id=2)
        debugger.send(seq=6, type="request", command="disconnect", arguments={})
        debugger.until(command="disconnect")

    server.send(jsonrpc="2.0", id=3, method="shutdown")
    assert server.until(id=3)["result"] is None
