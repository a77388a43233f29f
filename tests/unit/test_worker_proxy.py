"""The public port: what a client sees while workerd starts, stops and is replaced."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from kvlens.worker.errors import WorkerError
from kvlens.worker.proxy import Proxy

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
GET = b"GET /path?x HTTP/1.1\r\nHost: localhost\r\n\r\n"


@asynccontextmanager
async def behind(handler: Handler) -> AsyncIterator[int]:
    """Serve connections, and yield the port."""
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


def answering(name: bytes, *, keep: bool = True) -> Handler:
    """Answer each request with a name and the size of its body."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = 0
                for line in head.split(b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        size = int(line.split(b":")[1])
                await reader.readexactly(size)
                body = b"%b %d" % (name, size)
                more = b"" if keep else b"Connection: close\r\n"
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n%b" % (len(body), more, body)
                )
                await writer.drain()
                if not keep:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    return handle


async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take a request and close silently, like a workerd that is being stopped."""
    await reader.read(1)
    writer.close()


@asynccontextmanager
async def proxied(
    allowed_hosts: Sequence[str] = (),
) -> AsyncIterator[tuple[Proxy, list[tuple[str, str, int]]]]:
    seen: list[tuple[str, str, int]] = []
    proxy = Proxy(
        lambda method, path, status, seconds: seen.append((method, path, status)),
        allowed_hosts=allowed_hosts,
    )
    await proxy.start(0)
    yield proxy, seen
    await proxy.close()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, proxy: Proxy) -> Client:
        port = int(proxy.url.rpartition(":")[2])
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes = GET) -> tuple[int, bytes]:
        self.writer.write(request)
        return await self.answer()

    async def answer(self) -> tuple[int, bytes]:
        async def read() -> tuple[int, bytes]:
            head = await self.reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            size = next(int(n.split(b":")[1]) for n in lines if n.startswith(b"content-length"))
            return int(head.split(b" ")[1]), await self.reader.readexactly(size)

        return await asyncio.wait_for(read(), 30)

    async def ended(self) -> bool:
        return await asyncio.wait_for(self.reader.read(), 30) == b""


async def test_passing_on() -> None:
    async with behind(answering(b"a")) as port, proxied() as (proxy, seen):
        proxy.serve(port)
        client = await Client.to(proxy)
        assert await client.ask() == (200, b"a 0")
        assert await client.ask() == (200, b"a 0")
        body = b"x" * 5_000_000
        post = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
        assert await client.ask(post + body) == (200, b"a 5000000")
        assert seen == [("GET", "/path?x", 200)] * 2 + [("POST", "/", 200)]


async def test_a_request_waits_for_the_worker() -> None:
    async with behind(answering(b"a")) as port, proxied() as (proxy, _):
        client = await Client.to(proxy)
        asked = asyncio.create_task(client.ask())
        await asyncio.sleep(0.05)
        assert not asked.done()
        proxy.serve(port)
        assert await asked == (200, b"a 0")


async def test_what_is_wrong_is_answered() -> None:
    async with behind(answering(b"a")) as port, proxied() as (proxy, _):
        proxy.fail("w.js:1:1: wrong\nmore")
        client = await Client.to(proxy)
        assert await client.ask() == (503, b"w.js:1:1: wrong\nmore\n")
        assert await client.ended()
        proxy.serve(port)
        assert await (await Client.to(proxy)).ask() == (200, b"a 0")


async def test_a_kept_connection_finds_the_successor() -> None:
    async with proxied() as (proxy, _):
        connected: list[asyncio.StreamWriter] = []

        async def first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connected.append(writer)
            await answering(b"first")(reader, writer)

        async with behind(first) as one, behind(answering(b"second")) as two:
            proxy.serve(one)
            client = await Client.to(proxy)
            assert await client.ask() == (200, b"first 0")
            proxy.serve(two)
            assert await client.ask() == (200, b"first 0")  # its workerd is still running
            connected[0].close()
            await asyncio.sleep(0.05)
            assert await client.ask() == (200, b"second 0")


async def test_a_connection_that_idled_too_long_is_opened_anew() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    async def at_the_wrong_moment(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    for handler in (once, at_the_wrong_moment):
        async with behind(handler) as port, proxied() as (proxy, _):
            proxy.serve(port)
            client = await Client.to(proxy)
            for _ in range(3):
                assert await client.ask() == (200, b"ok")


async def test_a_request_that_was_not_answered_is_asked_again() -> None:
    async with proxied() as (proxy, seen), behind(answering(b"new")) as new:

        async def retired(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            proxy.serve(new)
            writer.close()

        async with behind(retired) as old:
            proxy.serve(old)
            client = await Client.to(proxy)
            assert await client.ask() == (200, b"new 0")
            assert seen == [("GET", "/path?x", 200)]


async def test_a_crash_is_not_asked_again() -> None:
    async with behind(closing) as port, proxied() as (proxy, _):
        proxy.serve(port)
        client = await Client.to(proxy)
        status, text = await client.ask()
        assert (status, b"ended before it answered" in text) == (502, True)


async def test_an_answer_that_ends_the_connection_ends_it() -> None:
    async with behind(answering(b"a", keep=False)) as port, proxied() as (proxy, _):
        proxy.serve(port)
        client = await Client.to(proxy)
        assert await client.ask() == (200, b"a 0")
        assert await client.ended()


async def test_other_protocols_pass() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    async with behind(echo) as port, proxied() as (proxy, _):
        proxy.serve(port)
        client = await Client.to(proxy)
        client.writer.write(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        )
        assert b"101" in await client.reader.readuntil(b"\r\n\r\n")
        for data in (b"\x81\x05hello", b"GET / HTTP/1.1\r\n\r\n"):
            client.writer.write(data)
            assert await client.reader.readexactly(len(data)) == data


async def test_dropping_what_is_still_answered() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await reader.read()
        writer.close()

    async with behind(half) as port, behind(answering(b"new")) as new, proxied() as (proxy, _):
        proxy.serve(port)
        client = await Client.to(proxy)
        client.writer.write(GET)
        await client.reader.readuntil(b"half")
        proxy.serve(new)
        proxy.drop(port)
        assert await client.ended()


async def test_ports_that_cannot_be_had() -> None:
    async with proxied() as (proxy, _):
        port = int(proxy.url.rpartition(":")[2])
        with pytest.raises(WorkerError, match=f"Port {port} is in use by another program"):
            await Proxy().start(port)
    with pytest.raises(WorkerError, match="Port 70000 does not exist"):
        await Proxy().start(70000)


# Host headers -----------------------------------------------------------------------------------

HOSTS: list[tuple[str, str, int]] = [
    ("localhost", "localhost", 200),
    ("with a port", "LocalHost:5173", 200),
    ("with a dot", "localhost.:1", 200),
    ("below localhost", "app.localhost:8787", 200),
    ("127.0.0.1", "127.0.0.1:8787", 200),
    ("127.0.0.0/8", "127.9.8.7", 200),
    ("IPv6", "[::1]:8787", 200),
    ("IPv4 in IPv6", "[::ffff:127.0.0.1]", 200),
    ("another", "evil.example", 403),
    ("another with our port", "evil.example:8787", 403),
    ("one that begins so", "127.0.0.1.evil.example", 403),
    ("one that ends so", "evillocalhost", 403),
    ("an address in a name", "localhost.evil.example", 403),
    ("another address", "192.168.1.5:8787", 403),
    ("another IPv6", "[2001:db8::1]", 403),
    ("all interfaces", "0.0.0.0:8787", 403),
    ("punycode", "xn--80ak6aa92e.example", 403),
    ("allowed", "App.Example:8787", 200),
    ("below one that is allowed alone", "x.app.example", 403),
    ("allowed with those below", "tunnel.test", 200),
    ("below it", "a.b.tunnel.test:443", 200),
    ("one that ends like it", "eviltunnel.test", 403),
    ("empty", "", 400),
    ("with a user", "localhost@evil.example", 400),
    ("two names", "localhost, evil.example", 400),
    ("with a path", "localhost/evil.example", 400),
    ("with a blank", "localhost evil.example", 400),
    ("with a wrong port", "localhost:evil", 400),
    ("with the highest port", "localhost:65535", 200),
    ("with a port that is too high", "localhost:65536", 400),
]


FORMS = [
    pytest.param(host, status, form, id=f"{name}-{form}")
    for name, host, status in HOSTS
    for form in ("host", "url", "old", "upgrade")
    if form != "url" or not {"/", " "} & set(host)  # else it is a different URL
]


@pytest.mark.parametrize(("host", "status", "form"), FORMS)
async def test_which_hosts_are_answered(host: str, status: int, form: str) -> None:
    name = host.encode()
    request = {
        "host": b"GET / HTTP/1.1\r\nHost: " + name + b"\r\n\r\n",
        "url": b"GET http://" + name + b"/x HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "old": b"GET / HTTP/1.0\r\nhost: " + name + b"\r\n\r\n",
        "upgrade": b"GET / HTTP/1.1\r\nHost: " + name + b"\r\nUpgrade: websocket\r\n\r\n",
    }[form]
    allowed = ["app.example", ".tunnel.test"]
    async with behind(answering(b"a")) as port, proxied(allowed) as (proxy, seen):
        proxy.serve(port)
        client = await Client.to(proxy)
        found, text = await client.ask(request)
        assert found == status
        assert len(seen) == (status == 200)
        if status == 403:
            assert b"--allowed-host" in text
            assert b"kvlens.allowedHosts" in text
        if status != 200:
            assert await client.ended()


EVIL = b"GET /evil HTTP/1.1\r\nHost: evil.example\r\n\r\n"
POST = b"POST /path?x HTTP/1.1\r\nHost: localhost\r\n"
HIDDEN: list[tuple[str, bytes]] = [
    ("kept", GET),
    ("behind a body", POST + b"Content-Length: 3\r\n\r\nabc"),
]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("first", [pytest.param(h[1], id=h[0]) for h in HIDDEN])
async def test_a_later_request_of_a_connection_is_checked_too(first: bytes, together: bool) -> None:
    async with behind(answering(b"a")) as port, proxied() as (proxy, seen):
        proxy.serve(port)
        client = await Client.to(proxy)
        client.writer.write(first + EVIL if together else first)
        assert (await client.answer())[0] == 200
        if not together:
            client.writer.write(EVIL)
        assert (await client.answer())[0] == 403
        assert await client.ended()
        assert [path for _, path, _ in seen] == ["/path?x"]


async def test_nothing_passes_behind_an_upgrade_that_was_not_taken() -> None:
    heads: list[bytes] = []

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                heads.append(await reader.readuntil(b"\r\n\r\n"))
                await asyncio.sleep(0.02)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    upgrade = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    async with behind(count) as port, proxied() as (proxy, _):
        proxy.serve(port)
        client = await Client.to(proxy)
        assert await client.ask(GET) == (200, b"ok")
        client.writer.write(upgrade + GET + EVIL)
        assert await client.answer() == (200, b"ok")
        assert await client.answer() == (200, b"ok")
        assert (await client.answer())[0] == 403
        assert await client.ended()
    assert heads == [GET, upgrade, GET]


async def test_an_upgrade_waits_for_the_answer_before_it() -> None:
    """Otherwise, a body that looks like its response would let unchecked data through."""

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    upgrade = (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    )
    async with behind(slow) as port, proxied() as (proxy, _):
        proxy.serve(port)
        client = await Client.to(proxy)
        client.writer.write(GET + upgrade)
        assert (await client.answer())[0] in (400, 502)
        assert await client.ended()


async def test_idle_connections_have_a_limit() -> None:
    async with behind(answering(b"a")) as port, proxied() as (proxy, _):
        proxy.serve(port)
        proxy.most_connections = 3
        idle = [await Client.to(proxy) for _ in range(3)]
        assert await idle[0].ask() == (200, b"a 0")
        status, text = await (await Client.to(proxy)).answer()
        assert (status, b"Too many connections" in text) == (503, True)
        idle[1].writer.close()
        await asyncio.sleep(0.1)
        assert await (await Client.to(proxy)).ask() == (200, b"a 0")


async def test_names_that_are_no_hosts_cannot_be_allowed() -> None:
    for name in ("http://app.example", "app.example:80", "*", "", "a b", "."):
        with pytest.raises(ValueError, match="is not a host name"):
            Proxy(allowed_hosts=[name])


def saying(answer: bytes, *, keep: bool) -> Handler:
    """Answer a request with these bytes."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        if keep:
            await reader.read()
        writer.close()

    return handle


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
ANSWERS: list[tuple[str, bytes]] = [
    ("a long head", OK + b"X-Long: " + b"x" * 70_000 + b"\r\n\r\nok"),
    ("many headers", OK + b"X-Y: z\r\n" * 20_000 + b"\r\nok"),
    ("100 before it", b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"\r\nok"),
    ("103 before it", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 3 + OK + b"\r\nok"),
    ("cut off", OK + b"\r\no"),
    ("cut off in its head", b"HTTP/1.1 200 OK\r\nContent-Le"),
]


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "closed"])
@pytest.mark.parametrize("answer", [pytest.param(a[1], id=a[0]) for a in ANSWERS])
async def test_nothing_is_added_to_an_answer(answer: bytes, keep: bool) -> None:
    async with behind(saying(answer, keep=keep)) as port, proxied() as (proxy, seen):
        proxy.serve(port)
        client = await Client.to(proxy)
        client.writer.write(GET)
        assert await client.reader.readexactly(len(answer)) == answer
        client.writer.write_eof()
        assert await client.ended()
        assert [status for *_, status in seen] in ([200], [])


CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "body", [b"x\r\n", b"-1\r\nx\r\n", b"3\r\nabcd\r\n", b"1\r\nx\r\n0\r\nno field\r\n\r\n"]
)
@pytest.mark.parametrize("together", [True, False], ids=["together", "in two pieces"])
async def test_a_body_that_is_malformed_is_a_bad_request(body: bytes, together: bool) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # workerd waits for the rest
        writer.close()

    async with behind(handle) as port, proxied() as (proxy, _):
        proxy.serve(port)
        client = await Client.to(proxy)
        client.writer.write(CHUNKED + body if together else CHUNKED)
        if not together:
            await asyncio.sleep(0.2)
            client.writer.write(body)
        status, text = await client.answer()
        assert (status, text[:17]) == (400, b"Malformed request")
        assert await client.ended()
