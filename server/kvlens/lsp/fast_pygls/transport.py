"""Pass messages on standard input and output to their handlers by the shortest path.

pygls asks a thread pool for every header line, the empty line and the body of a message, and passes
each through a chain of coroutines. Here, the loop reads the pipe itself if the system allows it;
otherwise, one thread passes on what arrives. Complete messages are handled immediately, one per
iteration of the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import stat
import sys
import threading
from typing import Any, BinaryIO
from typing import Protocol as Interface

from pygls.io_ import StdoutWriter
from pygls.lsp.server import LanguageServer

from kvlens.lsp.fast_pygls.converter import make_converter
from kvlens.lsp.fast_pygls.protocol import Protocol
from kvlens.lsp.watchdog import Watchdog

CHUNK = 1 << 16
"""Bytes per read of the thread: the size of a pipe's buffer."""

LONGEST = 160 * 1024 * 1024
"""Bytes of a message: 25 MiB take 150 MiB if JSON escapes every byte."""

AHEAD = 4  # chunks that the reading thread may read ahead
LINGER = 1.0  # seconds
MOST_WAITING = 4 * 1024 * 1024  # bytes that have arrived but aren't handled yet
_LENGTH = re.compile(rb"^content-length:(.*)$", re.IGNORECASE | re.MULTILINE)
_END = re.compile(rb"\r?\n\r?\n")  # of the headers
_LONGEST_HEADERS = 1 << 14

logger = logging.getLogger(__name__)


class StdioServer(LanguageServer):
    """A language server whose `start_io` reads without pygls' thread pool."""

    protocol: Protocol

    def __init__(self, *arguments: Any, **named: Any) -> None:
        options = {"protocol_cls": Protocol, "converter_factory": make_converter}
        super().__init__(*arguments, **{**options, **named})
        self.exit_code = 0
        self._messages: _Messages | None = None
        self._watchdog: Watchdog | None = None

    def start_io(self, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> None:
        """Serve until the client sends `exit`, closes its end or is gone."""
        source, target = stdin or sys.stdin.buffer, stdout or sys.stdout.buffer
        self._stop_event = threading.Event()
        self.protocol.set_writer(StdoutWriter(target))
        try:
            asyncio.run(self._serve(source, in_loop=can_wait_in_loop(source, target)))
        except KeyboardInterrupt:
            pass
        finally:
            self.shutdown()  # type: ignore[no-untyped-call]

    def client_gone(self) -> None:
        """Handle a closed standard output: end soon, unless the client sends `exit` first."""
        self.protocol.writer = None
        if self._messages is not None and not self._messages.ended.done():
            logger.error("The client is gone: standard output is closed.")
            asyncio.get_running_loop().call_later(LINGER, self._messages.end)

    def ending(self, code: int) -> None:
        """Record that the client sent `exit`, after which the process ends soon."""
        self.exit_code = code
        if self._watchdog is not None:
            self._watchdog.ended(code)

    def end(self, code: int) -> None:
        """End immediately."""
        self.exit_code = code
        if self._messages is not None:
            self._messages.end()

    def watch_parent(self, process: int | None) -> None:
        """Also end when the editor's process ends."""
        if self._watchdog is not None:
            self._watchdog.watch(process)

    async def _serve(self, source: BinaryIO, *, in_loop: bool) -> None:
        loop = asyncio.get_running_loop()
        messages = self._messages = _Messages(self, loop)
        watchdog = self._watchdog = Watchdog(source.fileno(), messages.gone)
        watchdog.start()
        beating = loop.create_task(_beat(watchdog))
        transport: asyncio.ReadTransport | None = None
        if in_loop:
            transport, _ = await loop.connect_read_pipe(lambda: messages, source)
            messages.flow = transport
        else:
            messages.flow = pump = _Pump(source.fileno(), loop, messages, watchdog)
            threading.Thread(target=pump.run, daemon=True).start()
        try:
            await messages.ended
        finally:
            watchdog.ended(self.exit_code)
            beating.cancel()
            if transport:
                transport.close()


async def _beat(watchdog: Watchdog) -> None:
    while True:
        watchdog.beat()
        await asyncio.sleep(1)


class _Flow(Interface):
    """A source of data that can be paused."""

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class _Messages(asyncio.Protocol):
    """Splits the input into messages and handles each in a separate iteration of the loop.

    This way, a hundred messages don't delay the work that the first one starts.
    """

    def __init__(self, server: StdioServer, loop: asyncio.AbstractEventLoop) -> None:
        self.ended: asyncio.Future[None] = loop.create_future()
        self.flow: _Flow | None = None
        self._server = server
        self._loop = loop
        self._received = bytearray()
        self._expected = 0  # bytes of the message that has begun, headers included
        self._headers = 0  # bytes of its headers
        self._is_last = False
        self._goes_on = False  # a later iteration handles the rest
        self._paused = False

    def data_received(self, data: bytes) -> None:
        """Handle new data."""
        self._received += data
        if not self._goes_on and len(self._received) >= self._expected:
            self._next()
        self._control_flow()

    def eof_received(self) -> None:
        """Handle the complete messages, then end."""
        self._is_last = True
        if not self._goes_on:
            self._next()

    def gone(self) -> None:
        """Record, from another thread, that the editor is gone, even if its input stays open."""
        with contextlib.suppress(RuntimeError):  # the loop has ended first
            self._loop.call_soon_threadsafe(self.eof_received)

    def _control_flow(self) -> None:
        """Pause reading while too much is waiting: a flood stays in the pipe."""
        much = len(self._received) > self._expected + MOST_WAITING
        if self.flow is not None and much != self._paused and not self.ended.done():
            self._paused = much
            (self.flow.pause_reading if much else self.flow.resume_reading)()

    def _next(self) -> None:
        self._goes_on = False
        try:
            body = self._cut()
            if body is not None:
                self._server.protocol.receive(body)
        except ValueError as error:
            logger.error("The client sends something other than LSP messages: %s", error)
            self._server.exit_code = 1
            self.end()
        else:
            self._control_flow()
            if self.ended.done():
                return
            if body is not None and self._received:
                self._goes_on = True
                self._loop.call_soon(self._next)
            elif self._is_last:
                if self._received:
                    logger.warning("The client's last message was cut off.")
                self.end()

    def _cut(self) -> bytes | None:
        """Take the next body from the input, if it is complete.

        Raises ValueError if there are no headers.
        """
        received = self._received
        if not self._expected:
            end = _END.search(received)
            if not end:
                if len(received) > _LONGEST_HEADERS:
                    raise ValueError("headers without an end")
                return None
            self._headers = end.end()
            self._expected = self._headers + _length(bytes(received[: end.end()]))
        if len(received) < self._expected:
            return None
        body = bytes(received[self._headers : self._expected])
        del received[: self._expected]
        self._expected = 0
        return body

    def end(self) -> None:
        """End the server."""
        if not self.ended.done():
            self.ended.set_result(None)


def can_wait_in_loop(source: BinaryIO, target: BinaryIO) -> bool:
    """Return whether the event loop itself may wait for this input.

    This makes the input non-blocking, so it must be a pipe or socket that isn't also the output. On
    Windows, the loop can't wait for a process's standard input.
    """
    if os.name == "nt":
        return False
    read, written = os.fstat(source.fileno()), os.fstat(target.fileno())
    piped = stat.S_ISFIFO(read.st_mode) or stat.S_ISSOCK(read.st_mode)
    return piped and (read.st_dev, read.st_ino) != (written.st_dev, written.st_ino)


def _length(headers: bytes) -> int:
    """Return the Content-Length in these headers. Raises ValueError if there isn't one."""
    lengths = {text.strip() for text in _LENGTH.findall(headers)}
    if len(lengths) != 1:
        what = "more than one" if lengths else "no"
        raise ValueError(f"{what} Content-Length in {headers.strip()[:200]!r}")
    (text,) = lengths
    if not text.isdigit():
        raise ValueError(f"a Content-Length of {text[:40]!r}")
    if len(text) > 15 or int(text) > LONGEST:
        raise ValueError(f"a message of {text[:20].decode()} bytes; {LONGEST:,} is the limit")
    return int(text)


class _Pump:
    """Passes on what arrives on a file descriptor until its end, in a separate thread."""

    def __init__(
        self,
        source: int,
        loop: asyncio.AbstractEventLoop,
        messages: _Messages,
        watchdog: Watchdog,
    ) -> None:
        self._source = source
        self._loop = loop
        self._messages = messages
        self._watchdog = watchdog
        self._on_its_way = threading.Semaphore(AHEAD)
        self._may_read = threading.Event()
        self._may_read.set()
        self.pause_reading = self._may_read.clear
        self.resume_reading = self._may_read.set

    def run(self) -> None:
        """Read until the end."""
        while True:
            self._on_its_way.acquire()
            self._may_read.wait()
            try:
                data = os.read(self._source, CHUNK)
            except OSError:
                data = b""
            if not data:
                self._watchdog.gone()
                return
            try:
                self._loop.call_soon_threadsafe(self._hand_over, data)
            except RuntimeError:  # the loop has ended first
                return

    def _hand_over(self, data: bytes) -> None:
        self._messages.data_received(data)
        self._on_its_way.release()
