"""Bytes to the emulator: no request breaks it, and each is answered or its connection closed."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
from pathlib import Path
from typing import Any

from kvlens.emulator.arguments import MAX_STORED
from kvlens.emulator.http import Connection
from kvlens.emulator.server import Emulator
from kvlens.stores.registry import open_store

TOKEN = "T0KEN"
NAMESPACES = b"/client/v4/accounts/a/storage/kv/namespaces"
HEAD = b"HTTP/1.1\r\nHost: 127.0.0.1:80\r\nAuthorization: Bearer T0KEN\r\n"
BINDING = HEAD.replace(b"127.0.0.1:80", b"fake-host") + b"X-KV-NS: id1\r\n"


def _put(line: bytes, body: bytes, head: bytes = HEAD, more: bytes = b"") -> bytes:
    return b"%b %b%bContent-Length: %d\r\n\r\n%b" % (line, head, more, len(body), body)


FORM = (
    b'--B\r\nContent-Disposition: form-data; name="value"\r\n\r\nv\r\n'
    b'--B\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{"a":1}\r\n--B--\r\n'
)
BULK = (
    b'[{"key":"a","value":"dg==","base64":true,"expiration_ttl":60},'
    b'{"key":"b","value":"w","metadata":{"a":[1]},"expiration":4102444800}]'
)
STORE: dict[str, dict[str, Any]] = {
    "get": {"ns": "id1", "key": "a"},
    "get_many": {"ns": "id1", "keys": ["a", "b"], "size": 1000},
    "put": {"ns": "id1", "key": "a", "value": "dg==", "metadata": "1", "expiration": 4102444800},
    "put_many": {"ns": "id1", "writes": [{"key": "a", "value": "dg=="}]},
    "replace": {"ns": "id1", "key": "a", "value": "dg=="},
    "delete": {"ns": "id1", "keys": ["a"]},
    "list": {"ns": "id1", "prefix": "a", "limit": 10, "after": "a"},
    "stats": {"ns": "id1"},
    "clear": {"ns": "id1"},
}
EXAMPLES = (
    b"GET / " + HEAD + b"\r\n",
    b"GET /k?urlencoded=true " + BINDING + b"\r\n" + b"DELETE /k " + BINDING + b"\r\n",
    b"GET /?prefix=a&key_count_limit=2 " + BINDING + b"\r\n",
    _put(b"PUT /k%2f?urlencoded=true&expiration_ttl=60", b"v", BINDING, b"CF-KV-Metadata: 1\r\n"),
    _put(b"POST /bulk/get", b'{"keys":["a"],"type":"json","withMetadata":true}', BINDING),
    _put(b"PUT " + NAMESPACES + b"/id1/values/k?expiration_ttl=60", b"v"),
    _put(
        b"PUT " + NAMESPACES + b"/id1/values/k",
        FORM,
        more=b"Content-Type: multipart/form-data; boundary=B\r\n",
    ),
    _put(b"PUT " + NAMESPACES + b"/id1/bulk", BULK),
    _put(b"POST " + NAMESPACES + b"/id1/bulk/get", b'{"keys":["a"]}'),
    _put(b"POST " + NAMESPACES + b"/id1/bulk/delete", b'["a","b"]'),
    _put(b"POST " + NAMESPACES, b'{"title":"x"}'),
    b"GET " + NAMESPACES + b"/id1/keys?limit=10&cursor=&prefix=a " + HEAD + b"\r\n",
    b"GET " + NAMESPACES + b"/id1/metadata/a " + HEAD + b"\r\n",
    b"PUT /k " + BINDING + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    *(_put(b"POST /kvlens/store/" + op.encode(), json.dumps(given).encode())
      for op, given in STORE.items()),
)  # fmt: skip
WORDS = (
    *(b"\r\n\r\n", b"GET ", b"PUT ", b"POST ", b"DELETE ", b"HEAD ", b"OPTIONS ", HEAD, BINDING),
    *(b"Content-Length: 0\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(b"Connection: close\r\n", b"Connection: Upgrade\r\nUpgrade: websocket\r\n", b"0\r\n\r\n"),
    *(b"Expect: 100-continue\r\n", b"Origin: null\r\n", b"Sec-Fetch-Site: cross-site\r\n"),
    *(b"/kvlens/store/put", NAMESPACES, b"/id1/values/k", b"%00", b"%ff", b"HTTP/1.0", b"HTTP/2.0"),
    *(b'"expiration":', b'"metadata":', b'"key":', b'"value":', b"null", b"[1,null]", b'"soon"'),
)
_NASTY: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**31, 2**63, 10**400, float("nan"), "", ".", "x", "a" * 600),
    *([], {}, [None], [1, None], {"a": 1}, "\ud800", "\x00", "soon", "1e400", '{"a":', "%%%"),
)
_ANSWER = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n", re.DOTALL)


class _Transport(asyncio.Transport):
    """Collects what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.closed = False

    def write(self, data: Any) -> None:
        if not self.closed:
            self.written += data

    def close(self) -> None:
        self.closed = True

    abort = close

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        """Do nothing."""

    def resume_reading(self) -> None:
        """Do nothing."""


class _Served:
    """An emulator without a listener, over a store in memory."""

    def __init__(self) -> None:
        logging.disable(logging.CRITICAL)
        self.loop = asyncio.new_event_loop()
        self.store = open_store("memory:", Path.cwd())
        self.emulator = Emulator(self.store, {"id1": "KV"}, token=TOKEN)
        self.emulator._authorizer.serve_at(80)

    async def exchange(self, data: bytes, cuts: int) -> bytes:
        """Send bytes, in pieces of `cuts` bytes, and the end; return all responses."""
        connection = Connection(self.emulator, self.emulator.capacity)
        transport = _Transport()
        connection.connection_made(transport)
        for start in range(0, len(data), cuts):
            connection.data_received(data[start : start + cuts])
        for _ in range(100):
            if not connection.busy and not connection._queue:
                break
            await asyncio.sleep(0)
        assert transport.closed or not (connection.busy or connection._queue), "not answered"
        connection.eof_received()
        connection.connection_lost(None)
        await asyncio.sleep(0)
        capacity = self.emulator.capacity
        held = capacity.bodies.held + capacity.answers.held
        assert not held and not capacity.open, "something is held"
        self.emulator.namespaces = {"id1": "KV"}
        return bytes(transport.written)


_served: _Served | None = None


def target(data: bytes) -> None:
    """Send the input, and calls of the store API made from it."""
    global _served
    if _served is None:
        _served = _Served()
    source = random.Random(data)
    _exchange(_served, data, source.choice((7, 1000, 100_000)))
    for _ in range(3):
        _exchange(_served, _call(source), 100_000)


def _exchange(served: _Served, data: bytes, cuts: int) -> None:
    answered = served.loop.run_until_complete(served.exchange(data, cuts))
    at = 0
    while at < len(answered) and b"HEAD " not in data:  # its responses have no body
        head = _ANSWER.match(answered, at)
        assert head, f"no answer at {at} of {answered[:300]!r}"
        if head[1] == b"100":
            at = head.end()
            continue
        assert int(head[1]) < 500, f"{answered[at : at + 300]!r}"
        length = re.search(rb"Content-Length: (\d+)", head[2])
        assert length, f"no length in {head[0]!r}"
        at = head.end() + int(length[1])
    assert b"HEAD " in data or at == len(answered), "an answer is cut short"
    page = served.loop.run_until_complete(served.store.list("id1"))
    for key in page.keys:
        assert len(key.name.encode()) <= MAX_STORED, f"a key of {len(key.name)} characters"
        assert key.metadata is None or len(key.metadata.encode()) <= MAX_STORED
        assert key.expiration is None or isinstance(key.expiration, int)


def _call(source: random.Random) -> bytes:
    """Return a call with a JSON body in which something is replaced."""
    if source.random() < 0.7:
        name, given = source.choice(list(STORE.items()))
        line, body = b"POST /kvlens/store/" + name.encode(), json.loads(json.dumps(given))
    else:
        line, body = b"PUT " + NAMESPACES + b"/id1/bulk", json.loads(BULK)
    holders = [body, *(part for part in _inside(body) if part)]
    for _ in range(source.randint(0, 2)):
        holder = source.choice(holders)
        place = source.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        holder[place] = source.choice(_NASTY)
    return _put(line, json.dumps(body).encode())


def _inside(part: Any) -> list[Any]:
    inside = part.values() if isinstance(part, dict) else part
    found = [one for one in inside if isinstance(one, (dict, list))]
    return found + [deeper for one in found for deeper in _inside(one)]
