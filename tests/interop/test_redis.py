"""The Redis store on real servers: Redis, Valkey, and a cluster of three nodes."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest
from kvlens.emulator.server import Emulator
from kvlens.kv.records import Entry, KeyInfo, Stats, Write
from kvlens.stores.base import Batch, Found, Seen, Store, StoreError
from kvlens.stores.batch import everything
from kvlens.stores.redis import scripts
from kvlens.stores.registry import open_store

from tests.interop.redis_servers import (
    PATIENCE,
    Cluster,
    Server,
    free_port,
    redis_server,
    until,
    valkey_server,
)
from tests.interop.redis_writer import MANY
from tests.interop.runtimes import Serving, Workerd
from tests.unit import test_history, test_stores
from tests.unit.test_stores import CHECKS, fill, names

WRITER = Path(__file__).with_name("redis_writer.py")
KINDS = ["redis", "cluster", *(["valkey"] if valkey_server() else [])]


@pytest.fixture(scope="module", params=KINDS)
def servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server | Cluster]:
    folder = tmp_path_factory.mktemp(request.param)
    started: Server | Cluster
    if request.param == "cluster":
        started = Cluster(redis_server(), folder)
    else:
        program = valkey_server() if request.param == "valkey" else redis_server()
        started = Server(program or "", folder)
    yield started
    started.stop()


@pytest.fixture
async def store(servers: Server | Cluster) -> AsyncIterator[Store]:
    servers.empty()
    opened = open_store(servers.url, Path())
    yield opened
    await opened.close()


@pytest.fixture
async def other(servers: Server | Cluster, store: Store) -> AsyncIterator[Store]:
    """Another program on the same server."""
    opened = open_store(servers.url, Path())
    yield opened
    await opened.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A separate Redis server for the test."""
    with Server(redis_server(), tmp_path) as started:
        yield started


def whole_keys(servers: Server | Cluster, pattern: str) -> list[str]:
    nodes = servers.nodes if isinstance(servers, Cluster) else [servers]
    return sorted(key for node in nodes for key in node.admin.scan_iter(pattern))


# -- as every store ------------------------------------------------------------------------


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_store(
    store: Store, check: Callable[[Store], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_stores, "NOW", int(time.time()) + 1000)  # the server's clock counts
    await check(store)


async def test_another_programs_write_before_the_delete_stays(
    store: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It happens between the read and the script that compares."""
    writes = [Write(key, b"read", "[1]") for key in "abc"]
    await store.put_many("A", writes)
    read = store.get_many

    async def get_many(ns: str, keys: Sequence[str], size: int) -> Sequence[Found]:
        found = await read(ns, keys, size)
        await other.put("A", Write("a", b"late", "[1]"))
        await other.put("A", Write("b", b"read", "[2]"))
        return found

    monkeypatch.setattr(store, "get_many", get_many)
    seen = [Seen.of(write.key, write) for write in writes]
    assert list(await store.delete_unchanged("A", seen)) == ["c"]
    assert await other.get("A", "a") == Entry(b"late", "[1]")
    assert await other.get("A", "b") == Entry(b"read", "[2]")


async def test_large_values_and_many_keys(store: Store) -> None:
    big = random.Random(1).randbytes(25 * 1024 * 1024)
    await store.put("A", Write("big", big, "1"))
    assert await store.get("A", "big") == Entry(big, "1")
    await store.put_many("A", [Write(f"{n:05}", b"x" * (n % 90)) for n in range(20_000)])
    page = await store.list("A", prefix="0", limit=7000, after="00999")
    assert [info.name for info in page.keys] == [f"{n:05}" for n in range(1000, 8000)]
    assert not page.complete
    assert (await store.stats("A")).keys == 20_001
    assert await store.delete("A", [f"{n:05}" for n in range(0, 30_000, 2)]) == 10_000
    assert await store.clear("A") == 10_001
    assert await store.stats("A") == Stats(0, 0)


async def test_a_namespace_is_in_one_slot(store: Store, servers: Server | Cluster) -> None:
    odd = ["a{b}c", "{", "}", "%7B", "ü/ :"]
    for number, ns in enumerate(odd):
        await fill(store, "k{x}", f"k{number}", ns=ns)
    for number, ns in enumerate(odd):
        assert (await store.list(ns)).keys == [KeyInfo(f"k{number}"), KeyInfo("k{x}")]
        assert await store.clear(ns) == 2


# -- expiry --------------------------------------------------------------------------------


async def test_the_server_expires(store: Store, servers: Server | Cluster) -> None:
    soon = int(time.time()) + 4
    await store.put_many(
        "A", [Write(f"{n:04}", b"v" * 9, None, soon if n % 2 else None) for n in range(1500)]
    )
    await store.put("A", Write("later", b"1", '"m"', soon + 500))
    assert await store.replace("A", "0001", b"other")
    assert await store.get("A", "0001") == Entry(b"other", None, soon)
    until(lambda: time.time() > soon + 0.01)
    assert len(whole_keys(servers, "*:k:*")) <= 1500  # no other call so far
    assert await store.get("A", "0001") is None
    assert not await store.replace("A", "0003", b"")
    assert await store.delete("A", ["0005", "0000"]) == 1
    assert await names(store, limit=2, after="0000") == ["0002", "0004"]
    assert await store.stats("A") == Stats(750, 749 * 9 + 1)
    await store.put("A", Write("0007", b"again"))
    assert await store.get("A", "0007") == Entry(b"again")
    await store.put("A", Write("later", b"2"))
    assert await store.get("A", "later") == Entry(b"2")
    assert await store.clear("A") == 751
    assert whole_keys(servers, "*:k:*") == []


async def test_what_the_server_dropped_leaves_the_index(
    store: Store, servers: Server | Cluster
) -> None:
    """As by an eviction."""
    await store.put_many(
        "A", [Write(f"{n:04}", b"12345", None, int(time.time()) + 900) for n in range(300)]
    )
    nodes = servers.nodes if isinstance(servers, Cluster) else [servers]
    for key in whole_keys(servers, "*:k:00[0-4]*"):
        for node in nodes:
            if key in node.admin.scan_iter(key):
                node.admin.delete(key)
    assert await names(store, limit=3) == ["0050", "0051", "0052"]
    assert len(await names(store)) == 250
    assert await store.stats("A") == Stats(250, 1250)


# -- ranges --------------------------------------------------------------------------------


async def test_lists_read_a_range(store: Store, servers: Server | Cluster) -> None:
    await store.put_many("A", [Write(f"{n:05}", b"") for n in range(30_000)])
    for node in servers.nodes if isinstance(servers, Cluster) else [servers]:
        node.admin.config_resetstat()
    assert len(await names(store, prefix="123")) == 100
    assert await names(store, prefix="x") == []
    assert len(await names(store, prefix="2", after="23456")) == 1000
    ran = servers.commands()
    assert {name for name in ran if "scan" in name or name in ("keys", "sort")} == set()
    assert ran["zrangebylex"] == 3
    assert ran["hmget"] == 100 + 1001


# -- all or nothing ------------------------------------------------------------------------


class DiedError(Exception):
    pass


async def died(*_: object) -> None:
    raise DiedError


async def test_a_committed_batch_is_finished_by_others(
    store: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(store, "k0000", "other")
    monkeypatch.setattr(store, "_finish", died)
    with pytest.raises(DiedError):
        await store.put_many("A", [Write(f"k{n:04}", b"new") for n in range(2000)])
    assert await other.get("A", "k0000") == Entry(b"new")
    assert await other.stats("A") == Stats(2001, 6005)
    with pytest.raises(DiedError):
        await store.delete("A", [f"k{n:04}" for n in range(1990)])
    await other.put("A", Write("k0003", b"later"))
    assert len(await names(other)) == 12
    with pytest.raises(DiedError):
        await store.clear("A")
    await fill(other, "after")
    assert await names(other) == ["after"]
    assert await other.stats("A") == Stats(1, 5)


async def test_a_batch_without_commit_never_was(
    store: Store, other: Store, servers: Server | Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(store, "k0000")

    async def die(*_: object) -> None:
        raise DiedError

    monkeypatch.setattr(store, "_commit", die)
    with pytest.raises(DiedError):
        await store.put_many("A", [Write(f"k{n:04}", b"new") for n in range(2000)])
    assert await other.get("A", "k0000") == Entry(b"k0000")
    assert await other.stats("A") == Stats(1, 5)
    nodes = servers.nodes if isinstance(servers, Cluster) else [servers]
    (batch,) = whole_keys(servers, "*:batch:*")
    left = [node.admin.ttl(batch) for node in nodes if batch in node.admin.scan_iter(batch)]
    assert 0 < left[0] <= scripts.KEPT


async def test_several_namespaces_are_committed_with_one_step(
    store: Store, other: Store, servers: Server | Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only on one server; a cluster may keep them on different nodes."""

    async def die(*_: object) -> None:
        raise DiedError

    await fill(store, "k0000")
    monkeypatch.setattr(store, "_finish", die)
    with pytest.raises(DiedError):
        await store.change_many(
            [
                Batch("A", (Write(f"k{n:04}", b"new") for n in range(1, 2000)), ["k0000"]),
                Batch("B", [Write("b", b"new")]),
            ]
        )
    assert await other.stats("A") == Stats(1999, 1999 * 3)
    assert await other.get("A", "k0000") is None
    assert await other.get("B", "b") == Entry(b"new")
    assert whole_keys(servers, "*:job") == []


async def test_a_job_in_the_way_of_one_of_several_namespaces(
    store: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object) -> None:
        raise DiedError

    with monkeypatch.context() as patch:
        patch.setattr(store, "_finish", die)
        with pytest.raises(DiedError):
            await store.put_many("B", [Write(f"k{n:04}", b"first") for n in range(1200)])
    await other.change_many([Batch(ns, [Write("k0001", b"second")]) for ns in ("A", "B")])
    assert await store.get("A", "k0001") == Entry(b"second")
    assert await store.get("B", "k0001") == Entry(b"second")
    assert await store.stats("B") == Stats(1200, 1199 * 5 + 6)


async def test_many_writers_at_once(store: Store, other: Store) -> None:
    await asyncio.gather(
        *(
            one.put_many("A", [Write(f"m{n}", str(number).encode()) for n in range(1200)])
            for number, one in enumerate([store, other, store, other])
        ),
        *(store.put("A", Write(f"s{n}", b"s")) for n in range(100)),
        *(other.get("A", "m5") for _ in range(100)),
    )
    values = {(await store.get("A", f"m{n}") or Entry(b"")).value for n in range(1200)}
    assert len(values) == 1
    assert await store.stats("A") == Stats(1300, 1300)


def started_writer(url: str) -> subprocess.Popen[bytes]:
    writer = subprocess.Popen([sys.executable, WRITER, url], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline().strip() == b"writing"
    return writer


async def assert_whole(store: Store) -> None:
    """No entry and no round of many keys is incomplete, and the statistics are correct."""
    infos = (await store.list("A", limit=MANY + 100)).keys
    entries = {key: entry async for key, entry in everything(store, "A")}
    rounds, size = set(), 0
    for info in infos:
        entry = entries[info.name]
        number = entry.metadata or ""
        assert info.metadata == number
        assert set(entry.value.decode().split(number)) == {""}
        size += len(entry.value)
        if info.name[0] == "m":
            rounds.add(number)
    assert len(rounds) == 1
    assert await store.stats("A") == Stats(len(infos), size)


async def test_the_writer_is_killed(servers: Server | Cluster, store: Store) -> None:
    rng = random.Random(3)
    for _ in range(5):
        writer = started_writer(servers.url)
        time.sleep(rng.random() * 0.2)
        writer.kill()
        writer.communicate()
        await assert_whole(store)


async def test_the_server_is_killed(tmp_path: Path) -> None:
    rng = random.Random(4)
    options = ["--appendonly", "yes", "--appendfsync", "always"]
    with Server(redis_server(), tmp_path, *options) as server:
        for _ in range(3):
            writer = started_writer(server.url)
            time.sleep(rng.random() * 0.2)
            server.kill()
            writer.kill()
            writer.communicate()
            server.start()
            store = open_store(server.url, tmp_path)
            await assert_whole(store)
            await store.close()


# -- changes by others ---------------------------------------------------------------------


async def test_changes_by_others_are_reported(store: Store, other: Store) -> None:
    told: list[str] = []
    async with Emulator(store, {"A": "KV"}) as emulator:
        emulator.on_change(told.append)

        async def expect_one_report() -> None:
            for _ in range(int(PATIENCE / 0.05)):
                if told:
                    break
                await asyncio.sleep(0.05)
            assert told == ["A"]
            told.clear()

        assert await store.get("A", "k") is None
        await other.put("A", Write("k", b"v"))
        await expect_one_report()
        for _ in range(30):  # the store reports only what others change
            await store.put("A", Write("k", b"w"))
            await asyncio.sleep(0.05)
        assert told == []
        await other.put_many("A", [Write(f"{n}", b"") for n in range(2000)])
        await expect_one_report()
        await other.clear("A")
        await expect_one_report()


def test_workers_on_two_machines_share_their_keys(
    servers: Server | Cluster, tmp_path: Path
) -> None:
    servers.empty()
    with (
        Serving(servers.url, tmp_path, {"id": "KV"}) as one,
        Serving(servers.url, tmp_path, {"id": "KV"}) as two,
    ):
        workers = []
        for number, serving in enumerate([one, two]):
            folder = tmp_path / str(number)
            folder.mkdir()
            emulator = serving.emulator
            workers.append(Workerd(folder, emulator.url, emulator.token, {"KV": "id"}))
        ours, theirs = workers
        soon = int(time.time()) + 100
        ours.call("KV", "put", "a/ü", b"\x00\xff", {"metadata": {"n": 1}, "expiration": soon})
        assert theirs.call("KV", "get", "a/ü", "arrayBuffer") == b"\x00\xff"
        listed = theirs.call("KV", "list")["keys"]
        assert listed == [{"name": "a/ü", "expiration": soon, "metadata": {"n": 1}}]
        theirs.call("KV", "delete", "a/ü")
        assert ours.call("KV", "get", "a/ü") is None
        puts = [["KV", "put", f"k{n}", "v" * n] for n in range(200)]
        ours.calls(*puts, together=True)
        assert theirs.call("KV", "get", [f"k{n}" for n in range(0, 200, 2)])["k198"] == "v" * 198
        for worker in workers:
            worker.stop()


# -- what can go wrong ---------------------------------------------------------------------

PASSWORD = "correct horse"
LONELY = ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))


def acl(*rules: str) -> Callable[[Server], None]:
    def apply(server: Server) -> None:
        server.admin.execute_command("ACL", "SETUSER", "team", "on", f">{PASSWORD}", *rules)

    return apply


def nothing(server: Server) -> None:
    pass


def config(name: str, value: str) -> Callable[[Server], None]:
    def apply(server: Server) -> None:
        server.admin.config_set(name, value)

    return apply


def replica(server: Server) -> None:
    server.admin.replicaof("127.0.0.1", "1")


@pytest.mark.parametrize(
    ("url", "prepare", "options", "said"),
    [
        ("redis://127.0.0.1:1", nothing, (), "redis://127.0.0.1:1 can't be reached ("),
        ("redis+cluster://127.0.0.1:1,localhost:2", nothing, (), "localhost:2 can't be reached ("),
        ("redis://team:wrong%20one@HOST", acl("+@all"), (), "refuses the login (invalid username"),
        ("redis://HOST", config("requirepass", PASSWORD), (), "HOST requires a login. Put USER"),
        ("redis://team:correct%20horse@HOST", acl("~x:*", "+@all"), (), "ACL SETUSER NAME"),
        ("redis://HOST", config("maxmemory", "1"), (), "HOST is out of memory; nothing was"),
        ("redis://HOST", replica, (), "HOST is a read-only replica. Write the address of its"),
        ("rediss://HOST?socket_connect_timeout=1", nothing, (), "rediss://HOST didn't answer in"),
        ("redis+cluster://HOST", nothing, (), "HOST is not a cluster. Write redis:// in"),
        ("redis://HOST", nothing, LONELY, "HOST is a cluster that's down"),
        ("redis+cluster://HOST", nothing, LONELY, "is a cluster that's down"),
        ("redis://HOST/99", nothing, (), "redis://HOST/99 refused the command: DB index is out"),
    ],
)
async def test_errors(
    tmp_path: Path,
    url: str,
    prepare: Callable[[Server], None],
    options: tuple[str, ...],
    said: str,
) -> None:
    with Server(redis_server(), tmp_path, *options) as server:
        host = f"127.0.0.1:{server.port}"
        prepare(server)
        store = open_store(url.replace("HOST", host), tmp_path)
        with pytest.raises(StoreError) as caught:
            await store.put("A", Write("k", b"v"))
        await store.close()
    text = str(caught.value)
    assert said.replace("HOST", host) in text
    assert text.startswith("redis")
    assert "horse" not in text
    assert "wrong" not in text
    assert "\n" not in text


async def test_a_node_of_a_cluster(servers: Server | Cluster) -> None:
    if isinstance(servers, Cluster):
        stores = [open_store(node.url, Path()) for node in servers.nodes]
        texts = []
        for one in stores:
            try:
                await one.put("A", Write("k", b"v"))
            except StoreError as error:
                texts.append(str(error))
            await one.close()
        assert len(texts) == 2
        assert all("is a node of a cluster. Write redis+cluster://" in text for text in texts)


async def test_memory_runs_out_in_a_large_write(server: Server) -> None:
    store = open_store(server.url, Path())
    await fill(store, "before")
    server.admin.config_set("maxmemory", server.admin.info("memory")["used_memory"] + 3_000_000)
    with pytest.raises(StoreError, match="out of memory; nothing was changed"):
        await store.put_many("A", [Write(f"k{n}", b"x" * 2000) for n in range(4000)])
    server.admin.config_set("maxmemory", "0")
    assert await names(store) == ["before"]
    await store.close()


async def test_a_restarted_server_is_found_again(server: Server) -> None:
    store = open_store(server.url, Path())
    await asyncio.gather(*(store.put("A", Write(f"{n}", b"v")) for n in range(20)))
    server.stop()
    with pytest.raises(StoreError, match="can't be reached"):
        await store.get("A", "1")
    store.poll()
    server.start()
    assert await store.get("A", "1") is None
    await store.put("A", Write("1", b"again"))
    assert await names(store) == ["1"]
    await store.close()


async def test_user_and_password_from_the_environment(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    acl("~own:*", "+@all")(server)
    server.admin.execute_command("ACL", "SETUSER", "default", "off")
    monkeypatch.setenv("KVLENS_REDIS_USERNAME", "team")
    monkeypatch.setenv("KVLENS_REDIS_PASSWORD", PASSWORD)
    store = open_store(f"{server.url}?prefix=own&socket_timeout=9", Path())
    await fill(store, "k")
    assert await names(store) == ["k"]
    await store.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis:", "is not the address of a Redis server: use redis://HOST:PORT"),
        ("redis://u:pass@h:port", "redis://h:port\" can't be used as a store: Port could not"),
        ("redis://u:pass?word@a", "percent-encode / ? # and other special characters"),
        ("redis://u:pass/word@a/0", "percent-encode / ? # and other special characters"),
        ("redi://u:pass?word@a", 'Unknown store "redi://a"'),
        ("redis://u:pass@a,b", "for the servers of a cluster, use"),
        ("redis+cluster://u:pass@a/3", "a cluster has no numbered databases"),
        ("redis://u:pass@a?socket_timeout=x", "Invalid value for 'socket_timeout'"),
        ("redis://u:pass@a?no_such=1", "no_such"),
        ("redi://u:pass@a", 'Unknown store "redi://a"'),
    ],
)
def test_bad_addresses(url: str, said: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(url, Path())
    assert said in str(caught.value)
    assert "pass" not in str(caught.value).replace("password", "").replace("PASSWORD", "")


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "kvlens.stores.redis.store", raising=False)
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(StoreError, match="-m pip install -U redis"):
        open_store("redis://127.0.0.1", Path())


async def test_a_server_that_drops_keys_is_warned_of(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.admin.config_set("maxmemory", "100mb")
    server.admin.config_set("maxmemory-policy", "allkeys-lru")
    store = open_store(server.url, Path())
    await fill(store, "k")
    await store.close()
    assert [record.getMessage() for record in caplog.records if "kvlens" in record.name] == [
        f"{server.url} drops keys when its memory is full (maxmemory-policy allkeys-lru): "
        "set it to noeviction, or KV entries get lost"
    ]


@pytest.mark.parametrize("name", test_history.WAYS)
async def test_every_way_to_change_a_key_is_in_the_history(
    servers: Server | Cluster, tmp_path: Path, name: str
) -> None:
    servers.empty()
    await test_history.is_recorded(open_store(servers.url, tmp_path), tmp_path, name)
