"""Requests to the Worker from Python, with any URL."""

from __future__ import annotations

import http.client
import json
import socket
import zlib
from collections.abc import Iterable, Mapping
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from kvlens.worker.errors import WorkerError

Address = int | Path
"""The address of workerd: a Unix socket, or on Windows, a port of 127.0.0.1."""
Headers = Mapping[str, str] | Iterable[tuple[str, str]]
TIMEOUT = 300.0  # seconds without a byte from the Worker
_KEPT = "%!$&'()*+,;=:@/?~-._[]"  # characters of a URL that aren't escaped


class Response:
    """A Worker's response, read completely.

    `headers` finds names in any case; `headers.get_all("Set-Cookie")` gives every one.
    """

    def __init__(self, status: int, headers: Message, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.bytes = body

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text, in its charset or UTF-8."""
        charset = self.headers.get_content_charset() or "utf-8"
        try:
            return self.bytes.decode(charset, "replace")
        except LookupError:
            return self.bytes.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body parsed as JSON. Raises ValueError if it isn't JSON."""
        return json.loads(self.bytes)

    def __repr__(self) -> str:
        return f"<Response {self.status}, {len(self.bytes)} bytes>"


def fetch(
    address: Address,
    url: str,
    *,
    method: str,
    headers: Headers | None,
    body: str | bytes | None,
    key: tuple[str, str] | None = None,
) -> Response:
    """Send one request to the Worker's dispatch socket. Blocks; call it from a thread.

    `key` is the header that workerd requires, if any.

    Raises ValueError for a URL that isn't http or https, and WorkerError if the Worker's runtime
    ends meanwhile.
    """
    target, host = _target(url)
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers or ())
    given = {name.lower() for name, _ in pairs}
    content = body.encode() if isinstance(body, str) else body
    connection = _Connection(address)
    try:
        connection.putrequest(method.upper(), target, skip_host=True, skip_accept_encoding=True)
        if "host" not in given:
            connection.putheader("Host", host)
        for name, value in (*pairs, *([key] if key else ())):
            connection.putheader(name, value)
        if content is not None and "content-length" not in given:
            connection.putheader("Content-Length", str(len(content)))
        if isinstance(body, str) and "content-type" not in given:
            connection.putheader("Content-Type", "text/plain;charset=UTF-8")
        connection.endheaders(content)
        answer = connection.getresponse()
        return Response(answer.status, answer.headers, _decoded(answer.read(), answer.headers))
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        raise WorkerError(
            f"{method} {url}: no response from the Worker's runtime: {reason}"
        ) from error
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    def __init__(self, address: Address) -> None:
        super().__init__("127.0.0.1", address if isinstance(address, int) else 0, TIMEOUT)
        self._path = None if isinstance(address, int) else str(address)

    def connect(self) -> None:
        if self._path is None:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(self._path)


def _target(url: str) -> tuple[str, str]:
    """Return the URL for a request line, and its host with the port."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f'"{url}" is not a complete URL, such as http://localhost:8787/')
    host = parts.netloc.rpartition("@")[2]
    if not host.isascii():
        name, colon, port = host.partition(":")
        host = name.encode("idna").decode() + colon + port
    path = quote(parts.path or "/", safe=_KEPT)
    return urlunsplit((parts.scheme, host, path, quote(parts.query, safe=_KEPT), "")), host


def _decoded(body: bytes, headers: Message) -> bytes:
    coding = headers.get("content-encoding", "").lower()
    if coding in ("gzip", "deflate") and body:
        return zlib.decompress(body, 47)  # either one, detected from its header
    return body
