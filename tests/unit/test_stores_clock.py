"""A moved clock in the local stores: what it hides, what comes back, and what is never removed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from kvlens.emulator.server import Emulator
from kvlens.history.store import recording
from kvlens.kv.clock import LATEST, REAL, ManualClock, MovableClock, Shift
from kvlens.kv.records import Entry, KeyInfo, Write
from kvlens.process import own_command
from kvlens.search.language import read
from kvlens.stores.base import Batch, ChangedError, Seen, Step, Store, StoreError
from kvlens.stores.registry import open_store
from kvlens.stores.wrangler import clock_file, trash
from kvlens.stores.wrangler.clock_file import ClockFile

NOW = 1_800_000_000
DAY = 86_400
KEYS = [
    Write("never", b"n"),
    Write("soon", b"s", "[1]", NOW + 100),
    Write("later", b"l", None, NOW + DAY),
]
STATE = (".wrangler", "state", "v3")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture(params=["memory:", "wrangler:", "recorded"])
async def store(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Store]:
    """A store with keys, whose expired rows would be removed as soon as they are seen."""
    monkeypatch.setattr(trash, "UNLINK_DELAY", 0)
    opened = open_store(request.param.replace("recorded", "wrangler:"), tmp_path, clock)
    if request.param == "recorded":
        opened = recording(opened, tmp_path, "here", 1 << 26)
    await opened.put_many("KV", KEYS)
    yield opened
    await opened.close()


async def seen(store: Store) -> list[str]:
    """Return the keys that all ways of reading show."""
    names = [info.name for info in (await store.list("KV")).keys]
    got = [write.key for write in KEYS if await store.get("KV", write.key) is not None]
    assert sorted(got) == names
    assert (await store.find("KV", read(""), Step())).names == names
    rows = await store.rows("KV", [write.key for write in KEYS])
    assert sorted(row.name for row in rows if row is not None) == names
    for _ in range(2000):  # the size may be outdated after a slow count
        stats = await store.stats("KV")
        assert stats.keys == len(names)
        if stats.size == len(names):
            break
        await asyncio.sleep(0.01)
    assert stats.size == len(names)
    assert await store.count("KV") == len(names)
    assert await store.count_prefixes("KV", ["", "s"], 10) == [len(names), "soon" in names]
    for _ in range(3):  # removes expired rows, if any
        await asyncio.sleep(0.01)
    return names


MOVES: dict[str, tuple[Shift, float, list[str], list[str]]] = {
    # id: (shift, how long it lasts, what is seen then, and with the real clock afterwards)
    "not moved": (REAL, 0, ["later", "never", "soon"], ["later", "never", "soon"]),
    "to just before": (Shift(99), 0, ["later", "never", "soon"], ["later", "never", "soon"]),
    "to the moment": (Shift(100), 0, ["later", "never"], ["later", "never", "soon"]),
    "past all": (Shift(2 * DAY), 0, ["never"], ["later", "never", "soon"]),
    "ahead for hours": (Shift(101), 3600, ["later", "never"], ["later", "never"]),
    "frozen for hours": (Shift(frozen=NOW), 3600, ["later", "never", "soon"], ["later", "never"]),
    "frozen ahead": (Shift(frozen=NOW + 101), 0, ["later", "never"], ["later", "never", "soon"]),
    "back before the keys were made": (
        Shift(-10 * DAY),
        2 * DAY,
        ["later", "never", "soon"],
        ["never"],
    ),
    "to 1970": (Shift(frozen=0), 0, ["later", "never", "soon"], ["later", "never", "soon"]),
    "to the end": (Shift(frozen=LATEST), 0, ["never"], ["later", "never", "soon"]),
}


@pytest.mark.parametrize(("shift", "lasts", "moved", "after"), MOVES.values(), ids=MOVES)
async def test_what_a_moved_clock_hides_comes_back(
    store: Store,
    clock: ManualClock,
    shift: Shift,
    lasts: float,
    moved: list[str],
    after: list[str],
) -> None:
    assert await seen(store) == ["later", "never", "soon"]
    await store.move_clock(shift)
    clock.advance(lasts)
    assert (await store.shift(), await store.time()) == (shift, shift.time(clock()))
    assert await seen(store) == moved
    first = await store.next_expiring("KV")
    assert (first and first.name) == next((key for key in ("soon", "later") if key in moved), None)
    await store.move_clock(REAL)
    assert await seen(store) == after
    for write in KEYS:
        expected = Entry(*write[1:]) if write.key in after else None
        assert await store.get("KV", write.key) == expected
    clock.advance(2 * DAY)
    assert await seen(store) == ["never"]


async def _put_another(store: Store) -> None:
    await store.put("KV", Write("other", b"o"))
    await store.delete("KV", ["other"])


async def _delete(store: Store) -> None:
    assert await store.delete("KV", ["soon", "never"]) == 1
    await store.put("KV", KEYS[0])


async def _delete_many(store: Store) -> None:
    names = [f"no {number}" for number in range(200)]
    assert await store.delete("KV", ["soon", *names, "never"]) == 1
    await store.put("KV", KEYS[0])


async def _change(store: Store) -> None:
    many = [Write(f"k{number:03}", b"") for number in range(200)]
    assert await store.change_many([Batch("KV", many, ["soon", "never"])]) == 1
    assert await store.delete("KV", [write.key for write in many]) == len(many)
    await store.put("KV", KEYS[0])


async def _change_what_was_read(store: Store) -> None:
    gone = Seen.of("soon", None)
    assert await store.change_many([Batch("KV", (), ["soon", "never"], (), [gone])]) == 1
    await store.put("KV", KEYS[0])


async def _clear(store: Store) -> None:
    assert await store.clear("KV") == 2
    await store.put_many("KV", [KEYS[0], KEYS[2]])


async def _delete_unchanged(store: Store) -> None:
    hidden = Seen.of("soon", KEYS[1])
    assert list(await store.delete_unchanged("KV", [hidden])) == []
    assert await store.change_many([Batch("KV", (), (), [hidden])]) == 0


async def _put_over_another(store: Store) -> None:
    other = Seen.of("soon", KEYS[0])
    with pytest.raises(ChangedError):
        await store.change_many([Batch("KV", [Write("soon", b"new")], expected=[other])])


WRITES: dict[str, Callable[[Store], Awaitable[None]]] = {
    "put of another key": _put_another,
    "delete": _delete,
    "delete of many": _delete_many,
    "change of many": _change,
    "change of what was read": _change_what_was_read,
    "delete of what was read": _delete_unchanged,
    "put over other content": _put_over_another,
    "clear": _clear,
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_a_hidden_key_survives_a(
    store: Store, write: Callable[[Store], Awaitable[None]]
) -> None:
    await store.move_clock(Shift(200))
    await write(store)
    assert await seen(store) == ["later", "never"]
    await store.move_clock(REAL)
    assert await seen(store) == ["later", "never", "soon"]
    assert await store.get("KV", "soon") == Entry(*KEYS[1][1:])


@pytest.mark.parametrize("read", [None, KEYS[1]], ids=["as it is shown", "with its content"])
async def test_a_hidden_key_is_replaced_over_what_was_read(
    store: Store, read: Write | None
) -> None:
    await store.move_clock(Shift(200))
    expected = [Seen.of("soon", read)]
    await store.change_many([Batch("KV", [Write("soon", b"new")], expected=expected)])
    assert await store.get("KV", "soon") == Entry(b"new", None, None)


async def test_the_history_has_a_hidden_key_that_is_replaced(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_store("wrangler:", tmp_path, clock)
    store: Any = recording(opened, tmp_path, "here", 1 << 26)
    await store.put_many("KV", KEYS)
    await store.move_clock(Shift(200))
    added: list[Any] = []
    monkeypatch.setattr(store.recorder, "add", added.append)
    await store.put("KV", Write("soon", b"new"))
    await store.put_many("KV", [Write("soon", b"newer"), Write("more", b"m")])
    await store.delete("KV", ["soon", "later"])
    assert [(one.key, one.before, one.after) for one in added] == [
        ("soon", Entry(*KEYS[1][1:]), Entry(b"new")),
        ("soon", Entry(b"new"), Entry(b"newer")),
        ("more", None, Entry(b"m")),
        ("soon", Entry(b"newer"), None),
        ("later", Entry(*KEYS[2][1:]), None),
    ]
    added.clear()
    await store.move_clock(REAL)
    await store.put("KV", KEYS[1])
    await store.move_clock(Shift(200))
    await store.delete("KV", ["soon"])  # it isn't there
    assert [one.after for one in added] == [Entry(*KEYS[1][1:])]
    await store.close()


async def test_another_process_moves_it_at_once(tmp_path: Path) -> None:
    store = open_store("wrangler:", tmp_path)
    try:
        await store.put("KV", Write("k", b"v", None, int(await store.time()) + 3600))
        assert (await store.list("KV")).keys
        store.poll()
        for words, names in (("advance 2h", []), ("reset", ["k"])):
            subprocess.run(own_command("clock", *words.split()), cwd=tmp_path, check=True)
            assert [info.name for info in (await store.list("KV")).keys] == names
            assert (await store.get("KV", "k") is not None) == bool(names)
            assert list(store.poll()) == ["KV"]
            assert list(store.poll()) == []
    finally:
        await store.close()


async def test_the_clock_of_an_emulator_is_moved_over_its_api(tmp_path: Path) -> None:
    kept = open_store("memory:", tmp_path)
    async with Emulator(kept, {"KV": "KV"}) as emulator:
        store = open_store(emulator.url.replace("//", f"//{emulator.token}@"), tmp_path)
        soon = int(await store.time()) + 3600
        await store.put("KV", Write("k", b"v", "[1]", soon))
        assert await store.next_expiring("KV") == KeyInfo("k", soon, "[1]")
        changed: list[str] = []
        emulator.on_change(changed.append)
        await store.move_clock(Shift(frozen=soon))
        assert (await store.shift(), await store.time()) == (Shift(frozen=soon), soon)
        assert (await store.list("KV")).keys == []
        assert await store.next_expiring("KV") is None
        whole = store.with_hidden()
        assert await whole.get("KV", "k") == Entry(b"v", "[1]", soon)
        assert [info.name for info in (await whole.list("KV")).keys] == ["k"]
        assert await store.get("KV", "k") is None
        assert await store.clock_problem() == ""
        assert not await store.move_clock(Shift(60), REAL)
        assert await store.move_clock(REAL, Shift(frozen=soon))
        assert [info.name for info in (await store.list("KV")).keys] == ["k"]
        await store.close()
    assert changed == ["KV"]


@pytest.mark.parametrize("url", ["redis://localhost:1", "cloudflare:account"])
async def test_others_expire_the_keys_of_a_remote_store(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "secret")
    store = open_store(url, tmp_path)
    assert await store.shift() == REAL
    for refused in (store.move_clock(Shift(60)), store.next_expiring("KV")):
        with pytest.raises(StoreError, match="its server decides when keys expire"):
            await refused
    await store.close()


# -- the file ----------------------------------------------------------------------------------


def clock_of(folder: Path) -> ClockFile:
    return ClockFile(folder, STATE, ManualClock(NOW))


def _link(path: Path) -> None:
    (path.parents[4] / "target").write_text('{"seconds": 60}')
    path.symlink_to(path.parents[4] / "target")


def _hard_link(path: Path) -> None:
    (path.parents[4] / "target").write_text("precious")
    os.link(path.parents[4] / "target", path)


HOSTILE: dict[str, str | bytes | Callable[[Path], object]] = {
    "empty": "",
    "not JSON": "{",
    "not UTF-8": b"\xff\xfe\x00",
    "a number": "60",
    "a list": "[60]",
    "nothing in it": "{}",
    "both": '{"seconds": 60, "frozen": 60}',
    "another field": '{"seconds": 60, "run": "rm"}',
    "text": '{"seconds": "60"}',
    "a boolean": '{"frozen": true}',
    "not a number": '{"seconds": NaN}',
    "infinite": '{"seconds": -Infinity}',
    "too far": f'{{"seconds": {LATEST + 1}}}',
    "far too far": f'{{"frozen": 1{"0" * 400}}}',
    "before 1970": '{"frozen": -1}',
    "too large": '{"seconds": 60}' + " " * clock_file.LIMIT,
    "deep": "[" * 1000,
    "a pipe": lambda path: os.mkfifo(path),
    "a link": _link,
    "a hard link": _hard_link,
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_moves_nothing_and_is_replaced(
    tmp_path: Path, content: Any, caplog: pytest.LogCaptureFixture
) -> None:
    clock = clock_of(tmp_path)
    clock.path.parent.mkdir(parents=True)
    if callable(content):
        content(clock.path)
    else:
        clock.path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert (clock.shift, clock(), clock.is_moved) == (REAL, NOW, False)
    assert clock.shift == REAL
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith(f"{clock.path} is ignored, so the clock isn't moved: ")
    assert clock.problem == said
    clock.move(Shift(5))
    assert clock.problem == ""
    assert (clock(), clock_of(tmp_path).shift) == (NOW + 5, Shift(5))
    if (target := tmp_path / "target").exists():
        assert target.read_text() in ('{"seconds": 60}', "precious")
    assert sorted(path.name for path in clock.path.parent.iterdir()) == ["clock.json", "clock.lock"]


def _folder(path: Path) -> None:
    path.mkdir()


def _lock_folder(path: Path) -> None:
    path.with_name("clock.lock").mkdir()


def _linked_lock(path: Path) -> None:
    path.with_name("clock.lock").symlink_to(path.parents[4] / "elsewhere")


def _linked_folder(path: Path) -> None:
    (path.parents[4] / "elsewhere").mkdir()
    path.parent.rmdir()
    path.parent.symlink_to(path.parents[4] / "elsewhere")


IN_THE_WAY: dict[str, Callable[[Path], None]] = {
    "a folder": _folder,
    "a linked folder": _linked_folder,
    "a folder for the lock": _lock_folder,
    "a linked lock": _linked_lock,
}


@pytest.mark.parametrize("prepare", IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_what_is_in_the_way_is_named_and_left(tmp_path: Path, prepare: Any) -> None:
    clock = clock_of(tmp_path)
    clock.path.parent.mkdir(parents=True)
    prepare(clock.path)
    assert clock.shift == REAL
    with pytest.raises(StoreError, match="kvlens"):
        clock.move(Shift(5))
    assert clock.shift == REAL
    assert list(tmp_path.rglob("*.clock")) == []
    assert not (tmp_path / "elsewhere").is_file()


WRITER = f"""
import itertools, sys
from pathlib import Path
from kvlens.kv.clock import Shift
from kvlens.stores.wrangler.clock_file import ClockFile
clock = ClockFile(Path(sys.argv[1]), {STATE!r}, lambda: 0.0)
print("ready", flush=True)
for number in itertools.count(1):
    clock.move(Shift(number) if number % 2 else Shift(frozen=number))
"""


def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    clock = clock_of(tmp_path)
    clock.move(Shift(1))
    for _ in range(3):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout
            assert writer.stdout.readline()
            for _ in range(300):
                assert clock.shift != REAL
            writer.send_signal(signal.SIGKILL)
        assert clock_of(tmp_path).shift == clock.shift != REAL
    left = clock.path.parent / f"x{clock_file._NEW}"
    left.write_text("")
    os.utime(left, (0, 0))
    clock.move(Shift(2))
    assert not left.exists()
    assert json.loads(clock.path.read_text()) == {"seconds": 2}
    assert clock.has_moved()
    assert not clock.has_moved()
    clock.move(REAL)
    clock.move(Shift(2))
    assert clock.has_moved(), "there and back: what was seen in between may be shown"


ADVANCER = """
import asyncio, sys
from pathlib import Path
from kvlens.operations.clock import advance
from kvlens.operations.target import Scope
from kvlens.stores.registry import open_store
from kvlens.workspace.project import Project

async def run():
    store = open_store("wrangler:", Path(sys.argv[1]))
    async def opened():
        return store
    scope = Scope(Project(Path(sys.argv[1]) / "wrangler.toml", text=""), "", opened)
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(50):
        await advance(scope, 60)
    await store.close()

asyncio.run(run())
"""


def test_no_advance_of_several_at_the_same_time_is_lost(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ADVANCER, str(tmp_path)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    writers: list[Any] = [subprocess.Popen(command, **pipes) for _ in range(3)]
    for one in writers:
        assert one.stdout.readline()
    for one in writers:
        one.stdin.write(b"\n")
        one.stdin.flush()
    for one in writers:
        one.communicate()
    assert [one.returncode for one in writers] == [0, 0, 0]
    assert clock_of(tmp_path).shift == Shift(3 * 50 * 60)


@pytest.mark.parametrize("kind", [MovableClock, None], ids=["in memory", "a file"])
def test_a_clock_that_is_moved_elsewhere_stays_there(tmp_path: Path, kind: Any) -> None:
    clock = kind(ManualClock(NOW)) if kind else clock_of(tmp_path)
    assert clock.move(Shift(60), REAL)
    assert not clock.move(Shift(120), REAL)
    assert clock.shift == Shift(60)
    assert clock.move(Shift(120), Shift(60))
    assert clock.move(REAL)
    assert clock.shift == REAL


def test_a_clock_in_memory_is_moved() -> None:
    clock = MovableClock(ManualClock(NOW))
    clock.move(Shift(-60))
    assert (clock(), clock.earliest(), clock.is_moved) == (NOW - 60, NOW - 60, True)
    clock.move(Shift(60))
    assert (clock(), clock.earliest()) == (NOW + 60, NOW)
    clock.move(REAL)
    assert (clock(), clock.is_moved) == (NOW, False)
