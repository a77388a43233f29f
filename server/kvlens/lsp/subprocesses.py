"""The server's child processes: each runs `kvlens` and prints a JSON object per line.

A separate process can't delay typing. Its standard input is its lifeline: when this process ends
for any reason, the pipe closes and the child ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kvlens.errors import KVLensError
from kvlens.files import gone, is_there
from kvlens.lines import Line, LineCutter
from kvlens.lsp.settings import Settings
from kvlens.process import own_command

if TYPE_CHECKING:
    from kvlens.lsp.schema import EmulatorState

STARTED_WITHIN = 60.0  # seconds; enough for the first start on a slow machine
ENDED_WITHIN = 5.0
LONGEST_LINE = 16 * 1024 * 1024  # bytes of one event; a list of many namespaces is one line
LONGEST_ERROR = 64 * 1024  # bytes of one line of standard error
BLOCK = 65536  # bytes per read
MOST_AT_ONCE = 200  # lines in a row; then the event loop handles the user's edits
PAUSE = 0.05  # seconds for that; together a limit of 4,000 lines a second


UNTRUSTED = (
    "This workspace is not trusted, so nothing in it is run or changed. Trust the workspace first "
    '("Manage Workspace Trust" in VS Code).'
)


class ChildError(KVLensError):
    """A child process can't be started. The text says why and what to do.

    `kind` is the name of the error's class in the child process, if it named one.
    """

    def __init__(self, text: str, kind: str = "") -> None:
        super().__init__(text)
        self.kind = kind


def require_trust(settings: Settings) -> None:
    """Raise ChildError in an untrusted workspace, whose state on disk must not be opened."""
    if not settings.trusted:
        raise ChildError(UNTRUSTED)


class Child:
    """A project's child process, started on demand, and again if it stopped.

    `changed(child, event)` is called with its events, and `{"event": "state"}` on state changes;
    with `"unexpected": True` if it failed and no caller gets the error.
    """

    what = "The process"  # its name in messages

    def __init__(
        self, config: Path, settings: Settings, changed: Callable[[Any, dict[str, Any]], None]
    ) -> None:
        self.config = config
        self.settings = settings
        self.state: EmulatorState = "stopped"
        self.message = ""
        self.ready: dict[str, Any] = {}
        self._changed = changed
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._errors: list[str] = []
        self._error: dict[str, Any] = {}  # the last event before it ended
        self._prefix = ""  # of errors in a shell

    @property
    def url(self) -> str:
        """The URL, or "" while it isn't running."""
        return str(self.ready.get("url", "")) if self.state == "running" else ""

    @property
    def install(self) -> str:
        """The command that installs what it lacks, if it failed because of that."""
        return str(self._error.get("install", "")) if self.state == "failed" else ""

    async def start(self) -> None:
        """Start it unless it's running. Raises ChildError."""
        require_trust(self.settings)
        async with self._lock:
            if self.state != "running":
                await self._start()

    async def restart(self) -> None:
        """Restart it. Raises ChildError."""
        require_trust(self.settings)
        async with self._lock:
            await self._end()
            await self._start()

    async def stop(self) -> None:
        """Stop it."""
        async with self._lock:
            await self._end()
            if self.state != "stopped":
                self._set("stopped")

    # for subclasses --------------------------------------------------------------------------

    async def arguments(self) -> list[str]:
        """Return the arguments of `kvlens`, without `--json --lifeline --config`."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Return additional environment variables."""
        return {}

    async def began(self) -> None:
        """Handle the first event, in `ready`."""

    async def ended(self) -> None:
        """Release what `began` acquired."""

    # internals ---------------------------------------------------------------------------------

    async def _start(self) -> None:
        await self._end()
        self._set("starting")
        self._errors, self._error = [], {}
        try:
            name, *options = await self.arguments()
            self._prefix = f"kvlens {name}: "
            self._process = process = await asyncio.create_subprocess_exec(
                *own_command(name, "--json", "--lifeline", "--config", str(self.config), *options),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=str(self.config.parent),  # a relative path in the store's URL starts here
                env={**os.environ, **self.environment()},
                # On Windows, a console program would open a window.
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0) if os.name == "nt" else 0,
            )
        except OSError as error:
            folder = self.config.parent
            why = gone(folder) if not is_there(folder) else error
            raise self._failed(f"{self.what} couldn't be started: {why}") from error
        except ChildError as error:
            raise self._failed(str(error)) from error
        assert process.stdout and process.stderr
        self._tasks = [asyncio.create_task(self._read_errors(process.stderr))]
        lines = _lines(process.stdout, LONGEST_LINE)
        try:
            ready = await asyncio.wait_for(self._first(lines), STARTED_WITHIN)
        except asyncio.TimeoutError:
            await self._end()
            raise self._failed(
                f"{self.what} didn't start within {STARTED_WITHIN:.0f} s. See the log."
            ) from None
        if ready is None:
            await self._tasks[0]
            await process.wait()
            raise self._failed(
                self._said() or f"{self.what} stopped while it was starting. See the log."
            )
        self.ready = ready
        await self.began()
        self._tasks.append(asyncio.create_task(self._read_events(process, lines)))
        self._set("running")

    async def _first(self, lines: AsyncIterator[Line]) -> dict[str, Any] | None:
        """Return the "ready" event; None if the process ends without one."""
        async for line in lines:
            event = _event(line)
            if event.get("event") == "ready":
                return event
            self._receive(event)
        return None

    def _receive(self, event: dict[str, Any]) -> None:
        if event.get("event") == "error":
            self._error = event
        else:
            self._changed(self, event)

    def _said(self) -> str:
        """Return why the process ended, as it said itself; empty if it didn't."""
        return str(self._error.get("message") or (self._errors[-1] if self._errors else ""))

    async def _end(self) -> None:
        process, self._process = self._process, None
        await self.ended()
        if process is not None and process.returncode is None:
            assert process.stdin
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), ENDED_WITHIN)
            except asyncio.TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _read_events(
        self, process: asyncio.subprocess.Process, lines: AsyncIterator[Line]
    ) -> None:
        async for line in lines:
            event = _event(line)
            if event.get("event") == "namespaces":
                self.ready["namespaces"] = event.get("namespaces", [])
            if event.get("event") == "moved":
                self.ready["url"] = event.get("url", "")
                self._set("running")
            self._receive(event)
        code = await process.wait()
        if self._process is process:  # nobody stopped it
            self._process = None
            why = self._said() or f"exit code {code}"
            self._set("failed", f"{self.what} stopped unexpectedly: {why}", unexpected=True)

    async def _read_errors(self, stream: asyncio.StreamReader) -> None:
        async for line in _lines(stream, LONGEST_ERROR):
            text = line.data.decode("utf-8", "replace").rstrip()
            if line.left_out:
                text += f"… ({line.left_out:,} more bytes of this line were left out)"
            if text:
                self._errors = [*self._errors[-49:], text.removeprefix(self._prefix)]
                self._changed(self, {"event": "log", "level": "info", "message": text})

    def _failed(self, message: str) -> ChildError:
        self._set("failed", message)
        return ChildError(message, str(self._error.get("of", "")))

    def _set(self, state: EmulatorState, message: str = "", *, unexpected: bool = False) -> None:
        self.state, self.message = state, message
        if state != "running":
            self.ready = {}
        self._changed(self, {"event": "state", "unexpected": unexpected})


async def _lines(stream: asyncio.StreamReader, limit: int) -> AsyncIterator[Line]:
    """Yield a stream's lines, of any length, until its end."""
    cutter = LineCutter(limit)
    count = 0
    while data := await stream.read(BLOCK):
        for line in cutter.feed(data):
            yield line
            count += 1
            if count % MOST_AT_ONCE == 0:
                await asyncio.sleep(PAUSE)  # the child counts what it drops meanwhile
    for line in cutter.end():
        yield line


def _event(line: Line) -> dict[str, Any]:
    """Return the event in a line. Anything else becomes a log event."""
    event: Any = None
    if not line.left_out:
        with contextlib.suppress(ValueError, RecursionError):
            event = json.loads(line.data)
    if isinstance(event, dict):
        return event
    shown = line.data[:LONGEST_ERROR].decode("utf-8", "replace")
    left_out = line.left_out + max(0, len(line.data) - LONGEST_ERROR)
    note = f"… ({left_out:,} more bytes of this line were left out)" if left_out else ""
    return {"event": "log", "level": "info", "message": shown + note, "origin": "kvlens"}
