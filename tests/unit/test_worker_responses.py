"""When a response is complete, however its bytes are cut."""

from __future__ import annotations

from collections import deque

import pytest
from kvlens.worker.responses import Responses

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CASES: dict[str, tuple[list[str], bytes, bool]] = {
    # id: (methods of the requests, all bytes from workerd, whether a response is incomplete)
    "nothing": (["GET"], b"", False),
    "a part of a head": (["GET"], OK, True),
    "a length": (["GET"], OK + b"Content-Length: 3\r\n\r\nabc", False),
    "less than its length": (["GET"], OK + b"content-length: 3\r\n\r\nab", True),
    "length 0": (["GET"], OK + b"Content-Length: 0\r\n\r\n", False),
    "no length": (["GET"], OK + b"\r\nabc", True),
    "chunks": (["GET"], CHUNKED + b"3\r\nabc\r\nA;x\r\n0123456789\r\n0\r\n\r\n", False),
    "an empty body in chunks": (["GET"], CHUNKED + b"0\r\n\r\n", False),
    "no last chunk": (["GET"], CHUNKED + b"3\r\nabc\r\n", True),
    "a part of a chunk": (["GET"], CHUNKED + b"3\r\na", True),
    "a part of a chunk's size": (["GET"], CHUNKED + b"1", True),
    "a part of the last line": (["GET"], CHUNKED + b"0\r\n\r", True),
    "HEAD": (["HEAD"], OK + b"Content-Length: 3\r\n\r\n", False),
    "204": (["GET"], b"HTTP/1.1 204 No Content\r\n\r\n", False),
    "304": (["GET"], b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", False),
    "100 first": (["PUT"], b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na", False),
    "another protocol": (["GET"], b"HTTP/1.1 101 Switching Protocols\r\n\r\n", False),
    "two": (
        ["HEAD", "GET"],
        OK + b"Content-Length: 3\r\n\r\n" + CHUNKED + b"1\r\na\r\n0\r\n\r\n",
        False,
    ),
    "one and a part": (["GET", "GET"], (OK + b"Content-Length: 2\r\n\r\nab") * 2 + OK[:5], True),
}  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(("methods", "data", "incomplete"), CASES.values(), ids=CASES)
def test_the_end_of_a_response(
    methods: list[str], data: bytes, incomplete: bool, size: int
) -> None:
    responses = Responses(deque(methods))
    for at in range(0, len(data), size):
        responses.feed(data[at : at + size])
    assert responses.incomplete == incomplete
