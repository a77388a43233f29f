"""The history: what is recorded by every way to change a key, how it is bounded and restored."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kvlens.emulator.server import Emulator
from kvlens.history import database, queries, recorder
from kvlens.history.database import history_file, open_history
from kvlens.history.queries import Filter, Recorded
from kvlens.history.store import RecordingStore, recording
from kvlens.kv.records import Entry, State, Write
from kvlens.operations.errors import ConflictError, NotFoundError, OperationError
from kvlens.operations.history import find_change, list_changes, list_history
from kvlens.operations.history_restore import Extent, plan_restore, plan_undo, restore
from kvlens.operations.target import Scope
from kvlens.stores.base import NOTHING, Batch, Seen, Store, StoreError, digest
from kvlens.stores.origin import Origin
from kvlens.stores.registry import open_store
from kvlens.stores.wrangler.database import Database
from kvlens.workspace.project import Project

LIMIT = 64 * 1024 * 1024
ONE = Origin("editor", "put")
CONFIG = 'kv_namespaces = [{ binding = "A", id = "A" }, { binding = "B", id = "B" }]\n'


def scope_of(folder: Path, store: Store) -> Scope:
    (folder / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    project = Project(folder / "wrangler.toml")

    async def opener() -> Store:
        return store

    return Scope(project, "wrangler.toml", opener)


def recorded_store(folder: Path, url: str = "wrangler:", limit: int = LIMIT) -> Store:
    """Open a store with a history, which is named like the project's."""
    (folder / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    name = Project(folder / "wrangler.toml").history_name
    return recording(open_store(url, folder), folder, name, limit)


def recorded(folder: Path) -> list[tuple[str, str, str, State, State]]:
    """Return title, namespace, key, before and after of all changes, in their order."""
    with closing(read(folder)) as db:
        names = {one.id: one.title for one in queries.actions(db, Filter(), before=None, limit=99)}
        return [
            (names.get(one.action, "?"), one.ns, one.key, before(db, one), after(db, one))
            for one in queries.changes_with(
                db, [id for (id,) in db.execute("SELECT id FROM changes")]
            )
        ]


def before(db: Database, one: Recorded) -> State:
    return queries.content(db, one, after=False)


def after(db: Database, one: Recorded) -> State:
    return queries.content(db, one, after=True)


def read(folder: Path) -> Database:
    db = open_history(folder, LIMIT, create=False)
    assert db is not None
    return db


# -- what is recorded --------------------------------------------------------------------------

A1, A2 = Entry(b"1", '"m"', 2_000_000_000), Entry(b"2")


async def _put(store: Store) -> None:
    await store.put("A", Write("k", *A1))
    await store.put("A", Write("k", *A2))


async def _put_unchanged(store: Store) -> None:
    await store.put_unchanged("A", Write("k", *A1), NOTHING)
    await store.put_unchanged("A", Write("k", b"lost"), NOTHING)
    await store.put_unchanged("A", Write("k", *A2), digest(b"1"))


async def _replace(store: Store) -> None:
    await store.put("A", Write("k", *A1))
    await store.replace("A", "k", b"2")
    await store.replace("A", "k", b"3", digest(b"other"))
    await store.replace("A", "gone", b"3")


async def _put_many(store: Store) -> None:
    await store.put_many("A", [Write("k", b"over"), Write("k", *A1), Write("l", *A2)])


async def _delete(store: Store) -> None:
    await store.put("A", Write("k", *A1))
    await store.delete("A", ["k", "gone"])


async def _delete_unchanged(store: Store) -> None:
    await store.put_many("A", [Write("k", *A1), Write("l", *A2)])
    seen = [Seen.of("k", A1), Seen.of("l", A1)]
    await store.delete_unchanged("A", seen)


async def _clear(store: Store) -> None:
    await store.put_many("A", [Write("k", *A1), Write("l", *A2)])
    await store.clear("A")
    await store.clear("B")


async def _change_many(store: Store) -> None:
    await store.put_many(
        "A", [Write("k", *A1), Write("l", *A2), Write("m", b"m"), Write("n", b"n")]
    )

    def writes() -> Iterator[Write]:
        yield Write("k", *A2)

    left = [Seen.of("m", Entry(b"m")), Seen.of("n", A1)]
    await store.change_many(
        [Batch("A", writes(), ["l", "gone"], left), Batch("B", [Write("k", *A1)])]
    )


WAYS: dict[str, tuple[Callable[[Store], Awaitable[None]], list[tuple[str, str, State, State]]]] = {
    "put": (_put, [("A", "k", None, A1), ("A", "k", A1, A2)]),
    "put_unchanged": (_put_unchanged, [("A", "k", None, A1), ("A", "k", A1, A2)]),
    "replace": (
        _replace,
        [("A", "k", None, A1), ("A", "k", A1, Entry(b"2", A1.metadata, A1.expiration))],
    ),
    "put_many": (_put_many, [("A", "k", None, A1), ("A", "l", None, A2)]),
    "delete": (_delete, [("A", "k", None, A1), ("A", "k", A1, None)]),
    "delete_unchanged": (
        _delete_unchanged,
        [("A", "k", None, A1), ("A", "l", None, A2), ("A", "k", A1, None)],
    ),
    "clear": (
        _clear,
        [("A", "k", None, A1), ("A", "l", None, A2), ("A", "k", A1, None), ("A", "l", A2, None)],
    ),
    "change_many": (
        _change_many,
        [
            ("A", "k", None, A1),
            ("A", "l", None, A2),
            ("A", "m", None, Entry(b"m")),
            ("A", "n", None, Entry(b"n")),
            ("A", "m", Entry(b"m"), None),
            ("A", "l", A2, None),
            ("A", "k", A1, A2),
            ("B", "k", None, A1),
        ],
    ),
}


async def is_recorded(store: Store, folder: Path, name: str) -> None:
    """Check one of the `WAYS` on a store, which is closed then."""
    change, wanted = WAYS[name]
    store = recording(store, folder, "there", LIMIT)
    await change(store.by(ONE))
    await store.close()
    assert recorded(folder) == [("put", *one) for one in wanted]


@pytest.mark.parametrize("url", ["wrangler:", "wrangler:elsewhere", "memory:", "peer"])
@pytest.mark.parametrize("name", WAYS)
async def test_every_way_to_change_a_key_is_recorded(tmp_path: Path, name: str, url: str) -> None:
    change, wanted = WAYS[name]
    if url == "peer":  # another process records what an emulator's client does
        store = recorded_store(tmp_path, "memory:")
        async with Emulator(store, {}) as emulator:
            client = open_store(emulator.url.replace("//", f"//{emulator.token}@"), tmp_path)
            await change(client.by(ONE))
            await client.close()
    else:
        store = recorded_store(tmp_path, url)
        await change(store.by(ONE))
    await store.close()
    assert recorded(tmp_path) == [("put", *one) for one in wanted]


async def test_changes_of_a_key_at_the_same_time_follow_each_other(tmp_path: Path) -> None:
    store = recorded_store(tmp_path)
    large = [bytes([65 + number]) * 200_000 for number in range(8)]
    await asyncio.gather(*(store.put("A", Write("k", value)) for value in large))
    now = await store.get("A", "k")
    await store.close()
    states: list[State] = [None]
    for _, _, _, before, after in recorded(tmp_path):
        assert before == states[-1]
        states.append(after)
    assert states[-1] == now
    assert len(states) == 9


async def test_an_action_is_added_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "AT_ONCE", 1000)
    store = recorded_store(tmp_path, "memory:")
    assert isinstance(store, RecordingStore)
    counts: list[int] = []
    store.recorder.added = lambda: counts.append(len(recorded(tmp_path)))
    for title in ("one", "two"):
        origin = Origin.action_of("shell", title)
        await store.by(origin).put_many("A", (Write(f"{n}", b"v" * 100) for n in range(50)))
    await store.close()
    assert counts == [50, 100]


async def test_a_change_that_fails_is_not_recorded(tmp_path: Path) -> None:
    store = recorded_store(tmp_path)
    await store.put("A", Write("k", b"1"))
    with pytest.raises(StoreError):
        await store.change_many([Batch("A", [Write("k", b"2")], expected=[Seen.of("k", None)])])
    await store.close()
    assert len(recorded(tmp_path)) == 1


# -- the file ------------------------------------------------------------------------------------


async def test_the_oldest_go_first(tmp_path: Path) -> None:
    limit = 4 * 1024 * 1024
    store = recorded_store(tmp_path, "memory:", limit)
    for number in range(60):
        await store.by(Origin("editor", f"{number}")).put("A", Write("k", os.urandom(200_000)))
        if number % 10 == 0:
            await asyncio.sleep(0.1)
    await store.by(Origin("editor", "too large")).put("A", Write("large", bytes(4_000_000)))
    await store.close()
    path = history_file(tmp_path)
    assert path.stat().st_size <= limit + 512 * 1024
    titles = [title for title, *_ in recorded(tmp_path)]
    assert titles[-1] == "59"
    assert titles == [f"{number}" for number in range(60 - len(titles), 60)]
    assert len(titles) >= 5
    found = await list_history(scope_of(tmp_path, store), Filter(), limit=1)
    assert (found[0].action.title, found[0].action.left_out) == ("too large", 1)


def _junk(path: Path) -> None:
    path.write_bytes(b"\0junk" * 5000)


def _other_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE changes (id INTEGER)")
        db.execute("CREATE TRIGGER t AFTER INSERT ON changes BEGIN DELETE FROM changes; END")


def _far_too_large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(LIMIT * 5)


def _link(path: Path) -> None:
    path.symlink_to(path.parents[3] / "victim")


def _hard_link(path: Path) -> None:
    path.hardlink_to(path.parents[3] / "victim")


def _log_is_a_link(path: Path) -> None:
    Path(f"{path}-wal").symlink_to(path.parents[3] / "victim")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _folder_is_a_link(path: Path) -> None:
    path.parent.rmdir()
    path.parent.symlink_to(path.parents[3])


SET_ASIDE = {"junk": _junk, "another table": _other_table, "far too large": _far_too_large}
REFUSED = {
    "link": _link,
    "hard link": _hard_link,
    "a log that is a link": _log_is_a_link,
    "pipe": _pipe,
    "a folder that is a link": _folder_is_a_link,
}


@pytest.mark.parametrize("name", [*SET_ASIDE, *REFUSED])
async def test_a_file_in_its_place_is_set_aside_or_refused(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"untouched")
    path = history_file(tmp_path)
    path.parent.mkdir(parents=True)
    {**SET_ASIDE, **REFUSED}[name](path)
    store = recorded_store(tmp_path)
    await store.put("A", Write("k", b"1"))
    assert await store.get("A", "k") == Entry(b"1")
    await store.close()
    assert victim.read_bytes() == b"untouched"
    if name in SET_ASIDE:
        assert [one[2] for one in recorded(tmp_path)] == ["k"]
        assert (path.parent / database.ASIDE).exists()
        assert caplog.text.count("is history.damaged now") == 1
    else:
        assert "are not recorded" in caplog.text
        assert sorted(one.name for one in tmp_path.iterdir()) == [
            ".wrangler",
            "victim",
            "wrangler.toml",
        ]


WRITER = """
import asyncio, sys
from pathlib import Path
from kvlens.history.store import recording
from kvlens.kv.records import Write
from kvlens.stores.origin import Origin
from kvlens.stores.registry import open_store

async def main(folder, name, count):
    store = recording(open_store("wrangler:", folder), folder, "here", 1 << 26)
    for number in range(count):
        await store.by(Origin("shell", name)).put("A", Write(f"{name}{number}", b"v" * 500))
        if number == 100:
            await asyncio.sleep(1)
            print("started", flush=True)
    await store.close()

asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
"""


def writer(folder: Path, name: str, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name, str(count)], stdout=subprocess.PIPE
    )


def test_two_processes_add_to_it(tmp_path: Path) -> None:
    both = [writer(tmp_path, name, 400) for name in ("a", "b")]
    assert [one.wait(60) for one in both] == [0, 0]
    keys = [key for _, _, key, *_ in recorded(tmp_path)]
    assert len(keys) == len(set(keys)) == 800
    for name in ("a", "b"):
        assert [key for key in keys if key[0] == name] == [f"{name}{n}" for n in range(400)]


def test_what_is_there_survives_a_kill(tmp_path: Path) -> None:
    process = writer(tmp_path, "a", 10**6)
    assert process.stdout
    process.stdout.readline()
    time.sleep(1)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    keys = [key for _, _, key, *_ in recorded(tmp_path)]
    assert keys == [f"a{number}" for number in range(len(keys))]
    assert len(keys) > 100
    assert writer(tmp_path, "b", 1).wait(60) == 0
    assert [key for _, _, key, *_ in recorded(tmp_path)] == [*keys, "b0"]


# -- looking and restoring -----------------------------------------------------------------------


async def filled(folder: Path) -> tuple[Store, Scope]:
    """Make some changes by several writers."""
    store = recorded_store(folder)
    seed = store.by(Origin("shell", "seed", "seed"))
    await seed.put_many("A", [Write("a", b"1", '{"m":1}'), Write("b", b"2")])
    await seed.put_many("B", [Write("a", b"3")])
    await store.by(Origin("Worker", "POST /cart")).put("A", Write("a", b"4"))
    await store.by(Origin("editor", "delete", "delete")).delete("A", ["a", "b"])
    await store.by(Origin("editor", "clear", "clear")).clear("B")
    await store.close()
    again = recorded_store(folder)
    return again, scope_of(folder, again)


FILTERS: dict[str, tuple[Filter, list[str]]] = {
    "everything": (Filter(), ["clear 1", "delete 2", "POST /cart 1", "seed 3"]),
    "a key": (Filter(key="a"), ["clear 1", "delete 1", "POST /cart 1", "seed 2"]),
    "a key of a namespace": (Filter(ns="A", key="b"), ["delete 1", "seed 1"]),
    "a namespace": (Filter(ns="B"), ["clear 1", "seed 1"]),
    "a prefix": (Filter(prefix="b"), ["delete 1", "seed 1"]),
    "a writer": (Filter(writer="Worker"), ["POST /cart 1"]),
    "a time": (Filter(since=4e9), []),
    "wildcards are text": (Filter(prefix="%"), []),
}


async def test_it_is_listed_and_filtered(tmp_path: Path) -> None:
    store, scope = await filled(tmp_path)
    for name, (wanted, expected) in FILTERS.items():
        found = await list_history(scope, wanted)
        assert [f"{one.action.title} {one.action.keys}" for one in found] == expected, name
        assert [len(one.changes) for one in found] == [one.action.keys for one in found], name
    first, second = await list_history(scope, Filter(), limit=2, changes=1)
    older = await list_history(scope, Filter(), before=second.action.id)
    assert [one.action.title for one in older] == ["POST /cart", "seed"]
    (rest,) = await list_changes(scope, second.action.id, Filter(), after=second.changes[0].id)
    change, before, after = await find_change(scope, rest.id)
    assert (change.key, before, after) == ("b", Entry(b"2"), None)
    with pytest.raises(NotFoundError, match="no longer has the change 99"):
        await find_change(scope, 99)
    assert first.action.writer == "editor"
    await store.close()


async def contents(store: Store) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for ns in ("A", "B"):
        for info in (await store.list(ns)).keys:
            entry = await store.get(ns, info.name)
            assert entry is not None
            found[f"{ns}/{info.name}"] = entry.value
    return found


async def test_actions_are_undone_one_by_one(tmp_path: Path) -> None:
    store, scope = await filled(tmp_path)
    wanted = {
        "clear": {"B/a": b"3"},
        "delete": {"A/a": b"4", "A/b": b"2", "B/a": b"3"},
        "seed": {"A/a": b"4"},  # the Worker has changed it since
    }
    for name, expected in wanted.items():
        plan = await plan_undo(scope, name)
        assert [key for _, key in plan.changed] == (["a"] if name == "seed" else [])
        await restore(scope, plan, expected=plan.digest)
        assert await contents(store) == expected
        again = await plan_undo(scope, name)
        assert not again.batches
    with pytest.raises(NotFoundError, match="doesn't have the action nothing"):
        await plan_undo(scope, "nothing")
    await store.close()
    assert isinstance(store, RecordingStore)


MOMENTS: dict[str, tuple[int, Extent, bool, dict[str, bytes]]] = {
    # change, extent, after, what is there then
    "a key before its delete": (5, "key", False, {"A/a": b"4"}),
    "a key before it was put": (1, "key", False, {}),
    "a key after the seed": (1, "key", True, {"A/a": b"1"}),
    "a namespace before the delete": (5, "namespace", False, {"A/a": b"4", "A/b": b"2"}),
    "a namespace before the Worker": (4, "namespace", False, {"A/a": b"1", "A/b": b"2"}),
    "everything before the Worker": (
        4,
        "everything",
        False,
        {"A/a": b"1", "A/b": b"2", "B/a": b"3"},
    ),
    "everything before all": (1, "everything", False, {}),
}


@pytest.mark.parametrize("name", MOMENTS)
async def test_a_moment_is_restored_and_undone(tmp_path: Path, name: str) -> None:
    change, extent, after, expected = MOMENTS[name]
    store, scope = await filled(tmp_path)
    plan = await plan_restore(scope, change, extent, after=after)
    by = store.by(Origin("editor", "restore", "restored"))
    await restore(scope_of(tmp_path, by), plan)
    assert await contents(store) == expected
    if plan.batches:
        await restore(scope, await plan_undo(scope, "restored"))
    assert await contents(store) == {}
    await store.close()


async def test_a_restore_keeps_what_was_written_since(tmp_path: Path) -> None:
    store, scope = await filled(tmp_path)
    plan = await plan_restore(scope, 4, "everything")
    await store.put("B", Write("a", b"new"))
    with pytest.raises(ConflictError, match="something else has written"):
        await restore(scope, plan)
    assert await contents(store) == {"B/a": b"new"}
    with pytest.raises(ConflictError):
        await restore(scope, await plan_restore(scope, 4, "everything"), expected=plan.digest)
    assert await contents(store) == {"B/a": b"new"}
    await store.close()


async def test_expired_keys_stay_away(tmp_path: Path) -> None:
    store = recorded_store(tmp_path)
    soon = int(time.time()) + 1
    await store.put_many("A", [Write("a", b"1", None, soon), Write("b", b"2")])
    await store.by(Origin("editor", "clear", "clear")).clear("A")
    while time.time() <= soon:
        await asyncio.sleep(0.05)
    scope = scope_of(tmp_path, store)
    plan = await plan_undo(scope, "clear")
    assert (plan.put, plan.expired) == ([("A", "b")], 1)
    await restore(scope, plan)
    assert await contents(store) == {"A/b": b"2"}
    await store.close()


async def test_what_is_not_recorded_is_not_restored_in_part(tmp_path: Path) -> None:
    store = recorded_store(tmp_path, limit=1024 * 1024)
    await store.put("A", Write("a", b"1"))
    many = [Write(f"{number}", bytes(1000)) for number in range(1001)]
    await store.by(Origin("editor", "seed", "seed")).put_many("A", many)
    scope = scope_of(tmp_path, store)
    with pytest.raises(OperationError, match="seed changed 1,001 keys that are not in the history"):
        await plan_undo(scope, "seed")
    with pytest.raises(OperationError, match="Restore a snapshot instead"):
        await plan_restore(scope, 1, "everything")
    await store.close()


def test_it_can_be_turned_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    project = Project(tmp_path / "wrangler.toml")
    for size, recorded in (("", True), ("1", True), ("many", True), ("0", False)):
        monkeypatch.setenv("KVLENS_HISTORY", size)
        assert project.open_store().has_history is recorded


def test_nothing_of_a_store_is_hidden_by_its_history() -> None:
    methods = {name for name, what in vars(Store).items() if callable(what) and name[0] != "_"}
    assert methods - vars(RecordingStore).keys() == {"put_many"}  # which is change_many
