"""Where the responses of one connection to workerd begin and end.

Source: RFC 9112, section 6.3. workerd is trusted, so nothing is refused here.
"""

from __future__ import annotations

import re
from collections import deque

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
_END = b"\r\n\r\n"


class Responses:
    """Follows the responses, to know whether the last one is complete."""

    def __init__(self, methods: deque[str]) -> None:
        """`methods` are those of the requests without a response so far; responses take them."""
        self._methods = methods
        self._received = bytearray()  # bytes of a head, or of a line between chunks
        self._left: int | None = (
            0  # bytes of the body or chunk that are still to come; None: no end
        )
        self._chunked = False  # in a chunked body

    @property
    def incomplete(self) -> bool:
        """Whether a response has begun and its end hasn't arrived, or is the connection's end."""
        return bool(self._received) or self._chunked or self._left != 0

    def feed(self, data: bytes) -> None:
        """Add bytes from workerd."""
        at = 0
        while at < len(data):
            if self._left is None:
                return
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
            else:
                at = self._feed_line(data, at) if self._chunked else self._feed_head(data, at)

    def _feed_head(self, data: bytes, at: int) -> int:
        head, at = self._take(data, at, _END)
        if head is not None:
            self._begin(head)
        return at

    def _feed_line(self, data: bytes, at: int) -> int:
        """Read the line before a chunk; the one after a chunk is empty."""
        line, at = self._take(data, at, b"\r\n")
        if line and line != b"\r\n":
            size = int(line.split(b";")[0], 16)
            self._left = size + 2  # with the line end after it, or after the last chunk
            self._chunked = size > 0
        return at

    def _take(self, data: bytes, at: int, end: bytes) -> tuple[bytes | None, int]:
        """Return the bytes up to `end`, or None so far, and the place of the next ones."""
        before = len(self._received)
        self._received += data[at:]
        found = self._received.find(end, max(0, before - len(end)))
        if found < 0:
            return None, len(data)
        taken = bytes(self._received[: found + len(end)])
        self._received.clear()
        return taken, at + len(taken) - before

    def _begin(self, head: bytes) -> None:
        status = head[9:12]
        if status.startswith(b"1") and status != b"101":
            return  # the final response follows
        method = self._methods.popleft() if self._methods else ""
        length = _LENGTH.search(head)
        if method == "HEAD" or status in (b"204", b"304", b"101"):
            self._left = 0
        elif _CHUNKED.search(head):
            self._chunked = True
        else:
            self._left = int(length[1]) if length else None
