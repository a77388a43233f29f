"""A language client for measuring: it records when a message arrives, before parsing it."""

from __future__ import annotations

import json
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.toolchain import ToolError
from tests.bench.capabilities import CAPABILITIES
from tests.bench.servers import Server

ANSWER_WITHIN = 60.0  # seconds; then the server counts as stuck

FULL = 1  # LSP's TextDocumentSyncKind


class ServerEndedError(ToolError):
    """The server has exited. The text has its last output."""


class Client:
    """A server process and its messages."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.arrived: queue.Queue[tuple[float, dict[str, Any] | None]] = queue.Queue()
        self.full_text = False
        self._sending = threading.Lock()
        self._asked = 0
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as this
        self.spawned = time.perf_counter()
        self.process = subprocess.Popen(
            server.command,
            cwd=folder,
            env=server.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        """End the server like an editor; kill it if it doesn't exit."""
        try:
            self.send({"id": "end", "method": "shutdown"})
            self.wait_for(lambda message: message.get("id") == "end")
            self.send({"method": "exit"})
            assert self.process.stdin
            self.process.stdin.close()
            self.process.wait(5)
        except (OSError, TimeoutError, ServerEndedError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self._errors.close()

    def initialize(self) -> float:
        """Initialize; return the seconds from spawn to the response."""
        uri = self.folder.as_uri()
        self.send(
            {
                "id": "initialize",
                "method": "initialize",
                "params": {
                    "processId": None,
                    "clientInfo": {"name": "bench"},
                    "rootUri": uri,
                    "workspaceFolders": [{"uri": uri, "name": self.folder.name}],
                    "capabilities": CAPABILITIES,
                    "initializationOptions": self.server.options,
                },
            }
        )
        arrived, answer = self.wait_for(lambda message: message.get("id") == "initialize")
        sync = answer["result"]["capabilities"].get("textDocumentSync")
        self.full_text = (sync["change"] if isinstance(sync, dict) else sync) == FULL
        self.send({"method": "initialized", "params": {}})
        return arrived - self.spawned

    def send(self, message: dict[str, Any]) -> float:
        """Send a message; return the time when sending began."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        data = b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        assert self.process.stdin
        with self._sending:
            began = time.perf_counter()
            self.process.stdin.write(data)
            self.process.stdin.flush()
        return began

    def ask(self, method: str, params: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Send a request; return the arrival time of its response, and the response."""
        self._asked += 1
        name = f"asked-{self._asked}"
        self.send({"id": name, "method": method, "params": params})
        return self.wait_for(lambda message: message.get("id") == name)

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool]) -> tuple[float, dict[str, Any]]:
        """Return the next wanted message, and its arrival time.

        Raises TimeoutError if it doesn't arrive, ServerEndedError if the server has exited.
        """
        while True:
            try:
                arrived, message = self.arrived.get(timeout=ANSWER_WITHIN)
            except queue.Empty:
                raise TimeoutError(f"{self.server.name} does not answer") from None
            if message is None:
                self._errors.seek(0)
                said = self._errors.read().decode("utf-8", "replace").strip().splitlines()
                raise ServerEndedError(f"{self.server.name} has ended: {' / '.join(said[-3:])}")
            if wanted(message):
                return arrived, message

    def quiet(self, seconds: float) -> None:
        """Wait until nothing has arrived for this long, and drop earlier messages."""
        while True:
            try:
                if self.arrived.get(timeout=seconds)[1] is None:
                    return
            except queue.Empty:
                return

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream
        while True:
            size = 0
            while line := stream.readline().strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    size = int(value)
            body = stream.read(size)
            arrived = time.perf_counter()
            if not body:
                self.arrived.put((arrived, None))
                return
            message = json.loads(body)
            if "method" in message and "id" in message:
                self._answer(message)
            else:
                self.arrived.put((arrived, message))

    def _answer(self, request: dict[str, Any]) -> None:
        """Answer the server's requests."""
        result: Any = None
        if request["method"] == "workspace/configuration":
            result = [self.server.settings for _ in request["params"]["items"]]
        elif request["method"] == "workspace/workspaceFolders":
            result = [{"uri": self.folder.as_uri(), "name": self.folder.name}]
        try:
            self.send({"id": request["id"], "result": result})
        except (OSError, ValueError):  # it is being stopped
            return
