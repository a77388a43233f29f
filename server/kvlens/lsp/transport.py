"""Messages on standard input and output, without a change of thread for each part of one.

pygls asks a pool of threads for every header line, the empty line and the body of a message.
Here the loop reads the pipe itself where the system lets it, else one thread hands over whatever
has come; whole messages are found in what has arrived.
"""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import sys
import threading
from typing import BinaryIO

from pygls.io_ import StdoutWriter, run_async
from pygls.lsp.server import LanguageServer

CHUNK = 1 << 16
"""Bytes taken at once by the reading thread: what a pipe holds."""

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
        reader = _Reader(loop=loop)
        transport: asyncio.BaseTransport | None = None
        if in_loop:
            transport, _ = await loop.connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(reader, loop=loop), source
            )
        else:
            arguments = (source.fileno(), loop, reader)
            threading.Thread(target=_pump, args=arguments, daemon=True).start()
        stop = self._stop_event
        assert stop
        try:
            await run_async(stop, reader, self.protocol, logger, self.report_server_error)
        except ValueError as error:  # a header line without end
            logger.error("What the client sends is not the protocol: %s", error)
        finally:
            if transport:
                transport.close()


class _Reader(asyncio.StreamReader):
    """What has arrived, as pygls' loop over messages asks for it."""

    async def readexactly(self, n: int) -> bytes:
        """Return the body of a message; nothing where the input ends within it."""
        try:
            body = await super().readexactly(n)
        except asyncio.IncompleteReadError:
            logger.warning("The client's last message was cut off.")
            return b""
        await asyncio.sleep(0)  # many messages at once: what they started gets its turn as well
        return body


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


def _pump(source: int, loop: asyncio.AbstractEventLoop, reader: asyncio.StreamReader) -> None:
    """Hand what arrives on a file descriptor to a reader, until its end."""
    while True:
        try:
            data = os.read(source, CHUNK)
        except OSError:
            data = b""
        try:
            if not data:
                loop.call_soon_threadsafe(reader.feed_eof)
                return
            loop.call_soon_threadsafe(reader.feed_data, data)
        except RuntimeError:  # the loop has ended first
            return
