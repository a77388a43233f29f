"""Many, idle, slow or aborted connections: their total resources are bounded."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import subprocess
import sys
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from kvlens.emulator import capacity
from kvlens.emulator.http import Connection
from kvlens.emulator.memory import Holder
from kvlens.emulator.server import Emulator
from kvlens.kv.records import Entry, Write
from kvlens.stores.base import Store
from kvlens.stores.registry import open_store

from tests.unit.test_emulator_http import BINDING, Client, get, put

if sys.platform != "win32":
    import resource

MIB = 1024 * 1024


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = open_store("memory:", tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def emulator(store: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Emulator]:
    """An emulator with a fast timer, and room for four connections and 2 MiB."""
    monkeypatch.setattr(capacity, "UNTRUSTED_SECONDS", 0.2)
    monkeypatch.setattr(capacity, "STALLED_SECONDS", 0.2)
    monkeypatch.setattr(capacity, "CHECK_EVERY", 0.05)
    async with Emulator(store, {"id1": "KV"}, token="T0KEN") as running:
        running.capacity.connections = 4
        running.capacity.bodies.limit = running.capacity.answers.limit = 2 * MIB
        yield running


async def closed(client: Client) -> bool:
    """Wait until the other side has closed the connection."""
    with contextlib.suppress(ConnectionError):
        while await asyncio.wait_for(client.reader.read(1 << 16), 20):
            pass
    return True


async def until(true: object) -> None:
    assert callable(true)
    for _ in range(2000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


SLOW = {
    "says nothing": "",
    "part of a head": "GET / HTTP/1.1\r\nHO",
    "no token, part of a body": "PUT /k HTTP/1.1\r\nHOST\r\nContent-Length: 1000\r\n\r\nabc",
    "no token, chunks without end": "PUT /k HTTP/1.1\r\nHOST\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na",
    "another's token": "PUT /k HTTP/1.1\r\nHOST\r\nAuthorization: Bearer x\r\nContent-Length: 9\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
async def test_without_the_token_a_connection_is_on_a_clock(emulator: Emulator, text: str) -> None:
    async with Client(emulator) as client:
        client.send(text)
        assert await closed(client)
    await until(lambda: not emulator.capacity.open)


async def test_with_the_token_it_stays(emulator: Emulator) -> None:
    """workerd keeps its connections for as long as the Worker runs."""
    async with Client(emulator) as client, Client(emulator) as idle:
        assert (await client.ask(put("k", "v")))[0] == "200 OK"
        assert await closed(idle)
        await asyncio.sleep(0.5)
        assert (await client.ask(get("k")))[2] == b"v"


async def test_the_oldest_without_the_token_make_room(
    emulator: Emulator, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capacity, "UNTRUSTED_SECONDS", 1000)
    async with contextlib.AsyncExitStack() as stack:
        crowd = [await stack.enter_async_context(Client(emulator)) for _ in range(12)]
        async with Client(emulator) as client:
            assert (await client.ask(put("k", "v")))[0] == "200 OK"
            await stack.enter_async_context(Client(emulator))
            assert (await client.ask(get("k")))[2] == b"v"
        assert all([await closed(one) for one in crowd[:9]])
        assert len(emulator.capacity.open) <= 4
    assert [record.getMessage() for record in caplog.records] == [
        "Over 4 connections are open; those without the token are closed, the oldest first."
    ]


async def test_where_all_are_trusted_a_new_one_is_refused(emulator: Emulator) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(4):
            client = await stack.enter_async_context(Client(emulator))
            assert (await client.ask(get("k")))[0] == "404 Not Found"
        late = await stack.enter_async_context(Client(emulator))
        assert (await asyncio.wait_for(late.answer(), 10))[0].startswith("503 Too many")
        assert (await client.ask(get("k")))[0] == "404 Not Found"


async def test_no_descriptors_left_is_said_once(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """asyncio reports each failed accept: a hundred a second, with a traceback."""
    loop = asyncio.get_running_loop()
    for _ in range(100):
        loop.call_exception_handler(
            {
                "message": "socket.accept() out of system resource",
                "exception": OSError(24, "Too many open files"),
            }
        )
    loop.call_exception_handler({"message": "something else"})
    texts = [record.getMessage() for record in caplog.records]
    assert len(texts) == 2
    assert "no file descriptors left" in texts[0]
    assert "ulimit -n" in texts[0]
    assert texts[1] == "something else"


def large(key: str, size: int) -> str:
    return f"PUT /{key} HTTP/1.1\r\nAUTH\r\n{BINDING}Content-Length: {size}\r\n\r\n"


async def test_aborted_uploads_leave_nothing(emulator: Emulator, store: Store) -> None:
    kept: list[weakref.ref[Connection]] = []
    gc.collect()
    gc.disable()  # memory must not depend on it: a cycle would hold the body
    try:
        for number in range(8):
            async with Client(emulator) as client:
                client.send(large("k", MIB))
                client.send(bytes(MIB // 2))
                await client.writer.drain()
                await until(lambda: emulator.capacity.bodies.held == MIB)
                (connection,) = emulator.capacity.open
                kept.append(weakref.ref(connection))
                assert sum(map(len, connection._chunks)) > 64 * 1024, number
                del connection
                client.writer.transport.abort()
                await until(lambda: not emulator.capacity.open)
            assert emulator.capacity.bodies.held == 0
        await until(lambda: not any(one() for one in kept))
    finally:
        gc.enable()
    assert await store.get("id1", "k") is None


async def test_uploads_wait_for_memory(emulator: Emulator, store: Store) -> None:
    """Six of 1 MiB, with a limit of 2: none is refused, and the limit is never exceeded."""
    emulator.capacity.connections = 100
    held: list[int] = []
    bodies = emulator.capacity.bodies
    take = bodies.take

    def counted(holder: Holder, size: int) -> None:
        take(holder, size)
        held.append(bodies.held)

    bodies.take = counted  # type: ignore[method-assign]

    async def upload(number: int) -> str:
        async with Client(emulator) as client:
            client.send(large(f"k{number}", MIB))
            for _ in range(16):
                client.send(b"%d" % number * (MIB // 16))
                await client.writer.drain()
            return (await asyncio.wait_for(client.answer(), 30))[0]

    assert await asyncio.gather(*map(upload, range(6))) == ["200 OK"] * 6
    assert MIB <= max(held) <= 2 * MIB
    assert emulator.capacity.bodies.held == 0
    for number in range(6):
        assert await store.get("id1", f"k{number}") == Entry(b"%d" % number * MIB)


async def test_one_that_holds_memory_and_says_nothing_makes_room(
    emulator: Emulator, store: Store
) -> None:
    async with Client(emulator) as stalled, Client(emulator) as client:
        stalled.send(large("stalled", 2 * MIB))
        stalled.send(bytes(MIB))
        await stalled.writer.drain()
        await until(lambda: emulator.capacity.bodies.held == 2 * MIB)
        client.send(large("k", MIB))
        client.send(bytes(MIB))
        assert (await asyncio.wait_for(client.answer(), 30))[0] == "200 OK"
        assert await closed(stalled)
    assert await store.get("id1", "stalled") is None


async def test_answers_that_nobody_reads_are_counted(emulator: Emulator, store: Store) -> None:
    emulator.capacity.connections = 100
    async with Client(emulator) as client:
        client.send(large("big", 20 * MIB))
        for _ in range(20):
            client.send(bytes(MIB))
            await client.writer.drain()
        assert (await client.answer())[0] == "200 OK"
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(6):
                one = await stack.enter_async_context(Client(emulator))
                one.send(get("big"))
                await one.reader.readline()
            # one response alone exceeds the limit; the rest waits, and idle readers are
            # disconnected
            assert emulator.capacity.answers.held < 3 * 20 * MIB
            assert (await client.ask(get("none")))[0] == "404 Not Found"
    await until(lambda: emulator.capacity.answers.held == 0)


async def test_bodies_do_not_wait_for_answers(
    emulator: Emulator, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Worker that copies values as streams reads its responses only while its bodies are read."""
    monkeypatch.setattr(capacity, "STALLED_SECONDS", 600.0)
    await store.put("id1", Write("big", bytes(20 * MIB)))
    async with Client(emulator) as reader, Client(emulator) as client:
        reader.send(get("big"))
        await reader.reader.readline()
        await until(lambda: emulator.capacity.answers.full)
        client.send(large("copy", MIB))
        client.send(bytes(MIB))
        assert (await asyncio.wait_for(client.answer(), 30))[0] == "200 OK"
        reader.writer.transport.abort()
    assert await store.get("id1", "copy") == Entry(bytes(MIB))


if sys.platform != "win32":  # no such limit

    @pytest.mark.parametrize(
        ("soft", "hard", "raised", "most"),
        [
            (1024, 1024, None, 512),
            (256, 256, None, 128),
            (20, 20, None, 16),
            (1_000_000, 1_000_000, None, 8192),
            (-1, -1, None, 8192),
            (256, -1, 10_240, 5120),
            (1024, 4096, 4096, 2048),
            (1024, 524_288, 10_240, 5120),
        ],
    )
    def test_the_limit_follows_the_systems(
        monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, raised: int | None, most: int
    ) -> None:
        """The soft limit is raised first, to `raised`."""
        calls = []
        soft, hard = (resource.RLIM_INFINITY if one < 0 else one for one in (soft, hard))
        monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
        monkeypatch.setattr(resource, "setrlimit", lambda _, limits: calls.append(limits))
        assert capacity.Capacity().connections == most
        assert calls == ([] if raised is None else [(raised, hard)])

    NO_DESCRIPTORS = """
import asyncio, os, resource, sys
from pathlib import Path
from kvlens.kv.records import Write
from kvlens.stores.base import StoreError
from kvlens.stores.registry import open_store
async def main():
    "x".encode("utf-16-le")  # codecs are modules, read when first used
    store = open_store("wrangler:", Path(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))
    taken = []
    try:
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass
    for _ in range(int(sys.argv[2])):
        os.close(taken.pop())
    try:
        await store.put("id1", Write("k", b"v"))
    except StoreError as error:
        print(error)
    for one in taken:
        os.close(one)
    await store.put("id1", Write("k", b"v"))
    print(await store.get("id1", "k"))
    await store.close()
asyncio.run(main())
"""

    @pytest.mark.parametrize("left", [0, 2, 4])
    def test_a_store_says_that_no_descriptors_are_left(tmp_path: Path, left: int) -> None:
        """Whether SQLite or a file next to it reaches the limit."""
        command = [sys.executable, "-c", NO_DESCRIPTORS, str(tmp_path), str(left)]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        first, second = said.stdout.splitlines()
        assert "has no file descriptors left" in first
        assert "ulimit -n" in first
        assert second.startswith("Entry(value=b'v'")
