"""The emulators that the server owns: a child process for each project that needs one.

A process of its own cannot stall typing. Its standard input is its lifeline: when this process
goes, however it goes, the pipe closes and the child ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kvlens.lsp.settings import Settings
from kvlens.process import own_command
from kvlens.stores import Store, open_store

STARTED_WITHIN = 30.0  # seconds; a cold machine that compiles everything needs some of them
ENDED_WITHIN = 3.0
LONGEST_LINE = 16 * 1024 * 1024  # bytes of one event; a list of many namespaces is one line


class EmulatorError(Exception):
    """The emulator is not to be had; the text says why and what to do."""


class EmulatorProcess:
    """One project's emulator: started when first needed, and again when it was lost."""

    def __init__(
        self,
        config: Path,
        settings: Settings,
        changed: Callable[[EmulatorProcess, dict[str, Any]], None],
    ) -> None:
        self.config = config
        self.settings = settings
        self.state = "stopped"  # "starting", "running", "failed"
        self.message = ""
        self.ready: dict[str, Any] = {}
        self._changed = changed
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._store: Store | None = None
        self._errors: list[str] = []

    @property
    def url(self) -> str:
        """The address, or "" while it does not run."""
        return str(self.ready.get("url", "")) if self.state == "running" else ""

    async def store(self) -> Store:
        """Return the store behind the emulator, which is started where it does not run.

        Raises EmulatorError where it cannot start.
        """
        await self.start()
        assert self._store is not None
        return self._store

    async def start(self) -> None:
        """Start it where it does not run. Raises EmulatorError."""
        async with self._lock:
            if self.state != "running":
                await self._start()

    async def restart(self) -> None:
        """End it and start it anew. Raises EmulatorError."""
        async with self._lock:
            await self._stop()
            await self._start()

    async def stop(self) -> None:
        """End it."""
        async with self._lock:
            await self._stop()

    async def _start(self) -> None:
        self._set("starting")
        settings = self.settings
        command = own_command(
            *("serve", "--json", "--lifeline", "--config", str(self.config)),
            *("--store", settings.store, "--port", str(settings.port)),
            *("--compat", settings.compat),
        )
        self._errors.clear()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=str(self.config.parent),  # a path in the store's URL is from there
                limit=LONGEST_LINE,
                # On Windows a console program would else open a window.
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0) if os.name == "nt" else 0,
            )
        except OSError as error:
            raise self._failed(f"The emulator could not be started: {error}") from error
        assert self._process.stdout and self._process.stderr
        self._tasks = [asyncio.create_task(self._read_errors(self._process.stderr))]
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), STARTED_WITHIN)
        except asyncio.TimeoutError:
            await self._stop()
            raise self._failed(
                f"The emulator did not start within {STARTED_WITHIN:.0f} s. See the log."
            ) from None
        if not line:
            await self._tasks[0]
            await self._process.wait()
            raise self._failed(
                self._errors[-1] if self._errors else "The emulator ended as it started."
            )
        self.ready = json.loads(line)
        address = self.ready["url"].replace("://", f"://{self.ready['token']}@", 1)
        self._store = open_store(address, self.config.parent)
        self._tasks.append(asyncio.create_task(self._read_events(self._process)))
        self._set("running")

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if self._store is not None:
            await self._store.close()
            self._store = None
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
        if self.state != "stopped":
            self._set("stopped")

    async def _read_events(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        async for line in process.stdout:
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if event.get("event") == "namespaces":
                    self.ready["namespaces"] = event["namespaces"]
                self._changed(self, event)
        code = await process.wait()
        if self._process is process:  # nobody asked it to end
            self._process = None
            why = self._errors[-1] if self._errors else f"exit code {code}"
            self._failed(f"The emulator ended by itself: {why}")

    async def _read_errors(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            text = line.decode("utf-8", "replace").rstrip()
            if text:
                self._errors = [*self._errors[-49:], text]
                self._changed(self, {"event": "log", "level": "info", "message": text})

    def _failed(self, message: str) -> EmulatorError:
        self._set("failed", message)
        return EmulatorError(message)

    def _set(self, state: str, message: str = "") -> None:
        self.state, self.message = state, message
        if state != "running":
            self.ready = {}
        self._changed(self, {"event": "state"})
