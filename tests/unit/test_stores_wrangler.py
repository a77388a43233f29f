"""Specifics of the store on Miniflare's disk format: files, other programs, errors."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from kvlens.kv.clock import ManualClock
from kvlens.kv.records import Entry, KeyInfo, Page, Stats, Write
from kvlens.stores.base import Batch, Seen, Store, StoreError, digest
from kvlens.stores.registry import open_store
from kvlens.stores.wrangler import blobs as blobs_module
from kvlens.stores.wrangler import database as database_module
from kvlens.stores.wrangler import trash, writer
from kvlens.stores.wrangler.changes import DeleteUnchanged
from kvlens.stores.wrangler.database import Database
from kvlens.stores.wrangler.disk_format import (
    blobs_path,
    database_name,
    database_path,
    new_blob_id,
    safe_name,
)
from kvlens.stores.wrangler.store import WranglerStore

from tests.unit.disk_store import NOW, Other, clock, opened_elsewhere, state, store

__all__ = ["clock", "state", "store"]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait 50 ms for another program's lock instead of 5 s."""
    monkeypatch.setattr(writer, "BUSY_SECONDS", 0.05)


def blobs(state: Path, ns: str = "KV") -> list[bytes]:
    found = []
    for path in blobs_path(state, ns).iterdir():
        with contextlib.suppress(FileNotFoundError):  # removed just now
            found.append(path.read_bytes())
    return sorted(found)


@pytest.fixture
async def other(store: Store, state: Path) -> AsyncIterator[Other]:
    await store.put("KV", Write("k", b"first"))
    opened = Other(state)
    yield opened
    opened.database.close()


# -- the format ------------------------------------------------------------------------------

SAFE_NAMES = [
    ("KV", "KV"),
    ("my/ns:weird id", "my_ns_weird id"),
    (".", "_"),
    ("..", "__"),
    ("../../etc", "______etc"),
    (" x ", "_x_"),
    ("a?b*c", "a_b_c"),
    ("con", "_"),
    ("COM1.txt", "_"),
    ("control", "control"),
    ("a\x00\x1f\x9f", "a___"),
    ("x" * 300, "x" * 255),
    ("ü\U0001f600", "ü\U0001f600"),
]


@pytest.mark.parametrize(("ns", "name"), SAFE_NAMES)
def test_safe_name(ns: str, name: str) -> None:
    assert safe_name(ns) == name


def test_database_name() -> None:
    """workerd's name for the Durable Object of this id, as seen on disk."""
    assert database_name("KV") != database_name("kv")
    assert len(bytes.fromhex(database_name("ü" * 1000))) == 32


async def test_where_the_files_are(tmp_path: Path) -> None:
    for url, folder in (
        ("wrangler:", ".wrangler/state/v3"),
        ("wrangler:there", "there/v3"),
        (f"wrangler:{tmp_path}/absolute", "absolute/v3"),
    ):
        store = open_store(url, tmp_path)
        await store.put("KV", Write("k", b"v"))
        await store.close()
        assert database_path(tmp_path / folder, "KV").is_file()
        assert blobs(tmp_path / folder) == [b"v"]


async def test_reading_makes_no_files(store: Store, tmp_path: Path) -> None:
    assert await store.get("KV", "k") is None
    assert await store.list("KV") == Page([], True)
    assert await store.stats("KV") == Stats(0, 0)
    assert await store.delete("KV", ["k"]) == 0
    assert await store.clear("KV") == 0
    assert list(tmp_path.iterdir()) == []


async def test_it_is_kept(tmp_path: Path, store: Store) -> None:
    await store.put("KV", Write("k", b"v", '"m"', NOW + 60))
    await store.close()
    again = open_store("wrangler:", tmp_path, ManualClock(NOW))
    assert await again.get("KV", "k") == Entry(b"v", '"m"', NOW + 60)
    await again.close()


async def test_values_no_longer_used_are_removed(
    store: Store, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After about a second, as a Worker may be reading them."""
    monkeypatch.setattr(blobs_module, "REST", 60.0)
    await store.put_many("KV", [Write(str(n), str(n).encode()) for n in range(100)])
    await store.put("KV", Write("0", b"new"))
    await store.delete("KV", ["1"])
    await store.replace("KV", "2", b"new")
    await store.replace("KV", "none", b"none")
    assert {b"0", b"1", b"2", b"new"} <= set(blobs(state))
    while len(blobs(state)) > 99:
        await asyncio.sleep(0.1)


async def test_files_of_small_values_are_used_again(
    store: Store, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs_module, "REST", 0.0)
    monkeypatch.setattr(trash, "UNLINK_DELAY", 60.0)
    folder = blobs_path(state, "KV")
    seen: set[str] = set()
    nodes: set[int] = set()
    for size in (10, 4096, 0, 5, 4097, 7, 4096, 9, 8):
        value = os.urandom(size)
        await store.put("KV", Write("k", value))
        names = {path.name for path in folder.iterdir()}
        new = names - seen
        assert len(new) == 1  # names are never reused
        seen |= names
        nodes |= {path.stat().st_ino for path in folder.iterdir()}
        assert (folder / new.pop()).read_bytes() == value
        assert len(names) <= 3
    assert len(nodes) < 6


async def test_no_file_is_used_again_that_another_process_may_read(
    store: Store, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither one set aside while that process has the database open nor one set aside before."""
    monkeypatch.setattr(blobs_module, "REST", 0.0)
    monkeypatch.setattr(trash, "UNLINK_DELAY", 60.0)
    await store.put("KV", Write("k", b"1"))
    await store.put("KV", Write("k", b"2"))
    with opened_elsewhere(state):
        for value in (b"3", b"4", b"5"):
            await store.put("KV", Write("k", value))
        assert blobs(state) == [b"1", b"2", b"3", b"4", b"5"]
    for value in (b"6", b"7", b"8"):
        await store.put("KV", Write("k", value))
    kept = [b"2", b"3", b"4"]  # set aside while it read
    if sys.platform in ("linux", "darwin"):
        assert [value for value in blobs(state) if value in kept] == kept
        assert len(blobs(state)) == 5
    else:
        assert len(blobs(state)) == 8  # unknown, so none is ever reused


async def test_a_value_that_was_overwritten_outlives_a_process_that_ends(
    store: Store, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If another process has the database open, its Worker can still open the file."""
    monkeypatch.setattr(trash, "UNLINK_DELAY", 60.0)
    await store.put_many("KV", [Write("a", b"1"), Write("b", b"1")])
    with opened_elsewhere(state):
        await store.put("KV", Write("a", b"2"))
        await store.delete("KV", ["b"])
        await store.close()
        assert blobs(state) == [b"1", b"1", b"2"]


async def test_a_process_that_is_alone_removes_what_it_overwrote(store: Store, state: Path) -> None:
    await store.put_many("KV", [Write("a", b"1"), Write("b", b"1")])
    await store.put("KV", Write("a", b"2"))
    await store.delete("KV", ["b"])
    await store.close()
    if sys.platform in ("linux", "darwin"):
        assert blobs(state) == [b"2"]


async def test_a_process_that_overwrote_many_values_removes_them(
    store: Store, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trash, "LEAVE_AT_MOST", 99)
    monkeypatch.setattr(trash, "UNLINK_DELAY", 0.2)
    await store.put_many("KV", [Write(str(n), b"") for n in range(100)])
    with opened_elsewhere(state):
        await store.clear("KV")
        await store.close()
        assert blobs(state) == []


async def test_expired_rows_are_removed(store: Store, state: Path, clock: ManualClock) -> None:
    await store.put("KV", Write("stays", b"stays"))
    await store.put("KV", Write("goes", b"goes", None, NOW + 60))
    clock.advance(60)
    assert await store.list("KV") == Page([KeyInfo("stays")], True)
    while blobs(state) != [b"stays"]:
        await asyncio.sleep(0.1)
    assert await store.get("KV", "goes") is None


async def test_puts_at_once_are_committed_together(store: Store, state: Path) -> None:
    await store.put("KV", Write("k", b""))
    writes = [Write(f"k{n}", b"x" * 100_000) for n in range(30)]
    await asyncio.gather(*(store.put("KV", write) for write in writes))
    assert await store.stats("KV") == Stats(31, 3_000_000)
    for write in writes:
        assert await store.get("KV", write.key) == Entry(write.value)


async def test_the_log_is_folded_in(store: Store, state: Path) -> None:
    for number in range(3 * writer.CHECKPOINT_COMMITS):
        await store.put("KV", Write(f"k{number}", b"v"))
    log = database_path(state, "KV").with_suffix(".sqlite-wal")
    assert (await store.stats("KV")).keys == 3 * writer.CHECKPOINT_COMMITS
    assert log.stat().st_size < 3 * writer.CHECKPOINT_COMMITS * 4 * 4096


# -- other programs ----------------------------------------------------------------------------


async def test_changes_of_others_are_seen_at_once(store: Store, other: Other) -> None:
    for number in range(20):
        value = str(number).encode()
        other.put("k", value)
        assert await store.get("KV", "k") == Entry(value)
        assert await store.get("KV", "k") == Entry(value)
        await store.put("KV", Write("k", value + b"!"))
        assert await store.get("KV", "k") == Entry(value + b"!")
    other.database.execute("DELETE FROM _mf_entries")
    assert await store.get("KV", "k") is None
    assert await store.stats("KV") == Stats(0, 0)


async def test_changes_of_others_are_polled(store: Store, other: Other) -> None:
    store.poll()
    assert list(store.poll()) == []
    other.put("k", b"2")
    assert list(store.poll()) == ["KV"]
    assert list(store.poll()) == []
    await store.put("KV", Write("k", b"3"))
    assert list(store.poll()) == []


@pytest.mark.parametrize("read", [False, True], ids=["first", "after a read"])
async def test_a_namespace_made_by_others_is_polled(
    tmp_path: Path, store: Store, state: Path, read: bool
) -> None:
    assert await store.get("KV", "k") is None
    assert list(store.poll()) == []
    second = open_store("wrangler:", tmp_path, ManualClock(NOW))
    await second.put("KV", Write("k", b"v"))
    if read:
        assert await store.get("KV", "k") == Entry(b"v")
    assert list(store.poll()) == ["KV"]
    assert list(store.poll()) == []
    assert await store.get("KV", "k") == Entry(b"v")
    await second.close()


@pytest.mark.parametrize("notice", ["poll", "put"])
async def test_the_state_folder_is_deleted(
    store: Store, other: Other, tmp_path: Path, notice: str
) -> None:
    """Keys put after `rm -r .wrangler` are in the new files, not in the deleted ones."""
    other.database.close()
    if os.name == "nt":
        return  # open files can't be deleted there
    subprocess.run(["rm", "-r", str(tmp_path / ".wrangler")], check=True)
    if notice == "poll":
        assert list(store.poll()) == ["KV"]
        assert await store.get("KV", "k") is None
    await store.put("KV", Write("new", b"v"))
    assert await store.list("KV") == Page([KeyInfo("new")], True)
    await store.close()
    again = open_store("wrangler:", tmp_path, ManualClock(NOW))
    assert await again.get("KV", "new") == Entry(b"v")
    await again.close()


OVERWRITTEN = {
    # what is written into the file, and whether its log was written back before
    "garbage": (b"garbage" * 3000, True),
    "garbage beside a log": (b"garbage" * 3000, False),
    "nothing": (b"", True),
    "nothing beside a log": (b"", False),
}
CHANGES: dict[str, Callable[[Store], Awaitable[object]]] = {
    "put": lambda store: store.put("KV", Write("k", b"mine")),
    "many": lambda store: store.put_many("KV", [Write("k", b"mine"), Write("l", b"")]),
    "large": lambda store: store.change_many([Batch("KV", [Write("k", b"mine")], ["l"])]),
}


@pytest.mark.parametrize(("content", "merged"), OVERWRITTEN.values(), ids=OVERWRITTEN)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("polled", [False, True], ids=["at once", "polled"])
async def test_a_database_that_is_overwritten_in_place(
    tmp_path: Path,
    store: Store,
    other: Other,
    state: Path,
    content: bytes,
    merged: bool,
    change: Callable[[Store], Awaitable[object]],
    polled: bool,
) -> None:
    """SQLite goes on with the pages in memory: what is put then may never be read again.

    So a change is refused, or can be read by everybody, as the file was opened again.
    """
    if os.name == "nt":
        return  # open files are locked there
    await store.put("OTHER", Write("k", b"v"))
    await store.put("KV", Write("k", b"before"))
    if merged:
        other.database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    other.database.close()
    path = database_path(state, "KV")
    write = "import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())"
    subprocess.run([sys.executable, "-c", write, str(path)], input=content, check=True)
    if polled:
        assert merged <= ("KV" in store.poll())  # else everything is still in the log
    if content and merged:
        with pytest.raises(StoreError, match=rf"{path.name} is damaged .file is not a database"):
            await change(store)
        with pytest.raises(StoreError, match="is damaged"):
            await store.list("KV")
    else:
        with suppress(StoreError):
            await change(store)
            again = open_store("wrangler:", tmp_path, ManualClock(NOW))
            assert await again.get("KV", "k") == Entry(b"mine")
            await again.close()
    assert await store.get("OTHER", "k") == Entry(b"v")


WRITER = """
import asyncio, sys
from pathlib import Path
from kvlens.kv.records import Write
from kvlens.stores.registry import open_store

async def main():
    store = open_store("wrangler:", Path(sys.argv[1]))
    for number in range(150):
        await store.put("KV", Write(f"{sys.argv[2]}{number % 50}", sys.argv[2].encode()))
        if number % 10 == 0:
            await store.put_many("KV", [Write(f"{sys.argv[2]}m{n}", b"m") for n in range(80)])
    await store.close()

asyncio.run(main())
"""


def test_processes_write_at_once(tmp_path: Path, state: Path) -> None:
    """Nothing is lost, and every row has its value."""
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, name]) for name in "abc"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    database = sqlite3.connect(database_path(state, "KV"))
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    names = {row[0] for row in database.execute("SELECT blob_id FROM _mf_entries")}
    database.close()
    assert len(names) == 3 * 130
    assert names <= {path.name for path in blobs_path(state, "KV").iterdir()}


COUNTER = """
import asyncio, sys
from pathlib import Path
from kvlens.kv.records import Write
from kvlens.stores.base import digest
from kvlens.stores.registry import open_store

async def main():
    store = open_store("wrangler:", Path(sys.argv[1]))
    done = 0
    while done < 60:
        seen = (await store.get("KV", "count")).value
        tries = [Write("count", b"%d" % (int(seen) + 1), f'"{number}"') for number in range(3)]
        done += sum(await asyncio.gather(
            *(store.put_unchanged("KV", write, digest(seen)) for write in tries)
        ))
    await store.close()
    print(done)

asyncio.run(main())
"""


async def test_of_conditional_puts_in_two_processes_one_wins(store: Store, tmp_path: Path) -> None:
    """Every put that succeeded has increased the count by one."""
    await store.put("KV", Write("count", b"0"))
    command = [sys.executable, "-c", COUNTER, str(tmp_path)]
    counters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    done = [int((await asyncio.to_thread(one.communicate))[0]) for one in counters]
    entry = await store.get("KV", "count")
    assert entry is not None
    assert int(entry.value) == sum(done)


# -- trouble -------------------------------------------------------------------------------------


async def test_a_lock_is_waited_for(store: Store, other: Other) -> None:
    """Meanwhile, reads and everything else on the loop continue."""
    other.database.execute("BEGIN IMMEDIATE")
    put = asyncio.ensure_future(store.put("KV", Write("k", b"second")))
    many = asyncio.ensure_future(store.put_many("KV", [Write(f"{n}", b"") for n in range(100)]))
    await asyncio.sleep(0.1)
    assert not put.done()
    assert not many.done()
    assert await store.get("KV", "k") == Entry(b"first")
    assert await store.list("KV") == Page([KeyInfo("k")], True)
    other.database.execute("COMMIT")
    await asyncio.gather(put, many)
    assert await store.get("KV", "k") == Entry(b"second")
    assert (await store.stats("KV")).keys == 101


@pytest.mark.usefixtures("quick")
async def test_a_lock_that_stays(store: Store, other: Other, state: Path) -> None:
    other.database.execute("BEGIN IMMEDIATE")
    for attempt in (
        store.put("KV", Write("k", b"second")),
        store.put_many("KV", [Write(f"{n}", b"") for n in range(100)]),
        store.delete("KV", ["k"]),
        store.replace("KV", "k", b"second"),
        store.put_unchanged("KV", Write("k", b"second"), digest(b"first")),
        store.delete_unchanged("KV", [Seen.of("k", Entry(b"first"))]),
        store.clear("KV"),
    ):
        with pytest.raises(StoreError, match="locked by another program") as caught:
            await attempt
        assert str(database_path(state, "KV")) in str(caught.value)
    other.database.execute("ROLLBACK")
    assert blobs(state) == [b"first"]
    await store.put("KV", Write("k", b"second"))
    assert await store.get("KV", "k") == Entry(b"second")


async def test_another_programs_write_before_the_delete_stays(
    store: Store, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes after the values are compared and before the transaction."""
    await store.put("KV", Write("l", b"first"))
    prepare = DeleteUnchanged.prepare

    def late(change: DeleteUnchanged, db: sqlite3.Connection, blobs: blobs_module.Blobs) -> None:
        prepare(change, db, blobs)
        other.put("k", b"other")

    monkeypatch.setattr(DeleteUnchanged, "prepare", late)
    seen = [Seen.of(key, Entry(b"first")) for key in "kl"]
    assert list(await store.delete_unchanged("KV", seen)) == ["l"]
    assert await store.get("KV", "k") == Entry(b"other")
    assert await store.stats("KV") == Stats(1, 5)


async def test_a_missing_value(store: Store, state: Path) -> None:
    await store.put_many("KV", [Write("a", b"a"), Write("b", b"b")])
    for path in blobs_path(state, "KV").iterdir():
        if path.read_bytes() == b"a":
            path.unlink()
    with pytest.raises(StoreError, match='value of key "a" is missing') as caught:
        await store.get("KV", "a")
    assert str(blobs_path(state, "KV")) in str(caught.value)
    assert await store.get("KV", "b") == Entry(b"b")
    assert await store.stats("KV") == Stats(2, 1)
    await store.put("KV", Write("a", b"again"))
    assert await store.get("KV", "a") == Entry(b"again")


@pytest.mark.parametrize(
    "damage", [b"this is no database at all", b"SQLite format 3\0" + b"\xff" * 5000]
)
async def test_a_damaged_database(tmp_path: Path, state: Path, damage: bytes) -> None:
    path = database_path(state, "KV")
    path.parent.mkdir(parents=True)
    path.write_bytes(damage)
    store = open_store("wrangler:", tmp_path, ManualClock(NOW))
    for attempt in (
        store.get("KV", "k"),
        store.put("KV", Write("k", b"v")),
        store.list("KV"),
        store.stats("KV"),
    ):
        with pytest.raises(StoreError, match="is damaged") as caught:
            await attempt
        assert str(path) in str(caught.value)
    await store.close()
    assert path.read_bytes() == damage


async def test_a_database_damaged_while_open(store: Store, state: Path) -> None:
    await store.put_many("KV", [Write(f"{n:05}", b"", '"m"') for n in range(2000)])
    database = sqlite3.connect(database_path(state, "KV"))
    database.execute("PRAGMA writable_schema = ON")
    database.execute("DROP TABLE _mf_entries")
    database.commit()
    database.close()
    with pytest.raises(StoreError, match="no such table"):
        await store.get("KV", "00001")
    with pytest.raises(StoreError, match="no such table"):
        await store.put("KV", Write("k", b"v"))


async def test_a_folder_in_the_way(tmp_path: Path, state: Path) -> None:
    state.parent.mkdir(parents=True)
    state.write_text("a file where the folder should be", encoding="utf-8")
    store = open_store("wrangler:", tmp_path, ManualClock(NOW))
    with pytest.raises(StoreError, match=r"v3 is a file, not a folder\. Remove it"):
        await store.put("KV", Write("k", b"v"))
    await store.close()


async def test_values_that_cannot_be_written(store: Store, state: Path) -> None:
    """Nothing changes, and no value without a row is left."""
    await store.put("KV", Write("k", b"first"))
    folder = blobs_path(state, "KV")
    folder.rename(folder.with_name("kept"))
    folder.write_text("in the way", encoding="utf-8")
    with pytest.raises(StoreError, match="blobs is a file, not a folder"):
        await store.put("KV", Write("k", b"second"))
    with pytest.raises(StoreError, match="blobs is a file, not a folder"):
        await store.put_many("KV", [Write(f"{n}", b"") for n in range(100)])
    folder.unlink()
    folder.with_name("kept").rename(folder)
    assert await store.get("KV", "k") == Entry(b"first")
    assert (await store.stats("KV")).keys == 1


async def test_a_read_only_database(tmp_path: Path, state: Path) -> None:
    """With SQLite's own read-only switch, which also applies to an administrator."""
    store = open_store("wrangler:", tmp_path, ManualClock(NOW))
    await store.put("KV", Write("k", b"first"))
    space = store._spaces["KV"]  # type: ignore[attr-defined]
    space.main.execute("PRAGMA query_only = ON")
    for attempt in (store.put("KV", Write("k", b"2")), store.put_many("KV", [Write("k", b"2")])):
        with pytest.raises(StoreError, match="can't be opened for writing"):
            await attempt
    assert await store.get("KV", "k") == Entry(b"first")
    await store.close()
    assert blobs(state) == [b"first"]


READ_ONLY = """
import asyncio, os, sys, tempfile
from pathlib import Path
from kvlens.kv.records import Entry, Write
from kvlens.stores.base import StoreError
from kvlens.stores.registry import open_store
from kvlens.stores.wrangler import store as wrangler
folder = Path(sys.argv[1])


async def warm():  # imports what is imported late
    with tempfile.TemporaryDirectory() as other:
        store = open_store("wrangler:", Path(other))
        await store.put_many("KV", [Write("k", b"v")])
        await store.list("KV")
        await store.close()

asyncio.run(warm())
os.setgid(65534)  # from here on as nobody, who may not read Python's own files
os.setuid(65534)

async def main():
    store = open_store("wrangler:", folder)
    for round in range(2):
        assert await store.get("KV", "k") == Entry(b"first"), round
        assert [info.name for info in (await store.list("KV")).keys] == ["k"]
        assert (await store.stats("KV")) == (1, 5)
        for attempt in (
            store.put("KV", Write("k", b"2")),
            store.put_many("KV", [Write("k", b"2")]),
            store.delete("KV", ["k"]),
            store.clear("KV"),
        ):
            try:
                await attempt
            except StoreError as error:
                assert "can't be opened for writing" in str(error), error
            else:
                raise AssertionError("written")
        store.poll()
    print("read", flush=True)
    sys.stdin.readline()
    await store.put("KV", Write("k", b"second"))
    assert await store.get("KV", "k") == Entry(b"second")
    await store.close()
    print("written", flush=True)

asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "setuid") or os.getuid() != 0, reason="needs another user")
@pytest.mark.parametrize("made", ["file", "folder", "file, open elsewhere", "folder, with a log"])
def test_what_can_only_be_read_is_read(made: str) -> None:
    """As another user, as an administrator can write everything; later it is writable again."""
    with tempfile.TemporaryDirectory(prefix="kvlens-") as name:
        folder = Path(name).resolve()
        state = folder / ".wrangler" / "state" / "v3"
        database = database_path(state, "KV")

        async def make() -> None:
            store = open_store("wrangler:", folder)
            await store.put("KV", Write("k", b"first"))
            await store.put("KV", Write("expired", b"", None, 1000))
            await store.close()

        asyncio.run(make())
        with contextlib.ExitStack() as stack:
            if "elsewhere" in made or "log" in made:
                stack.enter_context(opened_elsewhere(state))
                assert Path(f"{database}-wal").exists()
            for path in (folder, *folder.rglob("*")):
                os.chown(path, 65534, 65534)
                path.chmod(0o755 if path.is_dir() else 0o644)
            for path in database.parent.iterdir():
                path.chmod(0o444)
            if "folder" in made:
                for path in folder.rglob("*"):
                    if path.is_dir():
                        path.chmod(0o555)
            command = [sys.executable, "-c", READ_ONLY, str(folder)]
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            assert process.stdout
            assert process.stdin
            assert process.stdout.readline() == "read\n"
            for path in folder.rglob("*"):
                path.chmod(0o755 if path.is_dir() else 0o644)
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "written\n"
            assert process.wait(30) == 0


async def test_a_read_only_store_sees_what_others_write(tmp_path: Path, state: Path) -> None:
    """Opened in a mode in which SQLite takes no locks and rereads nothing."""
    first = open_store("wrangler:", tmp_path, ManualClock(NOW))
    await first.put("KV", Write("k", b"0"))
    await first.close()
    store = WranglerStore(tmp_path, (".wrangler", "state", "v3"), ManualClock(NOW))
    with pytest.MonkeyPatch.context() as patch:

        def refuse(path: Path) -> tuple[Database, Database]:
            raise sqlite3.OperationalError("attempt to write a readonly database")

        patch.setattr(database_module, "_open_to_write", refuse)
        for number in range(1, 5):
            assert await store.get("KV", "k") == Entry(b"%d" % (number - 1))
            writer = sqlite3.connect(database_path(state, "KV"))
            blob = new_blob_id()
            (blobs_path(state, "KV") / blob).write_bytes(b"%d" % number)
            writer.execute("UPDATE _mf_entries SET blob_id = ?", (blob,))
            writer.commit()
            writer.close()
            assert list(store.poll()) == ["KV"]
            assert await store.get("KV", "k") == Entry(b"%d" % number)
        with pytest.raises(StoreError, match="can't be opened for writing"):
            await store.put("KV", Write("k", b"mine"))
    await store.put("KV", Write("k", b"mine"))
    assert await store.get("KV", "k") == Entry(b"mine")
    await store.close()


async def test_a_truncated_database_is_one_namespaces_trouble(tmp_path: Path, state: Path) -> None:
    store = open_store("wrangler:", tmp_path, ManualClock(NOW))
    for ns in ("A", "B"):
        await store.put_many(ns, [Write(f"{n:05}", b"v") for n in range(3000)])
    await store.close()
    path = database_path(state, "A")
    path.write_bytes(path.read_bytes()[:20_000])
    store = open_store("wrangler:", tmp_path, ManualClock(NOW))
    with pytest.raises(StoreError, match="is damaged") as caught:
        await store.stats("A")
    assert str(path) in str(caught.value)
    assert await store.stats("B") == Stats(3000, 3000)
    await store.put("B", Write("k", b"v"))
    await store.close()


async def test_the_log_stays_small(
    store: Store, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """During many writes, after the last write, and with a reader."""
    monkeypatch.setattr(writer, "IDLE", 0.1)
    log = Path(f"{database_path(state, 'KV')}-wal")
    largest = 0
    text = '"' + "m" * 4000 + '"'
    for number in range(12):
        await store.put_many("KV", [Write(f"{number} {n}", b"", text) for n in range(300)])
        largest = max(largest, log.stat().st_size)
    assert largest < 2 * database_module.LOG_SIZE
    deadline = time.monotonic() + 20
    if sys.platform in ("linux", "darwin"):
        while log.stat().st_size:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
    with opened_elsewhere(state):
        for number in range(12):
            await store.put_many("KV", [Write(f"{number} {n}", b"x", text) for n in range(300)])
        assert log.stat().st_size < 3 * database_module.LOG_SIZE


async def test_no_reading_transaction_stays_open(store: Store, state: Path) -> None:
    """Otherwise, nobody could checkpoint the log."""
    await store.put_many("KV", [Write(f"{n:04}", b"v", None, NOW + 60) for n in range(2000)])
    await store.get("KV", "0001")
    await store.list("KV", limit=10)
    await store.stats("KV")
    await store.get("KV", "none")
    other = sqlite3.connect(database_path(state, "KV"), isolation_level=None)
    assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    other.close()


LINKS = {
    "the folder": ".wrangler",
    "the state": ".wrangler/state",
    "the version": ".wrangler/state/v3",
    "the keys": f".wrangler/state/v3/kv/{database_path(Path(), 'KV').parent.name}",
    "the values": ".wrangler/state/v3/kv/KV",
    "the database": f".wrangler/state/v3/{database_path(Path(), 'KV').as_posix()}",
    "its log": f".wrangler/state/v3/{database_path(Path(), 'KV').as_posix()}-wal",
}


@pytest.mark.parametrize("place", LINKS.values(), ids=LINKS.keys())
async def test_no_link_takes_it_out_of_the_project(tmp_path: Path, place: str) -> None:
    """Somebody else's project must not choose where keys are written."""
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    link = project / place
    link.parent.mkdir(parents=True)
    elsewhere.mkdir()
    try:
        link.symlink_to(elsewhere, target_is_directory=True)
    except OSError:  # Windows without the right to make links has none to fear
        return
    store = open_store("wrangler:", project)
    with pytest.raises(StoreError) as caught:
        await store.put("KV", Write("k", b"v"))
    assert f"leads to {elsewhere}" in str(caught.value)
    assert "choose another store, such as wrangler:PATH" in str(caught.value)
    await store.close()
    assert list(elsewhere.iterdir()) == []


async def test_a_place_that_was_named_may_be_a_link(tmp_path: Path) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    try:
        (tmp_path / "way").symlink_to(project, target_is_directory=True)
        (project / "named").symlink_to(elsewhere, target_is_directory=True)
    except OSError:
        return
    for url in ("wrangler:", "wrangler:named", f"wrangler:{elsewhere}"):
        store = open_store(url, tmp_path / "way")
        await store.put("KV", Write("k", b"v"))
        assert await store.get("KV", "k") == Entry(b"v")
        await store.close()
    assert (project / ".wrangler" / "state" / "v3").is_dir()
    assert (elsewhere / "v3").is_dir()


async def test_unknown_stores(tmp_path: Path) -> None:
    for url in ("", "disk:", "memory:x", "http://example.com:80", "http://127.0.0.1", "wrangler"):
        with pytest.raises(StoreError):
            open_store(url, tmp_path)


@pytest.fixture
def closed_port() -> Iterator[int]:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


async def test_an_emulator_that_is_not_there(tmp_path: Path, closed_port: int) -> None:
    store = open_store(f"http://127.0.0.1:{closed_port}", tmp_path)
    with pytest.raises(StoreError, match=r"doesn't answer .* Start it with kvlens serve"):
        await store.get("KV", "k")
    await store.close()


def test_reading_does_not_need_the_thread(tmp_path: Path) -> None:
    """A small put and its reads finish without waiting, so a request needs no task."""

    async def run() -> set[str]:
        store = open_store("wrangler:", tmp_path, ManualClock(NOW))
        await store.put("KV", Write("k", b"v"))
        for work in (store.put("KV", Write("k", b"2")), store.get("KV", "k"), store.list("KV")):
            await asyncio.sleep(0)  # one iteration of the loop each, like requests
            with pytest.raises(StopIteration):
                work.send(None)
        names = {thread.name for thread in threading.enumerate()}
        await store.close()
        return names

    assert any(name.startswith("kv-writer") for name in asyncio.run(run()))
