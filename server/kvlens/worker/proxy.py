"""The Worker's public port, which stays open while workerd is restarted.

Requests are forwarded to the current workerd byte by byte, after their Host is checked. A request
that arrives while workerd is down waits for it. If a retired workerd closed the connection of a
request, the request is sent again to its successor.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable
from http import HTTPStatus

from kvlens.emulator.ports import BACKLOG, listen_failure
from kvlens.process import file_descriptors
from kvlens.worker.errors import WorkerError
from kvlens.worker.fetch import Address
from kvlens.worker.framing import Head, RequestRefusedError
from kvlens.worker.framing import Requests as Framing
from kvlens.worker.hosts import AllowedHosts, host_name
from kvlens.worker.requests import Requests
from kvlens.worker.responses import Responses
from kvlens.worker.workerd_config import KEY_HEADER

REPLAY_SIZE = 64 * 1024  # bytes of a request kept for sending it again
MOST_CONNECTIONS = 5000
OnRequest = Callable[[str, str, int, float], None]
"""Called with method, path, status and seconds when a response starts."""


class Proxy:
    """The listener, and the workerd that it forwards requests to."""

    def __init__(
        self,
        on_request: OnRequest | None = None,
        *,
        allowed_hosts: Iterable[str] = (),
        on_refused: Callable[[str], None] | None = None,
    ) -> None:
        """`on_refused` is called with each refused Host.

        Raises ValueError for an invalid name in `allowed_hosts`.
        """
        self.target: Address | None = None
        self.on_request = on_request
        self.requests = Requests()
        self.connections: set[_Client] = set()
        # each connection takes two file descriptors, and other parts need some
        self.most_connections = max(1, min(file_descriptors() // 3, MOST_CONNECTIONS))
        self._hosts = AllowedHosts(allowed_hosts)
        self._on_refused = on_refused
        self._key = b""
        self._failure: str | None = None
        self._changed = asyncio.Event()
        self._servers: list[asyncio.AbstractServer] = []
        self.url = ""

    def check_host(self, head: Head) -> None:
        """Raise RequestRefusedError if a request's Host isn't allowed."""
        for host in head.hosts:
            name = host_name(host)
            if name is None:
                raise RequestRefusedError(400, "Malformed request: its Host is not a host name")
            if name not in self._hosts:
                if self._on_refused is not None:
                    self._on_refused(name)
                raise RequestRefusedError(403, refusal(name))

    async def start(self, port: int) -> None:
        """Listen on `port` (0: any free one). Raises WorkerError if it is in use.

        Call it again to move to another port: existing connections stay, and the old port takes no
        new ones. If the new port is in use, nothing changes.
        """
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(
                lambda: _Client(self), "127.0.0.1", port, backlog=BACKLOG
            )
        except (OSError, OverflowError) as error:
            raise WorkerError(listen_failure(port, error)) from error
        for before in self._servers:
            before.close()
        self._servers = [server]
        port = server.sockets[0].getsockname()[1]
        with contextlib.suppress(OSError):  # in case "localhost" resolves to IPv6 first
            self._servers.append(
                await loop.create_server(lambda: _Client(self), "::1", port, backlog=BACKLOG)
            )
        self.url = f"http://127.0.0.1:{port}"

    async def close(self) -> None:
        """Stop listening and close every connection."""
        self.fail("The Worker is stopping")
        for server in self._servers:
            server.close()
        for client in list(self.connections):
            client.close()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    def serve(self, address: Address, key: str = "") -> None:
        """Forward requests to the workerd at this address, with `key` if it requires one."""
        self.target, self._failure = address, None
        self._key = f"{KEY_HEADER}: {key}\r\n\r\n".encode() if key else b""
        self._wake()

    def with_key(self, head: bytes) -> bytes:
        """Return a head with the key that workerd requires."""
        return head[:-2] + self._key if self._key else head

    def hold(self) -> None:
        """Let requests wait until workerd is back."""
        self.target = self._failure = None

    def fail(self, reason: str) -> None:
        """Answer requests with this error until `serve` is called."""
        self.target, self._failure = None, reason
        self._wake()

    def drop(self, address: Address) -> None:
        """Close the connections to a workerd that has ended."""
        for client in list(self.connections):
            if client.address == address:
                client.close()

    async def wait(self) -> Address | str:
        """Return the address to forward to, or why there is none."""
        while self.target is None and self._failure is None:
            self._changed.clear()
            await self._changed.wait()
        return self.target if self.target is not None else str(self._failure)

    def _wake(self) -> None:
        self._changed.set()


def refusal(name: str) -> str:
    """Return the response to a request whose Host isn't allowed."""
    return (
        f'Host "{name}" is not allowed: this port answers localhost and 127.0.0.1, so that no '
        "web page can reach it under a name of its own (DNS rebinding). To allow it, run "
        f"kvlens dev with --allowed-host {name}, or add it to kvlens.allowedHosts in the "
        "editor's settings, or to allowed_hosts of Emulator in Python."
    )


class _Client(asyncio.Protocol):
    """One connection of a browser, curl or a test."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._requests = Framing()
        self._methods: deque[str] = deque()
        self._responses = Responses(self._methods)
        self._running: list[str] = []  # the names of requests whose responses aren't complete
        self._closes = False  # after the response to an HTTP/1.0 request
        self._tunnel = False  # no longer HTTP
        self._upstream: _Upstream | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._waiting: list[bytes] = []  # for an upstream that isn't connected yet
        self._replay: list[bytes] | None = []  # the request without a response so far
        self._replay_size = 0
        self._asked: Head | None = None  # a request without a response so far
        self._refusal: tuple[int, str] | None = None  # sent after the responses before it
        self._since = 0.0
        self._said_all = False  # the client sends nothing more
        self._last_answer = False  # the response closes the connection
        self.address: Address | None = None

    # -- from the client -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if len(self._proxy.connections) >= self._proxy.most_connections:
            self._refusal = (503, "Too many connections are open: close some first")
            self._answer(*self._refusal)
            return
        self._proxy.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._proxy.connections.discard(self)
        self._all_ended()
        if self._connecting is not None:
            self._connecting.cancel()
        if self._upstream is not None:
            self._upstream.transport.close()

    def eof_received(self) -> bool:
        self._said_all = True
        if self._upstream is not None and self._upstream.transport.can_write_eof():
            self._upstream.transport.write_eof()
        return self._asked is not None or self._upstream is not None  # a response may be on its way

    def data_received(self, data: bytes) -> None:
        if self._tunnel:
            self._send(data)
        elif self._refusal is None:
            self._requests.feed(data)
            self._forward()

    def pause_writing(self) -> None:
        if self._upstream is not None:
            self._upstream.transport.pause_reading()

    def resume_writing(self) -> None:
        if self._upstream is not None:
            self._upstream.transport.resume_reading()

    def _forward(self) -> None:
        """Forward what arrived, as far as it belongs to allowed requests."""
        while self._asked is None or not self._asked.upgrade:
            try:
                part = self._requests.next()
                if isinstance(part, Head):
                    self._begin(part)
                elif part is not None:
                    self._send(part)
            except RequestRefusedError as error:
                if self._requests.in_body:  # of a request that workerd has the start of
                    self._replay = None
                self._refuse(error.status, str(error))
                return
            if part is None:
                return
        # data after an upgrade is held until the response says which protocol it is
        if self._requests.received:
            self.transport.pause_reading()

    def _begin(self, head: Head) -> None:
        self._proxy.check_host(head)
        if head.upgrade:
            # on a separate connection, so the first response on it belongs to this request
            if self._asked is not None:
                raise RequestRefusedError(400, "An upgrade must wait for the previous response")
            upstream, self._upstream = self._upstream, None
            if upstream is not None:
                upstream.transport.close()
        self._asked = head
        self._methods.append(head.method)
        self._running.append(self._proxy.requests.begin(head.method, head.target))
        self._closes = head.closes
        self._since = time.monotonic()
        self._replay, self._replay_size = [], 0
        self._send(self._proxy.with_key(head.raw))

    def _send(self, data: bytes) -> None:
        if self._replay is not None and self._asked:
            self._replay_size += len(data)
            if self._replay_size > REPLAY_SIZE:
                self._replay = None
            else:
                self._replay.append(data)
        if self._upstream is not None:
            self._upstream.transport.write(data)
        else:
            self._waiting.append(data)
            self._connect()

    def _refuse(self, status: int, text: str) -> None:
        """Answer a refused request, once workerd has answered the earlier ones."""
        self._refusal = (status, text)
        if self._upstream is not None:
            self._upstream.transport.write_eof()
        elif self._connecting is None:
            self._answer(status, text)

    # -- to and from workerd ---------------------------------------------------------------

    def _connect(self) -> None:
        if self._connecting is None:
            self.transport.pause_reading()
            self._connecting = asyncio.get_running_loop().create_task(self._find_upstream())

    async def _find_upstream(self) -> None:
        for attempt in range(50):
            found = await self._proxy.wait()
            if isinstance(found, str):
                self._answer(503, found)
                return
            try:
                upstream = await _open(found, self)
            except OSError:  # it has just ended; its owner reports that
                await asyncio.sleep(min(0.02 * (attempt + 1), 0.5))
                continue
            self._upstream, self.address = upstream, found
            self._responses = Responses(self._methods)
            self._connecting = None
            waiting, self._waiting = self._waiting, []
            upstream.transport.write(b"".join(waiting))
            if self._refusal is not None:
                upstream.transport.write_eof()
            elif not (self._asked and self._asked.upgrade and self._requests.received):
                self.transport.resume_reading()
            return
        self._answer(503, "The Worker's runtime doesn't answer")

    def upstream_data_received(self, data: bytes) -> None:
        """Handle bytes from workerd."""
        if not self._tunnel:
            if self._asked is not None:
                self._replay = None
            for status, closes in self._responses.feed(data):
                self._last_answer = closes
                if self._asked is not None:
                    self._response_started(self._asked, status)
        self.transport.write(data)
        if self._tunnel or self._methods or self._responses.incomplete:
            return
        self._all_ended()
        if self._closes:
            self.transport.close()

    def _all_ended(self) -> None:
        running, self._running = self._running, []
        for name in running:
            self._proxy.requests.end(name)

    def _response_started(self, asked: Head, status: int) -> None:
        """Handle the start of a response."""
        self._asked = None
        if self._upstream is not None:
            self._upstream.used = True
        if self._proxy.on_request is not None:
            took = time.monotonic() - self._since
            self._proxy.on_request(asked.method, asked.target, status, took)
        if not asked.upgrade:
            return
        if status == 101:
            self._tunnel = True
            self._send(self._requests.take_rest())
        else:
            self._forward()
        self.transport.resume_reading()

    def upstream_ended(self, upstream: _Upstream) -> None:
        """Handle a connection that workerd closed."""
        if upstream is not self._upstream:
            return
        self._upstream = None
        retired = self.address != self._proxy.target
        if self.transport.is_closing():
            return
        if self._tunnel or self._responses.incomplete:  # the client sees that a body is cut off
            self.transport.close()
        elif self._asked and self._replay and (retired or upstream.used):
            # it was closed between two requests, just as the second one was sent
            self._waiting = list(self._replay)
            self._connect()
        elif self._refusal is not None:
            self._answer(*self._refusal)
        elif self._asked:
            self._answer(502, "The Worker's runtime ended before it answered")
        elif self._last_answer or self._said_all:
            self.transport.close()
        # else: a connection kept open between two requests; the next request opens another

    def _answer(self, status: int, text: str) -> None:
        """Respond in place of workerd, and close."""
        if self._tunnel:
            self.transport.close()
            return
        body = f"{text}\n".encode()
        self.transport.write(
            b"HTTP/1.1 %d %b\r\nContent-Type: text/plain; charset=utf-8\r\n"
            b"Content-Length: %d\r\nCache-Control: no-store\r\n"
            b"X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n%b"
            % (status, HTTPStatus(status).phrase.encode("ascii"), len(body), body)
        )
        self.transport.close()

    def close(self) -> None:
        """Close both ends."""
        self.transport.close()


async def _open(address: Address, client: _Client) -> _Upstream:
    loop = asyncio.get_running_loop()
    if isinstance(address, int):
        _, upstream = await loop.create_connection(lambda: _Upstream(client), "127.0.0.1", address)
    else:
        _, upstream = await loop.create_unix_connection(lambda: _Upstream(client), str(address))
    return upstream


class _Upstream(asyncio.Protocol):
    """One connection to workerd, for one client."""

    def __init__(self, client: _Client) -> None:
        self._client = client
        self.used = False  # whether it has answered a request

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._client.upstream_data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._client.upstream_ended(self)

    def pause_writing(self) -> None:
        self._client.transport.pause_reading()

    def resume_writing(self) -> None:
        self._client.transport.resume_reading()
