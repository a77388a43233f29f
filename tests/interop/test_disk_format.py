"""Our files and Miniflare's are the same files: both ways, live and after a restart."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from kvlens.kv.records import Entry, KeyInfo, Write
from kvlens.stores.registry import open_store
from kvlens.stores.wrangler.disk_format import blobs_path, database_path

from tests.interop.runtimes import Miniflare, Serving

IDS = [
    "KV",
    "my/ns:weird id",
    "..",
    "con",
    "ü" * 20,
    "a" * 300,
    " .x. ",
    "0f2ac74b498b48028cb68387",
]
LATER = int(time.time()) + 5000


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / ".wrangler" / "state" / "v3"


def test_what_we_wrote_is_read_by_miniflare(tmp_path: Path, state: Path) -> None:
    with Serving("wrangler:", tmp_path, {}) as serving:
        for ns in IDS:
            writes = [Write("a", b"\x00\xff", '{"n":1}', LATER), Write("ü", ns.encode())]
            serving.run(serving.store.put_many(ns, writes))
            serving.run(serving.store.put(ns, Write("gone", b"v")))
            serving.run(serving.store.delete(ns, ["gone"]))
    theirs = Miniflare(state, *IDS)
    try:
        for number, ns in enumerate(IDS):
            binding = f"KV{number}"
            assert theirs.calls(
                [binding, "getWithMetadata", "a", "arrayBuffer"],
                [binding, "get", "ü"],
                [binding, "get", "gone"],
                [binding, "list"],
            ) == [
                {"value": b"\x00\xff", "metadata": {"n": 1}, "cacheStatus": None},
                ns,
                None,
                {
                    "keys": [
                        {"name": "a", "expiration": LATER, "metadata": {"n": 1}},
                        {"name": "ü"},
                    ],
                    "list_complete": True,
                    "cacheStatus": None,
                },
            ]
    finally:
        theirs.stop()


def test_what_miniflare_wrote_is_read_by_us(tmp_path: Path, state: Path) -> None:
    theirs = Miniflare(state, *IDS)
    for number, ns in enumerate(IDS):
        put = {"metadata": {"n": 1}, "expiration": LATER}
        theirs.call(f"KV{number}", "put", "a", b"\x00\xff", put)
        theirs.call(f"KV{number}", "put", "ü", ns)
    theirs.stop()
    with Serving("wrangler:", tmp_path, {}) as serving:
        for ns in IDS:
            entry = serving.run(serving.store.get(ns, "a"))
            assert entry == Entry(b"\x00\xff", '{"n":1}', LATER)
            page = serving.run(serving.store.list(ns))
            assert page.keys == [KeyInfo("a", LATER, '{"n":1}'), KeyInfo("ü")]
            assert serving.run(serving.store.stats(ns)) == (2, 2 + len(ns.encode()))


def test_the_same_files(tmp_path: Path) -> None:
    """Names, schema and journal mode are identical."""
    places = {name: tmp_path / name for name in ("ours", "theirs")}
    places["ours"].mkdir()  # a project that is gone is not made again
    with Serving("wrangler:", places["ours"], {}) as serving:
        for ns in IDS:
            serving.run(serving.store.put(ns, Write("k", b"v", "1", LATER)))
    theirs = Miniflare(places["theirs"] / ".wrangler" / "state" / "v3", *IDS)
    for number, _ in enumerate(IDS):
        theirs.call(f"KV{number}", "put", "k", "v", {"metadata": 1, "expiration": LATER})
    theirs.stop()
    ours, real = (look(place / ".wrangler" / "state" / "v3") for place in places.values())
    assert ours == real


def look(state: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for ns in IDS:
        path = database_path(state, ns)
        database = sqlite3.connect(path)
        schema = database.execute(
            "SELECT type, name, tbl_name FROM sqlite_master WHERE tbl_name = '_mf_entries'"
        )
        columns = database.execute("PRAGMA table_info(_mf_entries)")
        rows = database.execute(
            "SELECT key, length(blob_id), expiration, metadata FROM _mf_entries"
        )
        types = database.execute("SELECT typeof(expiration), typeof(metadata) FROM _mf_entries")
        found[ns] = {
            "schema": sorted(schema.fetchall()),
            "columns": columns.fetchall(),
            "rows": rows.fetchall(),
            "types": types.fetchall(),
            "journal": database.execute("PRAGMA journal_mode").fetchone(),
            "blobs": [blob.read_bytes() for blob in blobs_path(state, ns).iterdir()],
        }
        database.close()
    return found


def test_both_at_once(tmp_path: Path, state: Path) -> None:
    """Each sees the other's writes immediately, and a change by the Worker is reported."""
    theirs = Miniflare(state, "KV")
    try:
        with Serving("wrangler:", tmp_path, {"KV": "KV"}) as serving:
            told: list[str] = []
            serving.emulator.on_change(told.append)
            store, run = serving.store, serving.run
            for number in range(30):
                value = f"worker {number}"
                theirs.call("KV0", "put", "k", value, {"metadata": number})
                assert run(store.get("KV", "k")) == Entry(value.encode(), str(number), None)
                run(store.put("KV", Write("k", f"us {number}".encode())))
                assert theirs.call("KV0", "get", "k") == f"us {number}"
                theirs.call("KV0", "put", f"other {number:02}", value)
                run(store.put("KV", Write(f"mine {number:02}", b"v")))
                theirs.call("KV0", "delete", f"mine {number:02}")
            names = [info.name for info in run(store.list("KV")).keys]
            assert names == ["k", *(f"other {number:02}" for number in range(30))]
            deadline = time.monotonic() + 20
            theirs.call("KV0", "put", "last", "v")
            while "KV" not in told:
                assert time.monotonic() < deadline
                time.sleep(0.05)
    finally:
        theirs.stop()
    database = sqlite3.connect(database_path(state, "KV"))
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    blobs = {row[0] for row in database.execute("SELECT blob_id FROM _mf_entries")}
    database.close()
    assert blobs <= {path.name for path in blobs_path(state, "KV").iterdir()}


def test_reading_while_we_overwrite(tmp_path: Path, state: Path) -> None:
    """A Worker that reads a value while we overwrite it never finds it missing."""
    with Serving("wrangler:", tmp_path, {}) as serving:
        serving.run(serving.store.put("KV", Write("k", b"0")))
        theirs = Miniflare(state, "KV")
        try:
            for number in range(20):
                reads = [["KV0", "get", "k"]] * 20
                serving.run(serving.store.put("KV", Write("k", str(number).encode())))
                assert None not in theirs.calls(*reads, together=True)
        finally:
            theirs.stop()


def test_reading_while_short_lived_programs_overwrite(tmp_path: Path, state: Path) -> None:
    """A put from a shell exits immediately, and a reading Worker still finds the value."""

    async def put(value: bytes) -> None:
        store = open_store("wrangler:", tmp_path)
        await store.put("KV", Write("k", value))
        await store.close()

    asyncio.run(put(b"0"))
    theirs = Miniflare(state, "KV")
    stop = threading.Event()

    def puts() -> None:
        while not stop.is_set():
            asyncio.run(put(b"v"))

    writer = threading.Thread(target=puts)
    writer.start()
    try:
        for _ in range(40):
            reads = [["KV0", "get", "k"]] * 50
            assert None not in theirs.calls(*reads, together=True)
    finally:
        stop.set()
        writer.join()
        theirs.stop()
