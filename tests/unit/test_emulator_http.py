"""Who may send requests to the emulator, and which requests it refuses as malformed."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
from kvlens.emulator.server import Emulator, EmulatorError
from kvlens.kv.records import Entry, Write
from kvlens.stores.base import Store, StoreError
from kvlens.stores.registry import open_store

MIB25 = 26_214_400


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = open_store("memory:", tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def emulator(store: Store) -> AsyncIterator[Emulator]:
    async with Emulator(store, {"id1": "KV"}, compat="workerd", token="T0KEN") as running:
        yield running


class Client:
    """One raw connection. `HOST` and `AUTH` in requests stand for the correct values."""

    def __init__(self, emulator: Emulator) -> None:
        self.host, _, self.port = emulator.url.removeprefix("http://").partition(":")

    async def __aenter__(self) -> Client:
        self.reader, self.writer = await asyncio.open_connection(self.host, int(self.port))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        await self.writer.wait_closed()

    def send(self, text: str | bytes) -> None:
        data = text.encode() if isinstance(text, str) else text
        data = data.replace(b"HOST", f"Host: {self.host}:{self.port}".encode())
        self.writer.write(data.replace(b"AUTH", b"Authorization: Bearer T0KEN"))

    async def answer(self) -> tuple[str, dict[str, str], bytes]:
        """Return the status line, the headers and the body of the next response."""
        line = (await self.reader.readline()).decode().strip()
        headers: dict[str, str] = {}
        while text := (await self.reader.readline()).decode().strip():
            name, _, value = text.partition(": ")
            headers[name.lower()] = value
        size = int(headers.get("content-length", "0"))
        return line.removeprefix("HTTP/1.1 "), headers, await self.reader.readexactly(size)

    async def ask(self, text: str | bytes) -> tuple[str, dict[str, str], bytes]:
        self.send(text)
        return await asyncio.wait_for(self.answer(), 10)


BINDING = "Host: fake-host\r\nX-KV-NS: id1\r\n"
KEYS = "/client/v4/accounts/a/storage/kv/namespaces/id1/keys"

DOOR: list[tuple[str, str, str]] = [
    # request, its head, the status
    ("right", "GET / HTTP/1.1\r\nHOST\r\nAUTH\r\n", "200 OK"),
    ("localhost", "GET / HTTP/1.1\r\nHost: LocalHost:PORT\r\nAUTH\r\n", "200 OK"),
    ("ipv6 name", "GET / HTTP/1.1\r\nHost: [::1]:PORT\r\nAUTH\r\n", "200 OK"),
    ("a tab of the user's", "GET / HTTP/1.1\r\nHOST\r\nAUTH\r\nSec-Fetch-Site: none\r\n", "200 OK"),
    ("binding", f"GET /k HTTP/1.1\r\nAUTH\r\n{BINDING}", "404 Not Found"),
    ("no token", "GET / HTTP/1.1\r\nHOST\r\n", "401"),
    ("wrong token", "GET / HTTP/1.1\r\nHOST\r\nAuthorization: Bearer T0KEM\r\n", "401"),
    ("basic", "GET / HTTP/1.1\r\nHOST\r\nAuthorization: Basic T0KEN\r\n", "401"),
    ("token in the URL", f"GET {KEYS}?token=T0KEN HTTP/1.1\r\nHOST\r\n", "401"),
    ("binding without token", f"GET /k HTTP/1.1\r\n{BINDING}", "401"),
    ("put without token", f"PUT /k HTTP/1.1\r\n{BINDING}Content-Length: 0\r\n", "401"),
    ("core without token", "POST /kvlens/store/get HTTP/1.1\r\nHOST\r\nContent-Length: 0\r\n", "401"),
    ("another name", "GET / HTTP/1.1\r\nHost: evil.example:PORT\r\nAUTH\r\n", "403"),
    ("another port", "GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nAUTH\r\n", "403"),
    ("no port", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAUTH\r\n", "403"),
    ("no host", "GET / HTTP/1.1\r\nAUTH\r\n", "403"),
    ("fake-host without a namespace", "GET /k HTTP/1.1\r\nHost: fake-host\r\nAUTH\r\n", "403"),
    ("a page", "GET / HTTP/1.1\r\nHOST\r\nAUTH\r\nOrigin: http://localhost:3000\r\n", "403"),
    ("a sandboxed page", "GET / HTTP/1.1\r\nHOST\r\nAUTH\r\nOrigin: null\r\n", "403"),
    ("our own page", "GET / HTTP/1.1\r\nHOST\r\nAUTH\r\nOrigin: http://127.0.0.1:PORT\r\n", "403"),
    ("an image", "GET / HTTP/1.1\r\nHOST\r\nAUTH\r\nSec-Fetch-Site: cross-site\r\n", "403"),
    ("a neighbor", "GET / HTTP/1.1\r\nHOST\r\nAUTH\r\nSec-Fetch-Site: same-site\r\n", "403"),
    ("a preflight", f"OPTIONS {KEYS} HTTP/1.1\r\nHOST\r\nAUTH\r\n", "403"),
    ("a preflight without token", f"OPTIONS {KEYS} HTTP/1.1\r\nHOST\r\n", "403"),
    ("a WebSocket of a page", "GET /k HTTP/1.1\r\nHOST\r\nOrigin: http://evil.example\r\n"
     "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", "403"),
    ("a form of a page", "POST /kvlens/store/clear HTTP/1.1\r\nHOST\r\nOrigin: http://evil.example\r\n"
     "Content-Type: text/plain\r\nContent-Length: 0\r\n", "403"),
    ("rebound", "GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example:PORT\r\nAUTH\r\n", "403"),
    ("rebound, and a binding's", "GET /k HTTP/1.1\r\nHost: fake-host.evil.example\r\nAUTH\r\n"
     "X-KV-NS: id1\r\n", "403"),
    ("two hosts", "GET / HTTP/1.1\r\nHost: evil.example\r\nHOST\r\nAUTH\r\n", "400"),
    ("two tokens", "GET / HTTP/1.1\r\nHOST\r\nAuthorization: Bearer x\r\nAUTH\r\n", "400"),
    ("two namespaces", f"GET /k HTTP/1.1\r\nAUTH\r\n{BINDING}X-KV-NS: id2\r\n", "400"),
    ("nothing there", "GET /favicon.ico HTTP/1.1\r\nHOST\r\nAUTH\r\n", "404"),
    ("unknown namespace", "GET /k HTTP/1.1\r\nAUTH\r\nHost: fake-host\r\nX-KV-NS: no\r\n", "400"),
    ("unknown method", f"PATCH /k HTTP/1.1\r\nAUTH\r\n{BINDING}", "405"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "status"), [row[1:] for row in DOOR], ids=[r[0] for r in DOOR])
async def test_door(emulator: Emulator, head: str, status: str) -> None:
    async with Client(emulator) as client:
        line, headers, _ = await client.ask(head.replace("PORT", client.port) + "\r\n")
        assert line.startswith(status)
        assert not any(name.startswith("access-control") for name in headers)


NUMBERS = ["1" * 400, "-" + "1" * 400, "1" * 5000, "1e400", "-1e400", "NaN", "Infinity", "x", "²"]


@pytest.mark.parametrize("number", NUMBERS, ids=[f"{n[:9]} ({len(n)})" for n in NUMBERS])
async def test_a_number_that_is_none(emulator: Emulator, number: str) -> None:
    """Anything but a number is refused, and nothing is stored."""
    head = f"HTTP/1.1\r\nAUTH\r\n{BINDING}"
    rest = KEYS.removesuffix("/keys")
    requests = [
        *(f"PUT /k?urlencoded=true&{name}={quote(number)} {head}Content-Length: 0\r\n\r\n"
          for name in ("expiration", "expiration_ttl")),
        f"GET /k?urlencoded=true&cache_ttl={quote(number)} {head}\r\n",
        *(f"PUT {rest}/values/k?{name}={quote(number)} HTTP/1.1\r\nHOST\r\nAUTH\r\n"
          "Content-Length: 0\r\n\r\n" for name in ("expiration", "expiration_ttl")),
    ]  # fmt: skip
    bodies = [f'{{"keys":["k"],"cacheTtl":{json.dumps(number)}}}']
    if number not in ("x", "²"):
        bodies.append(f'{{"keys":["k"],"cacheTtl":{number}}}')
        for name in ("expiration", "expiration_ttl"):
            body = f'[{{"key":"k","value":"v","{name}":{number}}}]'
            requests.append(
                f"PUT {rest}/bulk HTTP/1.1\r\nHOST\r\nAUTH\r\nContent-Length: {len(body)}"
                f"\r\n\r\n{body}"
            )
    requests += [f"POST /bulk/get {head}Content-Length: {len(b)}\r\n\r\n{b}" for b in bodies]
    for request in requests:
        async with Client(emulator) as client:
            line, _, _ = await client.ask(request)
            assert line.startswith("400 "), request[:90]
    assert (await emulator.store.list("id1")).keys == []


@pytest.mark.parametrize(
    "body",
    ['{"keys":[5]}', '{"keys":[null]}', '{"keys":"k"}', "[]", "5", "{", "[" * 3000 + "]" * 3000,
     '{"keys":[' + "[" * 3000 + "]" * 3000 + "]}"],
    ids=["number", "null", "text", "list", "no object", "no JSON", "deep", "deep key"],
)  # fmt: skip
async def test_a_bulk_get_that_is_none(emulator: Emulator, body: str) -> None:
    head = f"POST /bulk/get HTTP/1.1\r\nAUTH\r\n{BINDING}Content-Length: {len(body)}\r\n\r\n"
    async with Client(emulator) as client:
        line, _, _ = await client.ask(head + body)
        assert line == '400 The body must be {"keys": ["key"]}'


async def test_deep_json_in_a_bulk_get(emulator: Emulator) -> None:
    """JSON is recognized at any depth, without delaying other requests."""
    body = '{"keys":["k"],"type":"json"}'
    head = f"POST /bulk/get HTTP/1.1\r\nAUTH\r\n{BINDING}Content-Length: {len(body)}\r\n\r\n"
    for depth, extra, status in (
        (3000, "", "200 OK"),
        (3000, "]", "400 "),
        (200_000, "", "200 OK"),
        (200_000, ",", "400 "),
    ):
        value = b"[" * depth + b"]" * depth + extra.encode()
        await emulator.store.put("id1", Write("k", value))
        async with Client(emulator) as client:
            line, _, answer = await client.ask(head + body)
            assert line.startswith(status)
            assert (answer == b'{"k":' + value + b"}") == (status == "200 OK")


async def test_without_a_token_it_says_where_to_find_one(emulator: Emulator) -> None:
    async with Client(emulator) as client:
        _, _, body = await client.ask("GET / HTTP/1.1\r\nHOST\r\n\r\n")
        assert b"kvlens serve --json" in body
        assert b"KV Lens: Copy Emulator Address" in body
        assert b"T0KEN" not in body
        _, _, body = await client.ask("GET / HTTP/1.1\r\nHOST\r\nAUTH\r\n\r\n")
        assert b"KV  (id id1)" in body


MALFORMED: list[tuple[str, bytes, str]] = [
    ("not HTTP", b"\x16\x03\x01\x02\x00\x01\x00", "400 Malformed HTTP request"),
    ("no version", b"GET / HTTP/9.9\r\n\r\n", "400 Malformed HTTP request"),
    ("a bad length", b"PUT /k HTTP/1.1\r\nHOST\r\nContent-Length: x\r\n\r\n", "400 Malformed"),
    (
        "two framings",
        b"PUT /k HTTP/1.1\r\nHOST\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "400 Malformed",
    ),
    (
        "a bad chunk",
        b"PUT /k HTTP/1.1\r\nHOST\r\nAUTH\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "400 Malformed",
    ),
    ("a huge head", b"GET / HTTP/1.1\r\nHOST\r\nX: " + b"x" * 100_000, "431 The request head"),
    ("many headers", b"GET / HTTP/1.1\r\nHOST\r\n" + b"X: x\r\n" * 20_000, "431 The request head"),
]


@pytest.mark.parametrize(
    ("data", "status"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED]
)
async def test_malformed(emulator: Emulator, data: bytes, status: str) -> None:
    async with Client(emulator) as client:
        line, headers, _ = await client.ask(data)
        assert line.startswith(status)
        assert headers["connection"] == "close"
        assert await client.reader.read() == b""
    async with Client(emulator) as client:
        assert (await client.ask("GET / HTTP/1.1\r\nHOST\r\nAUTH\r\n\r\n"))[0] == "200 OK"


def put(key: str, value: str, more: str = "") -> str:
    return (
        f"PUT /{key}?urlencoded=true HTTP/1.1\r\nAUTH\r\n{BINDING}{more}"
        f"Content-Length: {len(value)}\r\n\r\n{value}"
    )


def get(key: str) -> str:
    return f"GET /{key}?urlencoded=true HTTP/1.1\r\nAUTH\r\n{BINDING}\r\n"


async def test_one_connection_many_requests(emulator: Emulator) -> None:
    async with Client(emulator) as client:
        for number in range(3):
            assert (await client.ask(put("k", f"v{number}")))[0] == "200 OK"
            assert await client.ask(get("k")) == (
                "200 OK",
                {"content-length": "2"},
                b"v%d" % number,
            )
        line, headers, body = await client.ask(get("none"))
        assert (line, headers["content-length"], body) == ("404 Not Found", "0", b"")
        assert (await client.ask(get("k")))[2] == b"v2"


async def test_requests_sent_before_the_answers(emulator: Emulator) -> None:
    async with Client(emulator) as client:
        client.send("".join(put(f"k{n}", f"v{n}") + get(f"k{n}") for n in range(50)))
        for number in range(50):
            assert (await client.answer())[0] == "200 OK"
            assert (await client.answer())[2] == b"v%d" % number


async def test_requests_in_small_pieces(emulator: Emulator) -> None:
    async with Client(emulator) as client:
        request = put("k%2F%C3%BC", "value").replace("AUTH", "Authorization: Bearer T0KEN")
        for start in range(0, len(request), 3):
            client.send(request[start : start + 3])
            await asyncio.sleep(0.001)
        assert (await client.answer())[0] == "200 OK"
        assert (await client.ask(get("k%2f%c3%bc")))[2] == b"value"


async def test_chunked_values(emulator: Emulator, store: Store) -> None:
    head = f"PUT /k HTTP/1.1\r\nAUTH\r\n{BINDING}Transfer-Encoding: chunked\r\n\r\n"
    async with Client(emulator) as client:
        assert (await client.ask(head + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"))[0] == "200 OK"
    assert await store.get("id1", "k") == Entry(b"abcde")


async def test_a_value_over_the_limit_is_read_and_refused(emulator: Emulator, store: Store) -> None:
    await store.put("id1", Write("k", b"before"))
    async with Client(emulator) as client:
        size = MIB25 + 1_000_000
        client.send(f"PUT /k HTTP/1.1\r\nAUTH\r\n{BINDING}Content-Length: {size}\r\n\r\n")
        for _ in range(size // 100_000):
            client.send(bytes(100_000))
            await client.writer.drain()
        client.send(bytes(size % 100_000))
        line, _, _ = await client.answer()
        assert line == f"413 Value length of {size} exceeds limit of {MIB25}."
        assert (await client.ask(get("k")))[2] == b"before"


async def test_a_body_that_ends_early_stores_nothing(emulator: Emulator, store: Store) -> None:
    for head in ("Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"):
        async with Client(emulator) as client:
            client.send(f"PUT /k HTTP/1.1\r\nAUTH\r\n{BINDING}{head}")
            await client.writer.drain()
            client.writer.write_eof()
            assert await asyncio.wait_for(client.reader.read(), 10) == b""
    assert await store.get("id1", "k") is None


async def test_expect_100_continue(emulator: Emulator) -> None:
    """curl waits for it before it sends a large value."""
    async with Client(emulator) as client:
        client.send(
            f"PUT /k HTTP/1.1\r\nAUTH\r\n{BINDING}Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"
        )
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert (await client.ask("v"))[0] == "200 OK"


async def test_a_client_that_says_all_at_once(emulator: Emulator) -> None:
    """HTTP/1.0, Connection: close, and a half-closed connection are answered, then closed."""
    for request in (
        "GET / HTTP/1.0\r\nHOST\r\nAUTH\r\n\r\n",
        "GET / HTTP/1.1\r\nHOST\r\nAUTH\r\nConnection: close\r\n\r\n",
    ):
        async with Client(emulator) as client:
            client.send(request)
            client.writer.write_eof()
            assert (await client.answer())[0] == "200 OK"
            assert await asyncio.wait_for(client.reader.read(), 10) == b""


async def test_an_upgrade_is_not_taken(emulator: Emulator, store: Store) -> None:
    """curl --http2 requests one: a get is answered in HTTP/1.1; a put's body can't be read."""
    more = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    await store.put("id1", Write("k", b"before"))
    async with Client(emulator) as client:
        line, headers, body = await client.ask(get("k").replace("AUTH\r\n", f"AUTH\r\n{more}"))
        assert (line, headers["connection"], body) == ("200 OK", "close", b"before")
        assert await asyncio.wait_for(client.reader.read(), 10) == b""
    async with Client(emulator) as client:
        line, headers, _ = await client.ask(put("k", "value", more))
        assert (line, headers["connection"]) == ("400 HTTP/1.1 only: send no Upgrade", "close")
    assert await store.get("id1", "k") == Entry(b"before")


async def test_head_has_no_body(emulator: Emulator) -> None:
    async with Client(emulator) as client:
        client.send("HEAD / HTTP/1.1\r\nHOST\r\nAUTH\r\n\r\nGET / HTTP/1.1\r\nHOST\r\nAUTH\r\n\r\n")
        head = await client.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert (await client.answer())[0] == "200 OK"


BAD_KEYS = [
    ("%ff", "400 Could not URL-decode key name"),
    ("%zz", "400 Could not URL-decode key name"),
    ("%", "400 Could not URL-decode key name"),
    (".", '400 Illegal key name ".". Please use a different name.'),
    ("%2E%2e", '400 Illegal key name "..". Please use a different name.'),
    ("a" * 513, "414 UTF-8 encoded length of 513 exceeds key length limit of 512."),
]


@pytest.mark.parametrize(("key", "line"), BAD_KEYS, ids=[row[0][:9] for row in BAD_KEYS])
async def test_bad_keys(emulator: Emulator, key: str, line: str) -> None:
    async with Client(emulator) as client:
        assert (await client.ask(get(key)))[0] == line
        assert (await client.ask(put(key, "v")))[0] == line


async def test_bad_options(emulator: Emulator) -> None:
    async with Client(emulator) as client:
        bad = put("k", "v", "CF-KV-Metadata: {nope\r\n")
        assert (await client.ask(bad))[0] == "500 Internal Server Error"  # as Miniflare says
        bulk = f"POST /bulk/get HTTP/1.1\r\nAUTH\r\n{BINDING}Content-Length: 2\r\n\r\n"
        for body in ("{}", "[]", "xx", "10"):
            assert (await client.ask(bulk + body))[0].startswith('400 The body must be {"keys"')


async def test_namespaces_change_on_open_connections(emulator: Emulator) -> None:
    async with Client(emulator) as client:
        other = get("k").replace("id1", "id2")
        line = (await client.ask(other))[0]
        assert line == (
            '400 KV Lens serves no namespace with the id "id2"; '
            "add it to kv_namespaces in the config"
        )
        assert (await client.ask(put("k", "kept")))[0] == "200 OK"
        emulator.set_namespaces({"id1": "KV", "id2": "NEW"})
        assert (await client.ask(other))[0] == "404 Not Found"
        assert (await client.ask(get("k")))[2] == b"kept"


async def test_changes_are_told_once(emulator: Emulator) -> None:
    told: list[str] = []
    emulator.on_change(told.append)
    async with Client(emulator) as client:
        for number in range(20):
            await client.ask(put(f"k{number}", "v"))
        await client.ask(get("k1"))
        while not told:
            await asyncio.sleep(0.02)
    assert told == ["id1"]


# -- starting ----------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.com", ""])
async def test_only_this_machine(store: Store, host: str) -> None:
    with pytest.raises(EmulatorError, match="listens on this machine only"):
        await Emulator(store, {}).start(host)


async def test_a_taken_port(store: Store) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EmulatorError, match=f"Port {port} on 127.0.0.1 is in use") as caught:
            await Emulator(store, {}).start(port=port)
        assert "choose another port" in str(caught.value)
    with pytest.raises(EmulatorError, match="Port 99999 does not exist"):
        await Emulator(store, {}).start(port=99999)


async def test_restart_on_the_same_port(store: Store) -> None:
    emulator = Emulator(store, {"id1": "KV"}, token="T0KEN")
    await emulator.start()
    url = emulator.url
    async with Client(emulator) as client:
        await client.ask(put("k", "kept"))
        await emulator.close()
        assert await asyncio.wait_for(client.reader.read(), 10) == b""
    await emulator.start(port=int(url.rpartition(":")[2]))
    assert emulator.url == url
    async with Client(emulator) as client:
        assert (await client.ask(get("k")))[2] == b"kept"
    await emulator.close()


async def test_closing_while_a_client_does_not_read(store: Store) -> None:
    await store.put("id1", Write("k", bytes(MIB25)))
    emulator = Emulator(store, {"id1": "KV"}, token="T0KEN")
    await emulator.start()
    async with Client(emulator) as client:
        client.send(get("k"))
        await client.reader.readline()
        await asyncio.wait_for(emulator.close(), 20)


async def test_a_unix_socket(store: Store, tmp_path: Path) -> None:
    emulator = Emulator(store, {"id1": "KV"}, token="T0KEN")
    path = tmp_path / "kv.sock"
    if os.name == "nt":
        with pytest.raises(EmulatorError, match="Can't listen on the socket"):
            await emulator.start(unix=path)
        return
    await emulator.start(unix=path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    client = Client(emulator)
    client.reader, client.writer = await asyncio.open_unix_connection(path)
    assert (await client.ask(put("k", "v")))[0] == "200 OK"
    assert (await client.ask(get("k")))[2] == b"v"
    client.writer.close()
    await emulator.close()
    with pytest.raises(EmulatorError, match="Can't listen on the socket"):
        await emulator.start(unix=tmp_path / "none" / "kv.sock")
    file = tmp_path / "file"
    file.write_text("kept", encoding="utf-8")
    link = tmp_path / "link"
    link.symlink_to(file)
    for taken in (file, link):
        with pytest.raises(EmulatorError, match="Can't listen on the socket"):
            await emulator.start(unix=taken)
    assert file.read_text("utf-8") == "kept"
    with socket.socket(socket.AF_UNIX) as left:  # by one that was killed
        left.bind(str(tmp_path / "left"))
    await emulator.start(unix=tmp_path / "left")
    await emulator.close()


async def test_the_token_is_compared_in_constant_time(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(given: bytes, right: bytes) -> bool:
        compared.append((given, right))
        return given == right

    monkeypatch.setattr("kvlens.emulator.auth.hmac.compare_digest", compare)
    for token in ("T0KEN", "T", ""):
        async with Client(emulator) as client:
            await client.ask(f"GET / HTTP/1.1\r\nHOST\r\nAuthorization: Bearer {token}\r\n\r\n")
    assert len(compared) == 3


@pytest.mark.parametrize(
    "url", ["http://S3CRET@example.com:80", "http://S3CRET@127.0.0.1", "http://a:S3CRET@[::1"]
)
def test_the_token_is_in_no_error(tmp_path: Path, url: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(url, tmp_path)
    assert "S3CRET" not in str(caught.value)


SMUGGLED: dict[str, bytes] = {
    "two lengths": b"Content-Length: 4\r\nContent-Length: 30\r\n\r\n",
    "length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"Transfer-Encoding : chunked\r\n\r\n",
    "chunks that are not the last": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a sign": b"Content-Length: +4\r\n\r\n",
    "hexadecimal": b"Content-Length: 0x4\r\n\r\n",
    "a chunk of -1": b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
    "a folded header": b"X: a\r\n Content-Length: 4\r\n\r\n",
    "NUL": b"X: a\x00b\r\n\r\n",
}


@pytest.mark.parametrize("head", SMUGGLED.values(), ids=SMUGGLED)
async def test_nothing_is_smuggled(emulator: Emulator, store: Store, head: bytes) -> None:
    """If the end of a request is ambiguous, it is refused, and the connection closes."""
    inner = b"DELETE /victim HTTP/1.1\r\nAUTH\r\n" + BINDING.encode() + b"\r\n"
    await store.put("id1", Write("victim", b"kept"))
    async with Client(emulator) as client:
        client.send(b"POST / HTTP/1.1\r\nHOST\r\nAUTH\r\n" + head + b"body" + inner)
        client.writer.write_eof()
        answered = await asyncio.wait_for(client.reader.read(), 10)
    assert answered.count(b"HTTP/1.1 ") <= 2
    assert answered.startswith((b"HTTP/1.1 400", b"HTTP/1.1 404"))
    assert await store.get("id1", "victim") == Entry(b"kept")
