"""Where requests begin and end, in pieces of any size, and what is refused."""

from __future__ import annotations

import pytest
from kvlens.worker.framing import MAX_HEAD_SIZE, Head, RequestRefusedError, Requests, read_head

GOOD: list[tuple[str, bytes, list[tuple[str, tuple[str, ...], bytes]]]] = [
    ("get", b"GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n", [("/a?b", ("h",), b"")]),
    ("no value", b"GET / HTTP/1.0\r\nHost: h\r\nX:\r\nY:\t \r\n\r\n", [("/", ("h",), b"")]),
    ("whole url", b"GET http://u/x HTTP/1.1\r\nHost: h\r\n\r\n",
     [("http://u/x", ("h", "u"), b"")]),
    ("not ascii", "GET /é HTTP/1.1\r\nHost: h\r\nX: é\r\n\r\n".encode(), [("/é", ("h",), b"")]),
    ("a length", b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nGET ",
     [("/", ("h",), b"GET ")]),
    ("two, and line ends between", b"PUT /1 HTTP/1.1\r\nhost:h\r\ncontent-length:1\r\n\r\nx"
     b"\r\nGET /2 HTTP/1.1\r\nHOST: i\r\n\r\n", [("/1", ("h",), b"x"), ("/2", ("i",), b"")]),
    ("chunks", b"PUT /1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
     b"3\r\nabc\r\n00A\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: i\r\n\r\n",
     [("/1", ("h",), b"3\r\nabc\r\n00A\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n"), ("/2", ("i",), b"")]),
    # passed on without parts that workerd rejects
    ("chunk extensions", b"PUT /1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     b'1;a\r\nx\r\n2 ; b="c;d" \r\nyz\r\n0;e=f\r\n\r\n', [("/1", ("h",), b"1\r\nx\r\n2\r\nyz\r\n0\r\n\r\n")]),
    ("trailers", b"PUT /1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"1\r\nx\r\n0\r\nHost: evil\r\nX-A:\r\n\r\nGET /2 HTTP/1.1\r\nHost: i\r\n\r\n",
     [("/1", ("h",), b"1\r\nx\r\n0\r\n\r\n"), ("/2", ("i",), b"")]),
]  # fmt: skip


def read(data: bytes, size: int) -> list[tuple[str, tuple[str, ...], bytes]]:
    """Read in pieces of a size; return target, hosts and body of each request."""
    requests = Requests()
    found: list[tuple[str, tuple[str, ...], bytes]] = []
    for start in range(0, len(data), size):
        requests.feed(data[start : start + size])
        while (part := requests.next()) is not None:
            if isinstance(part, Head):
                found.append((part.target, part.hosts, b""))
            else:
                target, hosts, body = found.pop()
                found.append((target, hosts, body + part))
    assert not requests.received
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
@pytest.mark.parametrize(("data", "expected"), [pytest.param(*g[1:], id=g[0]) for g in GOOD])
def test_requests(
    data: bytes, expected: list[tuple[str, tuple[str, ...], bytes]], size: int
) -> None:
    assert read(data, size) == expected


POST = b"POST / HTTP/1.1\r\nHost: h\r\n"
BAD: list[tuple[str, bytes, int]] = [
    ("no host", b"GET / HTTP/1.1\r\n\r\n", 400),
    ("no host, old", b"GET / HTTP/1.0\r\n\r\n", 400),
    ("two hosts", b"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400),
    ("folded host", b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400),
    ("folded, tab", b"GET / HTTP/1.1\r\nX: a\r\n\tHost: b\r\nHost: a\r\n\r\n", 400),
    ("space before the colon", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    ("bare line feeds", b"GET / HTTP/1.1\nHost: a\n\n", 400),
    ("a bare line feed", b"GET / HTTP/1.1\r\nX: a\nHost: b\r\nHost: a\r\n\r\n", 400),
    ("a bare carriage return", b"GET / HTTP/1.1\r\nX: a\rHost: b\r\nHost: a\r\n\r\n", 400),
    ("NUL", b"GET / HTTP/1.1\r\nHost: a\x00\r\n\r\n", 400),
    ("HTTP/0.9", b"GET /\r\n\r\n", 400),
    ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ("two spaces", b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("no method", b" / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("no slash", b"GET evil HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("CONNECT", b"CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n", 405),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    ("length and chunks", POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("two lengths", POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
    ("lengths in one", POST + b"Content-Length: 1, 1\r\n\r\n", 400),
    ("a length with a sign", POST + b"Content-Length: +1\r\n\r\n", 400),
    ("another coding", POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 400),
    ("old chunks", POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n", 400),
    ("chunk with a sign", POST + b"Transfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n", 400),
    ("chunk of 0x", POST + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n", 400),
    ("chunk without a size", POST + b"Transfer-Encoding: chunked\r\n\r\n;a=b\r\nx\r\n", 400),
    ("control in an extension", POST + b"Transfer-Encoding: chunked\r\n\r\n1;\x00\r\nx\r\n", 400),
    ("a long extension", POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 9000, 400),
    ("chunk too long", POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", 400),
    ("chunk by line feed", POST + b"Transfer-Encoding: chunked\r\n\r\n1\nx\r\n", 400),
    ("chunk of 16 digits", POST + b"Transfer-Encoding: chunked\r\n\r\n0000000000000001\r\n", 400),
    ("folded trailer", POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n c\r\n\r\n", 400),
    ("no trailer", POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nGET / HTTP/1.1\r\n\r\n", 400),
    ("trailers", POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 30_000, 431),
    ("a long head", b"GET / HTTP/1.1\r\nX: " + b"a" * MAX_HEAD_SIZE, 431),
    ("a long line of blanks", b"GET / HTTP/1.1\r\nX:" + b" \t" * 30_000 + b"\x00\r\n\r\n", 400),
]


@pytest.mark.parametrize("size", [1, 10_000_000])
@pytest.mark.parametrize(("data", "status"), [pytest.param(*b[1:], id=b[0]) for b in BAD])
def test_what_two_programs_could_read_in_two_ways_is_refused(
    data: bytes, status: int, size: int
) -> None:
    with pytest.raises(RequestRefusedError) as refused:
        read(data, size)
    assert refused.value.status == status


CLOSES: dict[str, tuple[bytes, bytes, bool]] = {
    # id: (minor version, header, whether the connection ends after the response)
    "1.0": (b"0", b"", True),
    "1.0, kept": (b"0", b"Connection: Keep-Alive\r\n", False),
    "1.0, kept, with another option": (b"0", b"Connection: other,\tkeep-alive \r\n", False),
    "1.0, closed": (b"0", b"Connection: close\r\n", True),
    "1.0, kept and closed": (b"0", b"Connection: keep-alive, close\r\n", True),
    "1.0, another option": (b"0", b"Connection: other\r\n", True),
    "1.0, no option": (b"0", b"Connection:\r\n", True),
    "1.1": (b"1", b"", False),
    "1.1, closed": (b"1", b"Connection: close\r\n", False),  # workerd closes it
}


@pytest.mark.parametrize(("minor", "header", "closes"), CLOSES.values(), ids=CLOSES)
def test_whether_an_old_request_ends_the_connection(
    minor: bytes, header: bytes, closes: bool
) -> None:
    head = read_head(b"GET / HTTP/1." + minor + b"\r\nHost: h\r\n" + header + b"\r\n")
    assert head.closes == closes
