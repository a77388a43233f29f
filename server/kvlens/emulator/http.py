"""A thin HTTP/1.1 layer: requests in, responses out, in order, on persistent connections.

It exists because a KV error reaches a Worker in the reason phrase of the status line, for which the
usual server interfaces have no field. Bodies are read completely before the response is sent:
workerd takes an early response for a lost connection. Bytes over the limit are counted, not kept.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol

import httptools

from kvlens.emulator.capacity import UNCOUNTED, Capacity
from kvlens.emulator.memory import Memory

MAX_HEAD_SIZE = 64 * 1024
LONGEST_REASON = 4096  # characters
_ONCE = frozenset((b"host", b"authorization", b"x-kv-ns", b"origin", b"content-type"))
_METADATA = b"cf-kv-metadata"  # JSON, in which DEL needs no escape
_CONTROLS = re.compile(rb"[\0-\x08\x0a-\x1f\x7f]")
_MORE_CONTROLS = re.compile(rb"[\0-\x08\x0a-\x1f]")
_TWO_WRITES = 64 * 1024  # above this, copying the body costs more than a second write


class Request:
    """One request. Header names are in lower case; `body` is empty if `size` is too large."""

    __slots__ = (
        "body",
        "headers",
        "held",
        "keep_alive",
        "limit",
        "method",
        "path",
        "query",
        "refusal",
        "size",
    )

    def __init__(self, method: bytes, url: bytes, headers: dict[bytes, bytes]) -> None:
        self.method = method
        self.path, _, self.query = url.partition(b"?")
        self.headers = headers
        self.limit = 0
        self.refusal: Response | None = None  # the response, if the head decides it
        self.size = 0
        self.body = b""
        self.keep_alive = True
        self.held = 0  # bytes of the body, as counted


class Response(NamedTuple):
    """`headers` are whole lines, each ending in CRLF; an empty `reason` means the usual one."""

    status: int
    body: bytes = b""
    headers: bytes = b""
    reason: str = ""


class App(Protocol):
    """What answers requests."""

    inline: bool
    """True if `handle` needs no asyncio task: its first step runs immediately."""

    def admit(self, request: Request) -> int:
        """Return how many bytes of the body to keep; called before the body is read."""

    async def handle(self, request: Request) -> Response:
        """Answer a request; never raises."""


_STATUS_LINES = {
    status.value: b"HTTP/1.1 %d %s\r\nContent-Length: "
    % (status.value, status.phrase.encode("ascii"))
    for status in HTTPStatus
}


def reason_phrase(text: str) -> bytes:
    """Return a text as a reason phrase: one line of bounded length.

    workerd drops a phrase that isn't ASCII, so other characters are escaped.
    """
    line = "".join(" " if char < " " or char == "\x7f" else char for char in text[:LONGEST_REASON])
    return line.encode("ascii", "backslashreplace")


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, app: App, capacity: Capacity) -> None:
        self._app = app
        self._capacity = capacity
        self._parser: Any = httptools.HttpRequestParser(self)
        self._parser.set_dangerous_leniencies(lenient_headers=True)  # for DEL, see `on_header`
        self._queue: deque[Request] = deque()
        self._closing = False
        self._said_all = False
        self._blocked = False  # the client isn't reading
        self._head_size = 0
        self._request: Request | None = None
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._wrong = ""  # what is wrong with the headers
        self._chunks: list[bytes] = []
        self._waits = False  # for memory, within a body
        self._sending = 0  # bytes of responses, as counted
        self._unsent = 0
        self.busy = False
        self.trusted = False
        self.since = self.moved = 0.0

    # -- asyncio ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._time = asyncio.get_running_loop().time
        self.since = self.moved = self._time()
        if not self._capacity.enter(self):
            self._refuse(503, "Too many connections are open")

    def connection_lost(self, exc: Exception | None) -> None:
        """Release everything: the parser and this object refer to each other."""
        self._closing = True
        self._queue.clear()
        self._chunks = []
        self._request = None
        self._parser = None
        self._capacity.leave(self)

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        if self._request is None:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # not kept: the request was answered, and the connection closes
        except httptools.HttpParserError as error:
            self._refuse(400, f"Malformed HTTP request: {error}")
        else:
            if self._request is None and self._head_size > MAX_HEAD_SIZE:
                self._refuse(431, f"The request head is over {MAX_HEAD_SIZE} bytes")

    def eof_received(self) -> bool:
        """Answer what the client has asked, then close."""
        self._said_all = True
        return self.busy or bool(self._queue)

    def pause_writing(self) -> None:
        self._blocked = True

    def resume_writing(self) -> None:
        self._blocked = False
        self._capacity.answers.release(self, self._sending)
        self._sending = 0
        self._next()

    # -- httptools -------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = {}
        self._wrong = ""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in self._headers and name in _ONCE:
            self._wrong = f"The header {name.decode()} is there twice"
        if _CONTROLS.search(value) and (name != _METADATA or _MORE_CONTROLS.search(value)):
            self._wrong = f"The header {name.decode()} has a control character"
        self._headers[name] = value

    def on_headers_complete(self) -> None:
        headers = self._headers
        request = Request(self._parser.get_method(), self._url, headers)
        request.limit = self._app.admit(request)
        if self._parser.should_upgrade() and request.method != b"GET":
            request.refusal = Response(400, reason="HTTP/1.1 only: send no Upgrade")
        if self._wrong:
            request.refusal = Response(400, reason=self._wrong)
            request.limit = 0
        self._request = request
        self.trusted = self.trusted or request.refusal is None
        if headers.get(b"expect", b"").lower() == b"100-continue" and not self.busy:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        request = self._request
        assert request is not None
        request.size += len(body)
        if request.size <= request.limit:
            self._chunks.append(body)
            if request.size > UNCOUNTED:
                self.moved = self._time()
                if not request.held:
                    self._reserve(request)
        elif self._chunks:
            self._chunks.clear()
            self._release(request)

    def on_message_complete(self) -> None:
        request = self._request
        assert request is not None
        chunks = self._chunks
        if chunks:
            request.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
            self._chunks = []
        request.keep_alive = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        self._request = None
        self._head_size = 0
        self.since = self._time()
        if self._waits:  # all of it had arrived already
            self._waits = False
            self._capacity.bodies.forget(self)
            self._update_reading()
        if self.busy or self._blocked or self._queue or self._capacity.answers.full:
            self._queue.append(request)
            self._next()
            self._update_reading()
        else:
            self._start(request)

    # -- memory ----------------------------------------------------------------------------

    def _reserve(self, request: Request) -> bool:
        """Reserve memory for the body, or stop reading until there is room."""
        length = request.headers.get(b"content-length", b"")
        size = min(int(length), request.limit) if length.isdigit() else request.limit
        if self._capacity.bodies.reserve(self, size):
            request.held = size
            self.moved = self._time()
        else:
            self._waits = True
            self._update_reading()
        return request.held > 0

    def _release(self, request: Request) -> None:
        self._capacity.bodies.release(self, request.held)
        request.held = 0

    def resume(self, memory: Memory) -> bool:
        """Continue if there is room again; return False if not."""
        if memory is self._capacity.answers:
            if memory.full:
                return False
        elif self._waits and self._request is not None:
            if not self._reserve(self._request):
                return False
            self._waits = False
        self._next()
        self._update_reading()
        return True

    def update(self, now: float) -> None:
        """Record whether the client has read anything."""
        unsent = self._transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self.moved = unsent, now

    def _update_reading(self) -> None:
        if self._closing:
            return
        if self._queue or self._waits:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    # -- answering -------------------------------------------------------------------------

    def _start(self, request: Request) -> None:
        self.busy = True
        answer = self._app.handle(request)
        if self._app.inline:
            self._step(answer, request)
        else:
            task = asyncio.get_running_loop().create_task(answer)
            task.add_done_callback(lambda task: self._finish(request, task.result()))

    def _step(self, answer: Coroutine[Any, Any, Response], request: Request) -> None:
        """Run `answer` up to its first wait. If it never waits, no task is needed."""
        try:
            future = answer.send(None)
        except StopIteration as done:
            self._finish(request, done.value)
            return
        future._asyncio_future_blocking = False  # what a task does with an awaited future
        future.add_done_callback(lambda _: self._step(answer, request))

    def _finish(self, request: Request, response: Response) -> None:
        self.busy = False
        self._release(request)
        if self._closing:
            return
        status, body, headers, reason = response
        if reason:
            line = b"HTTP/1.1 %d %s\r\nContent-Length: " % (status, reason_phrase(reason))
        else:
            line = _STATUS_LINES[status]
        if not request.keep_alive:
            headers += b"Connection: close\r\n"
        head = b"%b%d\r\n%b\r\n" % (line, len(body), headers)
        if request.method == b"HEAD":
            body = b""
        if len(body) < _TWO_WRITES:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)
        if self._blocked:
            unsent = self._transport.get_write_buffer_size() - self._sending
            self._capacity.answers.take(self, unsent)
            self._sending += unsent
        if not request.keep_alive or (self._said_all and not self._queue):
            self._closing = True
            self._transport.close()
        elif self._queue:
            asyncio.get_running_loop().call_soon(self._next_and_read)

    def _next_and_read(self) -> None:
        self._next()
        self._update_reading()

    def _next(self) -> None:
        """Answer the next request, unless something blocks it."""
        if not self._queue or self.busy or self._blocked or self._closing:
            return
        if self._capacity.answers.full and self._queue[0].method == b"GET":
            self._capacity.answers.wait(self)
            return
        self._start(self._queue.popleft())

    def _refuse(self, status: int, reason: str) -> None:
        """Answer something that is not a request, and close."""
        self._closing = True
        body = reason.encode() + b"\n"
        self._transport.write(
            b"HTTP/1.1 %d %b\r\nContent-Length: %d\r\nConnection: close\r\n"
            b"Content-Type: text/plain; charset=utf-8\r\n\r\n%b"
            % (status, reason_phrase(reason), len(body), body)
        )
        self._transport.close()

    def close(self) -> None:
        """Close the connection once all responses have been sent."""
        self._closing = True
        self._transport.close()

    def abort(self) -> None:
        """Drop the connection and anything unsent."""
        self._closing = True
        self._transport.abort()
