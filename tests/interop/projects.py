"""Worker projects in separate folders, and `kvlens dev` running in one."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from kvlens.process import own_command

PACKAGES = Path(__file__).parent / "node_modules"
WAIT = 60.0  # seconds; only a broken test waits that long


def write_project(folder: Path, files: Mapping[str, str | bytes], *, packages: bool = True) -> Path:
    """Write files into a folder; `packages` gives it wrangler, and so workerd and esbuild."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    if packages:
        (folder / "node_modules").mkdir(exist_ok=True)
        (folder / "node_modules" / "wrangler").symlink_to(PACKAGES / "wrangler")
    return folder


class Dev:
    """A running `kvlens dev --json`; `ready` is its first line."""

    def __init__(
        self, folder: Path, *options: str, store: str = "memory:", port: str | None = "0"
    ) -> None:
        """`port` is the option; without it, the config's counts."""
        self.folder = folder
        given = ["--port", port] if port else []
        self.process = subprocess.Popen(
            own_command("dev", "--json", *given, "--store", store, "--lifeline", *options),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.seen: list[dict[str, Any]] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.ready = self.event("ready")
        self.url: str = self.ready["url"]

    def __enter__(self) -> Dev:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> int:
        """End it through its lifeline and return its exit code."""
        assert self.process.stdin is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
        return self.process.wait(WAIT)

    def event(self, kind: str, holding: str = "") -> dict[str, Any]:
        """Wait for the next event of a kind whose message holds a text."""
        until = time.monotonic() + WAIT
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {kind} event; there were {self.seen}") from None
            if line is None:
                assert self.process.stderr is not None
                raise AssertionError(f"it ended: {self.process.stderr.read()}")
            event = json.loads(line)
            self.seen.append(event)
            if event["event"] == kind and holding in event.get("message", ""):
                found: dict[str, Any] = event
                return found

    def get(self, path: str = "/") -> tuple[int, str]:
        """Return the status and text of the Worker's response."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=WAIT) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def write(self, name: str, content: str) -> None:
        """Write a file of the project in one go, like an editor."""
        path = self.folder / name
        scratch = path.with_name(f"{path.name}.tmp")
        scratch.write_text(content, encoding="utf-8")
        scratch.replace(path)

    def workerd(self) -> list[int]:
        """Return the ids of its child processes."""
        table = subprocess.run(
            ["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True
        ).stdout
        pairs = [line.split() for line in table.splitlines()]
        return [int(pid) for pid, parent in pairs if int(parent) == self.process.pid]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)


def wait_until_gone(pid: int) -> bool:
    """Wait until a process that is not our child has ended."""
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{pid}/stat")
        if (
            state.exists()
            and state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
        ):
            return True  # ended, but its parent hasn't waited for it yet
        time.sleep(0.02)
    return False
