"""Changes in steps end as changes at once do, and a failed step leaves nothing behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kvlens.kv import Write
from kvlens.stores import Replaced, digest
from kvlens.stores import commit as module
from kvlens.stores.blobs import Blobs
from kvlens.stores.changes import Change, Clear, Delete, Purge, Put, Replace
from kvlens.stores.commit import UndoError, commit, commit_between
from kvlens.stores.database import connect
from kvlens.stores.diskformat import SCHEMA

NOW = 1_800_000_000
BEFORE = [
    Write(f"k{n:03}", b"old %d" % n, f"[{n}]", None if n % 3 else NOW + 1000 * (n % 2) - 500)
    for n in range(100)
]
AFTER = [Write(f"k{n:03}", b"new %d" % n, None, NOW + n) for n in range(50, 150)]
CHANGES: dict[str, Callable[[], Change]] = {
    "put one": lambda: Put(AFTER[:1]),
    "put many": lambda: Put([*AFTER, Write("k060", b"twice")]),
    "replace": lambda: Replace("k001", b"new"),
    "replace what was read": lambda: Replace("k001", b"new", digest(b"old 1")),
    "replace what was not read": lambda: Replace("k001", b"new", digest(b"old 2")),
    "replace what has expired": lambda: Replace("k000", b"new"),
    "replace what is not there": lambda: Replace("x", b"new"),
    "delete some": lambda: Delete(["k000", "k001", "x", "k001"]),
    "delete many": lambda: Delete([f"k{n:03}" for n in range(120)]),
    "clear": Clear,
    "purge": Purge,
}


class Files:
    """A namespace's files without a store around them."""

    def __init__(self, folder: Path) -> None:
        self.db = connect(folder / "kv.sqlite")
        self.db.execute("PRAGMA journal_mode = WAL").fetchall()
        self.db.execute("PRAGMA busy_timeout = 0")
        for statement in SCHEMA:
            self.db.execute(statement)
        self.blobs = Blobs(folder / "blobs")
        commit(self.db, self.blobs, [Put(BEFORE)])

    def rows(self) -> list[Any]:
        rows = self.db.execute("SELECT * FROM _mf_entries ORDER BY key").fetchall()
        return [(row[0], self.blobs.read(row[1]), *row[2:]) for row in rows]

    def names(self) -> set[str]:
        return {path.name for path in self.blobs.folder.iterdir()}


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    files = Files(tmp_path)
    yield files
    files.db.close()


@pytest.mark.parametrize("make", CHANGES.values(), ids=CHANGES)
def test_the_same(tmp_path: Path, make: Callable[[], Change]) -> None:
    found = []
    for name, how in (("whole", commit), ("steps", commit_between)):
        (tmp_path / name).mkdir()
        files = Files(tmp_path / name)
        try:
            change = make()
            change.now = NOW * 1000
            how(files.db, files.blobs, [change])
            kept = {row[0] for row in files.db.execute("SELECT blob_id FROM _mf_entries")}
            assert files.names() == kept | set(change.gone)
            assert not kept & set(change.gone)
            found.append((files.rows(), change.result, len(change.gone)))
        finally:
            files.db.close()
    assert found[0] == found[1]


@pytest.mark.parametrize("make", CHANGES.values(), ids=CHANGES)
def test_a_step_that_fails(
    files: Files, monkeypatch: pytest.MonkeyPatch, make: Callable[[], Change]
) -> None:
    before, names = files.rows(), files.names()
    run = module._Turn.run
    left = [2]

    def failing(turn: Any, parts: Any) -> None:
        if not left[0]:
            raise sqlite3.OperationalError("database or disk is full")
        left[0] -= 1
        run(turn, parts)

    monkeypatch.setattr(module._Turn, "run", failing)
    change = make()
    change.now = NOW * 1000
    last = Replace("k099", b"x")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        commit_between(files.db, files.blobs, [change, *(Put(AFTER) for _ in range(3)), last])
    rest = files.rows()
    if isinstance(change, Purge):  # what has expired need not come back
        before = [row for row in before if row[2] is None or row[2] > change.now]
        rest = [row for row in rest if row[2] is None or row[2] > change.now]
    assert rest == before
    assert files.names() == names


@pytest.mark.parametrize("how", [commit, commit_between])
def test_of_equal_replaces_one_is_done(files: Files, how: Callable[..., None]) -> None:
    changes = [Replace("k001", b"%d" % n, digest(b"old 1")) for n in range(3)]
    how(files.db, files.blobs, changes)
    results = [change.result for change in changes]
    assert results == [Replaced.DONE, Replaced.CHANGED, Replaced.CHANGED]
    assert files.rows()[1][1] == b"0"


@pytest.mark.parametrize("how", [commit, commit_between])
def test_a_replace_sees_what_is_written_after_its_value(
    files: Files, monkeypatch: pytest.MonkeyPatch, how: Callable[..., None]
) -> None:
    prepare = Replace.prepare

    def between(change: Replace, db: sqlite3.Connection, blobs: Blobs) -> None:
        prepare(change, db, blobs)
        theirs = blobs.write(b"NEW 1")  # as long as what is there
        db.execute("UPDATE _mf_entries SET blob_id = ? WHERE key = 'k001'", (theirs,))

    monkeypatch.setattr(Replace, "prepare", between)
    change = Replace("k001", b"mine", digest(b"old 1"))
    how(files.db, files.blobs, [change])
    assert change.result is Replaced.CHANGED
    assert files.rows()[1][1] == b"NEW 1"
    assert change.gone == change.made


def test_undo_leaves_what_a_worker_wrote_since(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = files.blobs.write(b"theirs")
    run = module._Turn.run

    def between(turn: Any, parts: Any) -> None:
        if files.db.execute("SELECT 1 FROM _mf_entries WHERE key = 'k149'").fetchone():
            files.db.execute("UPDATE _mf_entries SET blob_id = ? WHERE key = 'k050'", (theirs,))
            raise sqlite3.OperationalError("disk I/O error")
        run(turn, parts)

    monkeypatch.setattr(module._Turn, "run", between)
    before = files.rows()
    with pytest.raises(sqlite3.OperationalError, match="I/O"):
        commit_between(files.db, files.blobs, [Put(AFTER), CHANGES["delete many"]()])
    after = files.rows()
    assert [row for row in after if row[0] != "k050"] == [r for r in before if r[0] != "k050"]
    assert {row[0]: row[1] for row in after}["k050"] == b"theirs"


def test_undo_that_fails_says_so(
    files: Files, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.05)
    other = connect(tmp_path / "kv.sqlite")
    run = module._Turn.run

    def locked(turn: Any, parts: Any) -> None:
        run(turn, parts)
        if not other.in_transaction:
            other.execute("BEGIN IMMEDIATE")

    monkeypatch.setattr(module._Turn, "run", locked)
    with pytest.raises(UndoError, match=r"after 32 entries \(database is locked\)"):
        commit_between(files.db, files.blobs, [Put(AFTER)])
    other.execute("ROLLBACK")
    other.close()
    assert len([row for row in files.rows() if row[1] and row[1].startswith(b"new")]) == 32
