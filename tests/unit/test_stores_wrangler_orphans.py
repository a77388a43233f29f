"""Values without a row are removed, but never one that is about to be used."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
from kvlens.kv.records import Entry, Write
from kvlens.stores.base import Store
from kvlens.stores.registry import open_store
from kvlens.stores.wrangler import orphans, sweeper
from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.disk_format import blobs_path, database_path, new_blob_id
from kvlens.stores.wrangler.journal import Journals, Row
from kvlens.stores.wrangler.store import WranglerStore

from tests.unit.disk_store import opened_elsewhere, state

__all__ = ["state"]

TELLS = sys.platform in ("linux", "darwin")  # whether others have the database open


@pytest.fixture
async def store(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Store]:
    monkeypatch.setattr(sweeper, "SWEEP_AFTER", 0.2)
    monkeypatch.setattr(sweeper, "SWEEP_AGAIN", 0.2)
    first = open_store("wrangler:", tmp_path)
    await first.put_many("KV", [Write(f"k{n}", b"v") for n in range(20)])
    await first.close()
    opened = open_store("wrangler:", tmp_path)
    yield opened
    await opened.close()


def orphan(state: Path, age: float, name: str | None = None) -> Path:
    path = blobs_path(state, "KV") / (name or new_blob_id())
    path.write_bytes(b"orphan")
    os.utime(path, (time.time() - age,) * 2)
    return path


async def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def sweeps(store: Store) -> None:
    """Wait until both searches are done."""
    await store.get("KV", "k0")
    await asyncio.sleep(1)


async def test_what_no_row_names_is_removed(store: Store, state: Path) -> None:
    old = [orphan(state, 4000) for _ in range(30)]
    young = [orphan(state, 10) for _ in range(30)]
    assert await store.get("KV", "k0") == Entry(b"v")
    await until(lambda: not any(path.exists() for path in old))
    if TELLS:
        await until(lambda: not any(path.exists() for path in young))
    for number in range(20):
        assert await store.get("KV", f"k{number}") == Entry(b"v")


async def test_many_are_removed_in_parts(
    store: Store, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "MOST", 25)
    monkeypatch.setattr(orphans, "STEP", 10)
    old = [orphan(state, 4000) for _ in range(60)]
    await store.get("KV", "k0")
    await until(lambda: not any(path.exists() for path in old))


async def test_beside_another_process_only_what_is_old(store: Store, state: Path) -> None:
    """It writes a value first and its row later, which may take minutes."""
    with opened_elsewhere(state):
        old, young = orphan(state, 4000), orphan(state, 1800)
        await store.get("KV", "k0")
        await until(lambda: not old.exists())
        await asyncio.sleep(0.5)
        assert young.exists()


async def test_what_was_made_since_the_opening_stays(store: Store, state: Path) -> None:
    """By a program that started later, and by one that had it open first in this process."""
    await store.get("KV", "k0")
    mine = orphan(state, 0)
    second = open_store("wrangler:", state.parents[2])
    await asyncio.sleep(0.3)
    await second.get("KV", "k0")
    orphan(state, 4000)
    await asyncio.sleep(1)
    assert mine.exists()
    await second.close()


async def test_only_names_of_values_and_only_files(store: Store, state: Path) -> None:
    folder = blobs_path(state, "KV")
    keep = [orphan(state, 4000, name) for name in ("note", "A" * 80, "0" * 79, "x" * 80)]
    target = folder.parent / "target"
    target.write_bytes(b"precious")
    os.utime(target, (1, 1))
    inside = folder / new_blob_id()
    inside.mkdir()
    if os.name != "nt":
        link = folder / new_blob_id()
        link.symlink_to(target)
        keep += [link]
    gone = orphan(state, 4000)
    await store.get("KV", "k0")
    await until(lambda: not gone.exists())
    await asyncio.sleep(0.3)
    assert all(path.exists() for path in [*keep, inside, target])


async def test_what_a_row_names_at_the_second_look_stays(
    store: Store, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a row that a step removed and undoing it restored."""
    monkeypatch.setattr(sweeper, "SWEEP_AGAIN", 1.0)
    back, gone = orphan(state, 4000), orphan(state, 4000)
    await store.get("KV", "k0")
    await asyncio.sleep(0.6)
    database = sqlite3.connect(database_path(state, "KV"))
    database.execute("INSERT INTO _mf_entries VALUES ('back', ?, NULL, NULL)", (back.name,))
    database.commit()
    database.close()
    await until(lambda: not gone.exists())
    await asyncio.sleep(0.3)
    assert await store.get("KV", "back") == Entry(b"orphan")


async def test_what_an_unfinished_write_names_stays(
    store: Store, tmp_path: Path, state: Path
) -> None:
    kept, gone = orphan(state, 4000), orphan(state, 4000)
    parts = (".wrangler", "state", "v3")
    journal = Journals(tmp_path, parts).begin()  # of a running writer
    journal.add("KV", [Row("k", None, (kept.name, None, None))])
    journal.seal()
    own = WranglerStore(tmp_path, parts, time.time)
    await own.get("KV", "k0")
    await until(lambda: not gone.exists())
    assert kept.exists()
    assert await own.get("KV", "k") is None
    journal.close()  # the writer has ended
    await until(lambda: bool(own.poll()))
    assert await own.get("KV", "k") == Entry(b"orphan")
    await own.close()
    assert kept.exists()


async def test_a_command_that_ends_at_once_sweeps_nothing(store: Store, state: Path) -> None:
    old = orphan(state, 4000)
    await store.get("KV", "k0")
    await store.close()
    await asyncio.sleep(0.3)
    assert old.exists()


KILLED = """
import asyncio, sys
from pathlib import Path
from kvlens.kv.records import Write
from kvlens.stores.registry import open_store

async def main():
    store = open_store("wrangler:", Path(sys.argv[1]))
    await store.put("KV", Write("k", b"v"))
    print("begun", flush=True)
    while True:
        await store.put_many("KV", [Write(f"k{n}", b"v" * 100) for n in range(2000)])

asyncio.run(main())
"""


async def test_after_kills_only_values_with_a_row_stay(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not TELLS:
        return
    monkeypatch.setattr(sweeper, "SWEEP_AFTER", 0.2)
    monkeypatch.setattr(sweeper, "SWEEP_AGAIN", 0.2)
    for _ in range(3):
        command = [sys.executable, "-c", KILLED, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stdout.readline()
            await asyncio.sleep(0.4)
            process.kill()
    folder = blobs_path(state, "KV")
    await asyncio.sleep(0.2)
    store = open_store("wrangler:", tmp_path)
    keys = (await store.stats("KV")).keys or 0
    assert len(list(folder.iterdir())) > keys
    await until(lambda: len(list(folder.iterdir())) == keys)
    for info in (await store.list("KV")).keys:
        assert await store.get("KV", info.name)
    await store.close()


CLOCKS: dict[str, tuple[float, float, float]] = {
    # elapsed times of the wall clock and the other one at the second search, what may be removed
    "nothing happened": (100.0, 100.0, 100.0),
    "the clock was set forward": (3700.0, 100.0, 3700.0),
    "the clock was set back": (-3500.0, 100.0, 100.0),
    "the machine slept": (3700.0, 100.0, 3700.0),
}


def unused(place: Path, now: float, ages: Sequence[int]) -> tuple[Path, Blobs]:
    """Make an empty database, and values of some ages in seconds without rows."""
    database = place / "x.sqlite"
    db = sqlite3.connect(database)
    db.execute("CREATE TABLE _mf_entries (key, blob_id)")
    db.close()
    folder = place / "blobs"
    folder.mkdir()
    for age in ages:
        name = f"{age:080x}"
        (folder / name).write_bytes(b"")
        os.utime(folder / name, (now - age,) * 2)
    return database, Blobs(folder)


@pytest.mark.parametrize(("wall", "clock", "before"), CLOCKS.values(), ids=CLOCKS.keys())
def test_a_clock_that_jumps_makes_nothing_old(
    tmp_path: Path, wall: float, clock: float, before: float
) -> None:
    """A file counts as made before the opening only if both clocks agree."""
    now = time.time()
    opened = orphans.Opening(now - wall, time.monotonic() - clock, True)
    ages = (50, 90, 110, 3000, 3590)
    found = orphans.find(*unused(tmp_path, now, ages), opened, lambda _, __: set())
    assert sorted(int(name, 16) for name in found) == [age for age in ages if age > before]


def test_a_file_system_that_counts_seconds_makes_nothing_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on FAT, in steps of two, rounded down: a newer file looks older than the opening."""
    now = float(int(time.time()))
    monkeypatch.setattr(Blobs, "now", lambda blobs: now)
    place = unused(tmp_path, now, (12, 14))
    opened = orphans.Opening(time.time() - 11, time.monotonic() - 11, True)
    found = orphans.find(*place, opened, lambda _, __: set())
    assert [int(name, 16) for name in found] == [14]


async def test_a_process_that_lasts_looks_again(
    store: Store, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "SWEEP_EVERY", 0.2)
    await store.get("KV", "k0")
    await asyncio.sleep(0.6)
    old = orphan(state, 4000)
    await until(lambda: not old.exists())


# -- two namespaces with one folder --------------------------------------------------------------

SHARED = [("a/b", "a:b"), ("a_b", "a/b"), ("n" * 300, "n" * 299 + "m"), ("NS", "ns")]


@pytest.mark.parametrize(("first", "second"), SHARED)
async def test_no_clear_removes_the_values_of_another_namespace(
    tmp_path: Path, first: str, second: str
) -> None:
    for _ in range(2):
        store = open_store("wrangler:", tmp_path)
        await store.put(second, Write("kept", b"kept"))
        await store.close()
        await asyncio.sleep(0.05)
        store = open_store("wrangler:", tmp_path)
        await store.put_many(first, [Write(f"k{n}", b"v") for n in range(20)])
        await asyncio.sleep(0.05)
        assert await store.clear(first) == 20
        await store.close()
        store = open_store("wrangler:", tmp_path)
        assert await store.get(second, "kept") == Entry(b"kept")
        await store.close()


async def test_no_look_removes_the_values_of_another_namespace(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "SWEEP_AFTER", 0.1)
    monkeypatch.setattr(sweeper, "SWEEP_AGAIN", 0.1)
    store = open_store("wrangler:", tmp_path)
    for ns in ("a/b", "a:b"):
        await store.put_many(ns, [Write(f"k{n}", b"v") for n in range(20)])
    await store.close()
    for path in blobs_path(state, "a/b").iterdir():
        os.utime(path, (1, 1))
    store = open_store("wrangler:", tmp_path)
    assert await store.get("a/b", "k0") == Entry(b"v")
    await asyncio.sleep(0.6)
    await store.close()
    assert len(list(blobs_path(state, "a/b").iterdir())) == 40


async def test_a_namespace_beside_owns_its_folder(tmp_path: Path, state: Path) -> None:
    store = open_store("wrangler:", tmp_path)
    await store.put("my_kv", Write("k", b"v"))
    await store.put("other", Write("k", b"v"))
    await store.close()
    databases = database_path(state, "KV").parent
    (databases / "metadata.sqlite").touch()
    place = (tmp_path, (".wrangler", "state", "v3"))
    assert orphans.owns_folder(*place, "my_kv", ())
    await asyncio.to_thread((databases / f"{'0' * 64}.sqlite").touch)
    assert not orphans.owns_folder(*place, "my_kv", ())
