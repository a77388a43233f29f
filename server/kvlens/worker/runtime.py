"""One run of workerd, from start to end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from kvlens.lines import Line, LineCutter
from kvlens.worker.child import Child, describe_exit
from kvlens.worker.errors import StartError, WorkerError
from kvlens.worker.fetch import Address
from kvlens.worker.output import LONGEST_LINE, Output, tidy
from kvlens.worker.workerd_config import DISPATCH, PUBLIC, WrittenConfig

START_TIMEOUT = 30.0  # seconds; a start takes 0.05, and longer on a busy machine
DRAIN_TIMEOUT = 3.0  # seconds that open requests have once a newer Worker has taken over
_LISTENS = b'{"event":"listen"'
_BLOCK = 65536  # bytes that are read and handled in one go
_MOST_BEFORE_READY = 1000  # lines that are kept during the start
_LATER = 0.05  # seconds after which a record of several lines is complete


class Runtime:
    """One workerd with one config. It can't be started twice."""

    def __init__(
        self, program: Path, written: WrittenConfig, output: Output, scratch: Path
    ) -> None:
        """`scratch` is deleted even if this process is killed, as it holds secrets."""
        self._command = [
            *(str(program), "serve", str(written.config)),
            *("--control-fd=1", "--verbose", "--experimental"),
        ]
        self.folder = written.config.parent
        self._sockets = written.sockets
        self._output = output
        self._scratch = scratch
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._before_ready: list[tuple[Line, bool]] = []
        self._flush: asyncio.TimerHandle | None = None
        self._child: Child | None = None
        self._open_streams = 2
        self.addresses: dict[str, Address] = {}
        """Its addresses, by the names of its sockets; empty until it listens."""
        self.ended: asyncio.Future[int] = self._loop.create_future()
        """The exit code, once the process has ended and its output is read."""
        self.ending = False
        """Whether it is being stopped on purpose."""

    @property
    def pid(self) -> int:
        """The process id; 0 before the start."""
        return self._child.pid if self._child else 0

    async def start(self) -> None:
        """Start and wait until it listens.

        Raises StartError if workerd rejects the Worker, WorkerError if it doesn't start.
        """
        try:
            self._child = Child(self._command, {"TZ": "UTC"}, self._scratch)
        except OSError as error:
            raise WorkerError(
                f"can't start {self._command[0]}: {error.strerror or error}"
            ) from error
        for stream, is_error in ((self._child.stdout, False), (self._child.stderr, True)):
            threading.Thread(target=self._read, args=(stream, is_error), daemon=True).start()
        done, _ = await asyncio.wait(
            (self._ready, self.ended),
            timeout=START_TIMEOUT,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if not done:
            await self.end(0)
            raise StartError(
                f"workerd didn't answer within {START_TIMEOUT:.0f} s. Check the Worker for an "
                "endless loop outside its handlers."
            )
        if not self._ready.done():
            raise StartError(self._refusal(self.ended.result()))
        for line, is_error in self._before_ready:
            self._output.line(line, error=is_error)
        self._before_ready.clear()

    async def end(self, grace: float = DRAIN_TIMEOUT) -> None:
        """Stop it. Open requests have `grace` seconds."""
        self.ending = True
        if self._child is None or self.ended.done():
            return
        self._child.ask_to_end()
        if grace > 0:
            await asyncio.wait((self.ended,), timeout=grace)
        if not self.ended.done():
            self._child.kill()
            await asyncio.wait((self.ended,), timeout=10)

    # -- what it writes --------------------------------------------------------------------

    def _read(self, stream: IO[bytes], is_error: bool) -> None:
        """Read one stream to its end, in its own thread.

        Reading continues when the loop has handled the previous block: a Worker that writes without
        end has to wait, and uses up neither memory nor the loop's time.
        """
        cutter = LineCutter(LONGEST_LINE)
        dealt_with = threading.Event()
        with contextlib.suppress(OSError, ValueError):
            while data := os.read(stream.fileno(), _BLOCK):
                dealt_with.clear()
                if not self._call_in_loop(self._lines, cutter.feed(data), is_error, dealt_with):
                    return
                while not dealt_with.wait(1):
                    if self._loop.is_closed():
                        return
        self._call_in_loop(self._lines, cutter.end(), is_error, dealt_with)
        self._call_in_loop(self._stream_ended)

    def _call_in_loop(self, function: Callable[..., None], *arguments: object) -> bool:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # the loop is closed
            return False
        return True

    def _lines(self, lines: list[Line], is_error: bool, dealt_with: threading.Event) -> None:
        try:
            for line in lines:
                self._line(line, is_error)
        finally:
            dealt_with.set()

    def _line(self, line: Line, is_error: bool) -> None:
        if self._ready.done():
            self._output.line(line, error=is_error)
            if self._flush is None:
                self._flush = self._loop.call_later(_LATER, self._flush_output)
        elif line.data.startswith(_LISTENS):
            event = json.loads(line.data)
            name = event["socket"]
            self.addresses[name] = self._sockets.get(name, event["port"])
            if {PUBLIC, DISPATCH} <= self.addresses.keys():
                self._ready.set_result(None)
        elif len(self._before_ready) < _MOST_BEFORE_READY:
            self._before_ready.append((line, is_error))

    def _flush_output(self) -> None:
        self._flush = None
        self._output.flush()

    def _stream_ended(self) -> None:
        self._open_streams -= 1
        if self._open_streams == 0:
            threading.Thread(target=self._reap, daemon=True).start()

    def _reap(self) -> None:
        assert self._child is not None
        code = self._child.wait()
        self._child.stdout.close()
        self._child.stderr.close()
        self._call_in_loop(self._ended, code)

    def _ended(self, code: int) -> None:
        self._output.end()
        if not self.ended.done():
            self.ended.set_result(code)

    def _refusal(self, code: int) -> str:
        """Return why it ended before it listened, from its output."""
        errors: list[str] = []
        others: list[str] = []
        for line, _ in self._before_ready:
            text = line.data.decode("utf-8", "replace")
            try:
                record = json.loads(text)
                if record["level"] == "error":
                    errors.append(tidy(record["message"]))
            except (ValueError, TypeError, KeyError):
                others.append(tidy(text))
        said = "\n".join(errors or others)
        return said or f"workerd stopped {describe_exit(code)} without a message"
