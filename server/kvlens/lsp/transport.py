"""Messages on standard input and output, by the shortest way to their handlers.

pygls asks a pool of threads for every header line, the empty line and the body of a message, and
takes each through a chain of coroutines. Here the loop reads the pipe itself where the system
lets it, else one thread hands over whatever has come; whole messages are cut out of what has
arrived and handled at once, one a turn of the loop.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import stat
import sys
import threading
from typing import Any, BinaryIO

from pygls.exceptions import JsonRpcException
from pygls.io_ import StdoutWriter
from pygls.lsp.server import LanguageServer

CHUNK = 1 << 16
"""Bytes taken at once by the reading thread: what a pipe holds."""

_LENGTH = re.compile(rb"(?:\A|\n)content-length:[ \t]*(\d+)[ \t]*\r?\n", re.IGNORECASE)
_END = re.compile(rb"\r?\n\r?\n")  # of the headers
_LONGEST_HEADERS = 1 << 14

logger = logging.getLogger(__name__)


class StdioServer(LanguageServer):
    """A language server whose `start_io` reads without pygls' pool of threads."""

    def start_io(self, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> None:
        """Serve until the client says `exit` or closes its end."""
        source, target = stdin or sys.stdin.buffer, stdout or sys.stdout.buffer
        self._stop_event = threading.Event()
        self.protocol.set_writer(StdoutWriter(target))
        try:
            asyncio.run(self._serve(source, in_loop=can_wait_in_loop(source, target)))
        except BrokenPipeError:
            logger.error("The client has gone: its end of standard output is closed.")
        except (KeyboardInterrupt, SystemExit):
            pass
        finally:
            self.shutdown()  # type: ignore[no-untyped-call]

    async def _serve(self, source: BinaryIO, *, in_loop: bool) -> None:
        loop = asyncio.get_running_loop()
        messages = _Messages(self, loop)
        transport: asyncio.BaseTransport | None = None
        if in_loop:
            transport, _ = await loop.connect_read_pipe(lambda: messages, source)
        else:
            arguments = (source.fileno(), loop, messages)
            threading.Thread(target=_pump, args=arguments, daemon=True).start()
        try:
            await messages.ended
        finally:
            if transport:
                transport.close()


class _Messages(asyncio.Protocol):
    """Cuts messages out of what arrives and has each handled in a turn of the loop of its own.

    One a turn, so that what a message starts is not kept waiting by a hundred that follow.
    """

    def __init__(self, server: StdioServer, loop: asyncio.AbstractEventLoop) -> None:
        self.ended: asyncio.Future[None] = loop.create_future()
        self._server = server
        self._loop = loop
        self._received = bytearray()
        self._expected = 0  # bytes of the message that has begun, headers included
        self._headers = 0  # bytes of its headers
        self._is_last = False
        self._goes_on = False  # a later turn looks at what is left

    def data_received(self, data: bytes) -> None:
        """Take in what has arrived."""
        self._received += data
        if not self._goes_on and len(self._received) >= self._expected:
            self._next()

    def eof_received(self) -> None:
        """Handle what is whole yet, then end."""
        self._is_last = True
        if not self._goes_on:
            self._next()

    def _next(self) -> None:
        self._goes_on = False
        try:
            body = self._cut()
            if body is not None:
                self._handle(body)
        except (BrokenPipeError, SystemExit, KeyboardInterrupt) as error:
            self._end(error)
        except ValueError as error:
            logger.error("What the client sends is not the protocol: %s", error)
            self._end()
        else:
            stop = self._server._stop_event
            if stop and stop.is_set():
                self._end()
            elif body is not None and self._received:
                self._goes_on = True
                self._loop.call_soon(self._next)
            elif self._is_last:
                if self._received:
                    logger.warning("The client's last message was cut off.")
                self._end()

    def _cut(self) -> bytes | None:
        """Take the next body out of what has arrived, if it is there as a whole.

        Raises ValueError where there are no headers.
        """
        received = self._received
        if not self._expected:
            end = _END.search(received)
            if not end:
                if len(received) > _LONGEST_HEADERS:
                    raise ValueError("headers without an end")
                return None
            length = _LENGTH.search(received, 0, end.end())
            if not length:
                raise ValueError(f"no Content-Length in {bytes(received[: end.start()])!r}")
            self._headers = end.end()
            self._expected = self._headers + int(length[1])
        if len(received) < self._expected:
            return None
        body = bytes(received[self._headers : self._expected])
        del received[: self._expected]
        self._expected = 0
        return body

    def _handle(self, body: bytes) -> None:
        protocol = self._server.protocol
        try:
            message: Any = json.loads(body)
            if not isinstance(message, dict) or "jsonrpc" not in message:
                raise ValueError(f"not a message of JSON-RPC 2.0: {body[:80]!r}")
            protocol.handle_message(protocol.structure_message(message))
        except BrokenPipeError:
            raise
        except Exception as error:
            logger.exception("Unable to handle message")
            self._server.report_server_error(error, JsonRpcException)

    def _end(self, error: BaseException | None = None) -> None:
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)


def can_wait_in_loop(source: BinaryIO, target: BinaryIO) -> bool:
    """Tell whether the event loop itself may wait for this input.

    It makes the input non-blocking, so it must be a pipe or socket that is not also the output.
    On Windows the loop cannot wait for the standard input that a process is given.
    """
    if os.name == "nt":
        return False
    read, written = os.fstat(source.fileno()), os.fstat(target.fileno())
    piped = stat.S_ISFIFO(read.st_mode) or stat.S_ISSOCK(read.st_mode)
    return piped and (read.st_dev, read.st_ino) != (written.st_dev, written.st_ino)


def _pump(source: int, loop: asyncio.AbstractEventLoop, messages: _Messages) -> None:
    """Hand over what arrives on a file descriptor, until its end."""
    while True:
        try:
            data = os.read(source, CHUNK)
        except OSError:
            data = b""
        try:
            if not data:
                loop.call_soon_threadsafe(messages.eof_received)
                return
            loop.call_soon_threadsafe(messages.data_received, data)
        except RuntimeError:  # the loop has ended first
            return
