"""Changes by other programs in the history: found once, by one process, and never one of our own."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest
from kvlens.history import outside as looking
from kvlens.history import queries
from kvlens.history.database import open_history
from kvlens.history.queries import Filter
from kvlens.history.store import RecordingStore, recording
from kvlens.kv.clock import Shift
from kvlens.kv.records import Entry, State, Unknown, Write
from kvlens.operations.history import list_history
from kvlens.operations.history_json import change_json
from kvlens.operations.history_restore import plan_undo
from kvlens.stores.origin import OUTSIDE, UNKNOWN, Origin
from kvlens.stores.registry import open_store
from kvlens.stores.wrangler import outside
from kvlens.stores.wrangler.disk_format import blobs_path, database_path
from kvlens.workspace.project import Project

from tests.unit.test_history import scope_of

LIMIT = 64 * 1024 * 1024
CONFIG = 'kv_namespaces = [{ binding = "A", id = "A" }]\n'
Recorded = tuple[str, str, State, State]  # writer, key, before, after


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "SETTLED", 0.7)
    monkeypatch.setattr(looking, "TRY_AGAIN", 0.2)


def open_recorded(folder: Path) -> RecordingStore:
    (folder / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    name = Project(folder / "wrangler.toml").history_name
    store = recording(open_store("wrangler:", folder), folder, name, LIMIT)
    assert isinstance(store, RecordingStore)
    return store


class Other:
    """Another program that writes as Miniflare does: a new row, and no file of the old value."""

    def __init__(self, folder: Path) -> None:
        state = folder / ".wrangler" / "state" / "v3"
        self.blobs = blobs_path(state, "A")
        self.path = database_path(state, "A")

    def put(self, key: str, value: bytes, metadata: str | None = None) -> None:
        blob = os.urandom(40).hex()
        (self.blobs / blob).write_bytes(value)
        with closing(sqlite3.connect(self.path)) as db:
            old = db.execute("SELECT blob_id FROM _mf_entries WHERE key = ?", (key,)).fetchone()
            db.execute(
                "INSERT OR REPLACE INTO _mf_entries (key, blob_id, metadata) VALUES (?, ?, ?)",
                (key, blob, metadata),
            )
            db.commit()
        if old is not None:
            (self.blobs / old[0]).unlink(missing_ok=True)

    def delete(self, *keys: str) -> None:
        with closing(sqlite3.connect(self.path)) as db:
            db.executemany("DELETE FROM _mf_entries WHERE key = ?", [(key,) for key in keys])
            db.commit()


async def follow(store: RecordingStore, seconds: float) -> None:
    """Look for changes, as an emulator does all the time."""
    store.watched = ["A"]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        store.poll()
        await asyncio.sleep(0.05)


async def looked(store: RecordingStore) -> None:
    """Look for changes until those so far are recorded, deletes included."""
    await follow(store, 2)


def recorded(folder: Path) -> list[Recorded]:
    db = open_history(folder, LIMIT, create=False)
    assert db is not None
    with closing(db):
        writers = {
            one.id: one.writer for one in queries.actions(db, Filter(), before=None, limit=999)
        }
        return [
            (
                writers[one.action],
                one.key,
                queries.content(db, one, after=False),
                queries.content(db, one, after=True),
            )
            for one in queries.changes_with(
                db, [id for (id,) in db.execute("SELECT id FROM changes")]
            )
        ]


OURS = Origin("editor", "ours")
LARGE = b"x" * (outside.KEPT_SIZE + 1)
Step = Callable[[RecordingStore, Other], Awaitable[object]]


async def _put(store: RecordingStore, other: Other) -> None:
    other.put("old", b"2", '"m"')
    other.put("new", b"1")


async def _put_twice(store: RecordingStore, other: Other) -> None:
    other.put("old", b"2")
    await looked(store)
    other.put("old", b"3")


async def _delete(store: RecordingStore, other: Other) -> None:
    other.delete("old", "none")


async def _put_again(store: RecordingStore, other: Other) -> None:
    other.delete("old")
    await follow(store, 0.5)
    other.put("old", b"2")


async def _large(store: RecordingStore, other: Other) -> None:
    other.put("large", b"2")


async def _metadata(store: RecordingStore, other: Other) -> None:
    with closing(sqlite3.connect(other.path)) as db:
        db.execute("""UPDATE _mf_entries SET metadata = '"m"' WHERE key = 'old'""")
        db.commit()


async def _over_ours(store: RecordingStore, other: Other) -> None:
    await store.by(OURS).put("A", Write("old", b"ours"))
    other.put("old", b"2")


async def _delete_ours(store: RecordingStore, other: Other) -> None:
    await store.by(OURS).put("A", Write("old", b"ours"))
    other.delete("old")


async def _ours(store: RecordingStore, other: Other) -> None:
    await store.by(OURS).put("A", Write("old", b"ours"))
    await store.by(OURS).delete("A", ["large"])
    other.put("new", b"1")


async def _expired(store: RecordingStore, other: Other) -> None:
    soon = int(time.time()) + 1
    await store.by(OURS).put("A", Write("old", b"ours", None, soon))
    await follow(store, 0.3)
    other.put("new", b"1")  # so that it is looked at
    while time.time() <= soon:
        await follow(store, 0.1)
    other.delete("old")


async def _hidden(store: RecordingStore, other: Other) -> None:
    await store.by(OURS).put("A", Write("old", b"ours", None, int(time.time()) + 1800))
    await follow(store, 0.3)
    await store.move_clock(Shift(3600))
    other.delete("old")


async def _other_files(store: RecordingStore, other: Other) -> None:
    for ending in ("", "-wal", "-shm"):
        Path(f"{other.path}{ending}").unlink(missing_ok=True)
    await looked(store)
    await store.by(OURS).put("A", Write("old", b"ours"))
    other.put("old", b"2")


OLD, NEW = Entry(b"1"), Entry(b"1")
MINE = Entry(b"ours")
CASES: dict[str, tuple[Step, list[Recorded]]] = {
    "put": (_put, [(OUTSIDE, "old", OLD, Entry(b"2", '"m"')), (OUTSIDE, "new", None, NEW)]),
    "put twice": (
        _put_twice,
        [(OUTSIDE, "old", OLD, Entry(b"2")), (OUTSIDE, "old", Entry(b"2"), Entry(b"3"))],
    ),
    "delete": (_delete, [(OUTSIDE, "old", OLD, None)]),
    "delete and put": (
        _put_again,
        [(OUTSIDE, "old", OLD, None), (OUTSIDE, "old", None, Entry(b"2"))],
    ),
    "a large value": (
        _large,
        [(OUTSIDE, "large", Unknown(len(LARGE), '"large"'), Entry(b"2"))],
    ),
    "metadata": (_metadata, [(OUTSIDE, "old", OLD, Entry(b"1", '"m"'))]),
    "over ours": (
        _over_ours,
        [("editor", "old", OLD, MINE), (OUTSIDE, "old", MINE, Entry(b"2"))],
    ),
    "delete of ours": (
        _delete_ours,
        [("editor", "old", OLD, MINE), (OUTSIDE, "old", MINE, None)],
    ),
    "ours": (
        _ours,
        [
            ("editor", "old", OLD, MINE),
            ("editor", "large", Entry(LARGE, '"large"'), None),
            (OUTSIDE, "new", None, NEW),
        ],
    ),
    "an expired key": (
        _expired,
        [("editor", "old", OLD, Entry(b"ours", None, 0)), (OUTSIDE, "new", None, NEW)],
    ),
    "a key that a moved clock hides": (
        _hidden,
        [
            ("editor", "old", OLD, Entry(b"ours", None, 0)),
            (OUTSIDE, "old", Entry(b"ours", None, 0), None),
        ],
    ),
    "other files": (
        _other_files,
        [("editor", "old", None, MINE), (OUTSIDE, "old", MINE, Entry(b"2"))],
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_what_another_program_does_is_recorded_once(tmp_path: Path, name: str) -> None:
    step, wanted = CASES[name]
    first = open_store("wrangler:", tmp_path)
    await first.put_many("A", [Write("old", *OLD), Write("large", LARGE, '"large"')])
    await first.close()
    store, second = open_recorded(tmp_path), open_recorded(tmp_path)
    await follow(store, 0.5)
    await follow(second, 0.2)  # only one of the two looks
    both = asyncio.gather(looked(second), follow(store, 0))
    await step(store, Other(tmp_path))
    await asyncio.gather(both, looked(store))
    await store.close()
    await second.close()
    found = [(*one[:2], timeless(one[2]), timeless(one[3])) for one in recorded(tmp_path)]
    assert found == wanted


def timeless(state: State) -> State:
    return state._replace(expiration=0) if state and state.expiration else state


async def test_a_value_that_is_not_known_is_not_restored(tmp_path: Path) -> None:
    store = open_recorded(tmp_path)
    await store.put("A", Write("large", LARGE, '"m"'))
    await follow(store, 0.5)
    Other(tmp_path).put("large", b"2")
    await looked(store)
    scope = scope_of(tmp_path, store)
    (newest,) = await list_history(scope, Filter(writer=OUTSIDE))
    plan = await plan_undo(scope, str(newest.action.id))
    assert (plan.unknown, plan.changed, plan.batches) == (1, [], [])
    shown = change_json(scope, newest.changes[0])
    assert shown["before"] == {"size": len(LARGE), "unknown": True, "metadata": '"m"'}
    await store.close()


async def test_another_process_takes_over(tmp_path: Path) -> None:
    store = open_recorded(tmp_path)
    await store.put("A", Write("old", b"1"))
    second = open_recorded(tmp_path)
    await follow(store, 0.3)
    await follow(second, 0.3)
    await store.close()
    await follow(second, 0.5)
    Other(tmp_path).put("old", b"2")
    await looked(second)
    await second.close()
    assert recorded(tmp_path)[1:] == [(OUTSIDE, "old", Entry(b"1"), Entry(b"2"))]


async def test_a_delete_of_many_keys_is_ours(tmp_path: Path) -> None:
    store = open_recorded(tmp_path)
    many = [f"{number}" for number in range(2500)]
    await store.put_many("A", [Write(name, b"v") for name in many])
    await follow(store, 0.5)
    await asyncio.gather(store.delete("A", many), follow(store, 1))
    await looked(store)
    await store.close()
    gone = [(writer, after) for writer, *_, after in recorded(tmp_path)[len(many) :]]
    assert gone == [(UNKNOWN.writer, None)] * len(many)


async def test_more_than_can_be_recorded_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "MOST_KEYS", 3)
    store = open_recorded(tmp_path)
    await store.put_many("A", [Write(f"{number}", b"") for number in range(5)])
    await follow(store, 0.5)
    other = Other(tmp_path)
    other.delete(*(f"{number}" for number in range(5)))
    await looked(store)
    with closing(sqlite3.connect(other.path)) as db:
        for number in range(7):
            values = (f"new {number}", os.urandom(40).hex())
            db.execute("INSERT INTO _mf_entries (key, blob_id) VALUES (?, ?)", values)
        db.commit()
    await looked(store)
    await store.close()
    history = open_history(tmp_path, LIMIT, create=False)
    assert history is not None
    with closing(history):
        found = queries.actions(history, Filter(writer=OUTSIDE), before=None, limit=9)
    assert [(one.keys, one.left_out) for one in found] == [(3, 4), (3, 2)]


async def test_a_namespace_of_another_form_does_no_harm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_recorded(tmp_path)
    await store.put("A", Write("old", b"1"))
    with closing(sqlite3.connect(Other(tmp_path).path)) as db:
        rows = [("raw", b"\0"), ("number", 7), ("path", "../../victim"), (None, "ab" * 40)]
        db.executemany("INSERT INTO _mf_entries (key, blob_id) VALUES (?, ?)", rows)
        db.execute("INSERT INTO _mf_entries VALUES ('m', ?, 'never', zeroblob(99))", ("ab" * 40,))
        db.commit()
    await follow(store, 0.5)
    Other(tmp_path).put("old", b"2")
    await looked(store)
    await store.close()
    assert recorded(tmp_path)[1:] == [(OUTSIDE, "old", Entry(b"1"), Entry(b"2"))]
    assert not caplog.text
