"""Find where the responses of one connection to workerd begin and end.

Source: RFC 9112, section 6.3. workerd is trusted, so nothing is refused here.
"""

from __future__ import annotations

import re
from collections import deque
from typing import NamedTuple

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: close", re.IGNORECASE)
_SIZE = re.compile(rb"[0-9A-Fa-f]+")
_END = b"\r\n\r\n"


class Started(NamedTuple):
    """A response whose head has arrived."""

    status: int  # 0 if it can't be read
    closes: bool  # whether the head says that the connection ends with it


class Responses:
    """Follows the responses, to know whether the last one is complete."""

    def __init__(self, methods: deque[str]) -> None:
        """`methods` are those of the requests without a response so far; responses take them."""
        self._methods = methods
        self._received = bytearray()  # bytes of a head, or of a line between chunks
        self._left: int | None = 0  # bytes that a body or chunk still has; None: up to the end
        self._chunked = False  # in a chunked body

    @property
    def incomplete(self) -> bool:
        """Whether a response has begun and its end hasn't arrived, or is the connection's end."""
        return bool(self._received) or self._chunked or self._left != 0

    def feed(self, data: bytes) -> list[Started]:
        """Add bytes from workerd, and return the responses that start in them."""
        started: list[Started] = []
        at = 0
        while at < len(data) and self._left is not None:
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            found, at = self._take(data, at, b"\r\n" if self._chunked else _END)
            if found is None:
                break
            if self._chunked:
                self._begin_chunk(found)
            elif response := self._begin(found):
                started.append(response)
        return started

    def _take(self, data: bytes, at: int, end: bytes) -> tuple[bytes | None, int]:
        """Return the bytes up to `end` (None if it hasn't arrived), and where the rest begins."""
        if not self._received and (found := data.find(end, at)) >= 0:  # nearly always
            return data[at : found + len(end)], found + len(end)
        before = len(self._received)
        self._received += data[at:]
        found = self._received.find(end, max(0, before - len(end)))
        if found < 0:
            return None, len(data)
        taken = bytes(self._received[: found + len(end)])
        self._received.clear()
        return taken, at + len(taken) - before

    def _begin_chunk(self, line: bytes) -> None:
        size = _SIZE.match(line)
        if size is None:
            self._left = None
            return
        self._left = int(size[0], 16) + 2  # with the line end after it, or after the last chunk
        self._chunked = self._left > 2

    def _begin(self, head: bytes) -> Started | None:
        """Start a response, unless another one follows for the same request."""
        status = head[9:12]
        if status.startswith(b"1") and status != b"101":
            return None
        method = self._methods.popleft() if self._methods else ""
        if method != "HEAD" and status not in (b"101", b"204", b"304"):
            length = _LENGTH.search(head)
            self._chunked = _CHUNKED.search(head) is not None
            self._left = 0 if self._chunked else int(length[1]) if length else None
        closes = _CLOSES.search(head) is not None
        return Started(int(status) if status.isdigit() else 0, closes)
