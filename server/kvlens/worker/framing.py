"""Find where HTTP/1.1 requests begin and end. What two programs could read in different ways is
refused, so that no request can be smuggled to workerd inside another.

Source: RFC 9112. Bare line feeds, folded headers, multiple lengths, chunk extensions and trailers
are refused; no client in use sends them.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from kvlens.errors import RequestError

MAX_HEAD_SIZE = 64 * 1024
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_LINE = re.compile(
    rb"(?P<method>" + _TOKEN + rb") (?P<target>[\x21-\x7e\x80-\xff]+) HTTP/1\.(?P<minor>[01])"
)
_NAME = re.compile(_TOKEN)
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# A chunk's size, and extensions, which can't contain CR or LF.
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[^\x00-\x08\x0a-\x1f\x7f]*)?[ \t]*\r\n")
_LONGEST_LINE = 8 * 1024
_END = b"\r\n\r\n"
_ONCE = (b"host", b"content-length", b"transfer-encoding")


class RequestRefusedError(RequestError):
    """A request is refused. `status` and the text are the response."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Head(NamedTuple):
    """One request's head."""

    raw: bytes
    method: str
    target: str
    hosts: tuple[str, ...]
    """The hosts that it names: in Host, and in an absolute URL as its target."""
    length: int | None
    """Bytes of the body; None if it is chunked."""
    upgrade: bool
    """Whether it asks for another protocol, such as WebSocket."""
    closes: bool
    """Whether it's an HTTP/1.0 request that doesn't ask to keep the connection."""


class Requests:
    """Splits the bytes of one connection into heads and bodies."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._seen = 0  # bytes of a head that were already searched
        self._left: int | None = 0  # bytes of the body that are still to come; None: in chunks
        self._chunk = 0  # the same of a chunk
        self._line_end = False  # a chunk's line end is next
        self._is_last = False  # the last chunk has arrived
        self._trailer = 0  # bytes of the fields after it

    def feed(self, data: bytes) -> None:
        """Add bytes from the client."""
        self._received += data

    @property
    def received(self) -> bool:
        """Whether there are bytes that aren't part of a head or body yet."""
        return bool(self._received)

    @property
    def in_body(self) -> bool:
        """Whether the last head's body is incomplete."""
        return self._left != 0

    def take_rest(self) -> bytes:
        """Return the remaining bytes, for a connection that switched to another protocol."""
        rest = bytes(self._received)
        self._received.clear()
        return rest

    def next(self) -> Head | bytes | None:
        """Return the next head, or the next bytes of a body; None if more bytes are needed.

        Raises RequestRefusedError; nothing more can be read after that.
        """
        if self._left is None:
            return self._next_chunk()
        if self._left:
            part = self._cut(min(self._left, len(self._received)))
            self._left -= len(part)
            return part or None
        return self._next_head()

    def _cut(self, size: int) -> bytes:
        part = bytes(self._received[:size])
        del self._received[:size]
        return part

    def _next_head(self) -> Head | None:
        received = self._received
        while received.startswith(b"\r\n"):  # some clients send one too many after a body
            del received[:2]
        since = max(0, self._seen - len(_END))
        end = received.find(_END, since, MAX_HEAD_SIZE)
        self._seen = end + len(_END) if end >= 0 else min(len(received), MAX_HEAD_SIZE)
        if _BARE.search(received[since : self._seen], 1 if since else 0):
            raise RequestRefusedError(400, "Malformed request: its lines must end with CRLF")
        if end < 0:
            if len(received) >= MAX_HEAD_SIZE:
                raise RequestRefusedError(
                    431, f"The request's head is over {MAX_HEAD_SIZE:,} bytes"
                )
            return None
        self._seen = 0
        head = read_head(self._cut(end + len(_END)))
        self._left, self._is_last = head.length, False
        return head

    def _next_chunk(self) -> bytes | None:
        if self._chunk:
            part = self._cut(min(self._chunk, len(self._received)))
            self._chunk -= len(part)
            self._line_end = not self._chunk
            return part or None
        if self._is_last:
            return self._drop_trailer()
        if self._line_end:
            if len(self._received) < 2:
                return None
            if self._received[:2] != b"\r\n":
                raise RequestRefusedError(400, "Malformed request: a chunk is longer than its size")
            self._line_end = False
            return self._cut(2)
        line = self._next_line()
        if line is None:
            return None
        found = _CHUNK.fullmatch(line)
        if found is None:
            raise RequestRefusedError(400, "Malformed request: a chunk size is not a number")
        self._chunk = int(found[1], 16)
        self._is_last = not self._chunk
        return found[1] + b"\r\n"  # without extensions, which workerd rejects

    def _drop_trailer(self) -> bytes | None:
        """Skip the fields after the last chunk; return the end of the body."""
        while (line := self._next_line()) is not None:
            if line == b"\r\n":
                self._left, self._trailer = 0, 0
                return line
            self._trailer += len(line)
            name, colon, value = line[:-2].partition(b":")
            if not colon or not _NAME.fullmatch(name) or _CONTROL.search(value):
                raise RequestRefusedError(400, f"Malformed request: trailer {line[:80]!r}")
            if self._trailer > MAX_HEAD_SIZE:
                raise RequestRefusedError(431, "The request's trailer is too large")
        return None

    def _next_line(self) -> bytes | None:
        """Return the next line with its line end, or None if it is incomplete."""
        end = self._received.find(b"\n", 0, _LONGEST_LINE)
        if end >= 0:
            line = self._cut(end + 1)
            if not line.endswith(b"\r\n"):
                raise RequestRefusedError(400, "Malformed request: its lines must end with CRLF")
            return line
        if len(self._received) >= _LONGEST_LINE:
            raise RequestRefusedError(400, "Malformed request: a line of its body is too long")
        return None


def read_head(raw: bytes) -> Head:
    """Parse one head, including its empty line. Raises RequestRefusedError."""
    first, *lines = raw[: -len(_END)].split(b"\r\n")
    start = _LINE.fullmatch(first)
    if start is None:
        raise RequestRefusedError(400, "Malformed request: its first line is not HTTP/1.1")
    values: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name) or _CONTROL.search(value):
            raise RequestRefusedError(400, f"Malformed request: header {line[:80]!r}")
        name = name.lower()
        if name in values and name in _ONCE:
            raise RequestRefusedError(400, f"Malformed request: {name.decode()} is sent twice")
        values[name] = value.strip(b" \t")
    method, target = start["method"].decode("ascii"), start["target"].decode("utf-8", "replace")
    if method == "CONNECT":
        raise RequestRefusedError(405, "CONNECT is for proxies; a Worker can't answer it")
    if b"host" not in values:
        raise RequestRefusedError(400, "Malformed request: it has no Host header")
    hosts = [values[b"host"].decode("latin-1")]
    if _ABSOLUTE.match(target):
        try:
            hosts.append(urlsplit(target).netloc)
        except ValueError:
            raise RequestRefusedError(400, "Malformed request: its URL has no host") from None
    elif target[:1] not in ("/", "*"):
        raise RequestRefusedError(400, "Malformed request: its path must start with /")
    return Head(
        raw,
        method,
        target,
        tuple(hosts),
        _length(values, is_old=start["minor"] == b"0"),
        b"upgrade" in values,
        start["minor"] == b"0" and not _keeps(values.get(b"connection", b"")),
    )


def _keeps(connection: bytes) -> bool:
    """Whether the options in a Connection header ask to keep an HTTP/1.0 connection."""
    options = {option.strip(b" \t") for option in connection.lower().split(b",")}
    return b"keep-alive" in options and b"close" not in options


def _length(values: dict[bytes, bytes], *, is_old: bool) -> int | None:
    coding, length = values.get(b"transfer-encoding"), values.get(b"content-length")
    if coding is not None:
        if length is not None or is_old or coding.lower() != b"chunked":
            text = "Malformed request: its body needs either a Content-Length or chunked encoding"
            raise RequestRefusedError(400, text)
        return None
    if length is None:
        return 0
    if not re.fullmatch(rb"[0-9]{1,15}", length):
        raise RequestRefusedError(400, "Malformed request: Content-Length is not a number")
    return int(length)
