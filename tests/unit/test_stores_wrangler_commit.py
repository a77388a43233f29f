"""Changes in steps have the same result as changes in one go, and none is left unfinished."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kvlens.kv.records import Write
from kvlens.stores.base import Batch, Replaced, StoreError, digest
from kvlens.stores.wrangler import commit as module
from kvlens.stores.wrangler import journal
from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.changes import Bulk, Change, Clear, Delete, Purge, Put, Replace
from kvlens.stores.wrangler.commit import UnfinishedError, commit, commit_between, finish_journals
from kvlens.stores.wrangler.database import connect
from kvlens.stores.wrangler.disk_format import SCHEMA
from kvlens.stores.wrangler.journal import Journal, Journals
from kvlens.stores.wrangler.staged import Staged

NOW = 1_800_000_000
BEFORE = [
    Write(f"k{n:03}", b"old %d" % n, f"[{n}]", None if n % 3 else NOW + 1000 * (n % 2) - 500)
    for n in range(100)
]
AFTER = [Write(f"k{n:03}", b"new %d" % n, None, NOW + n) for n in range(50, 150)]


class Files:
    """A namespace's files without a store."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "kv.sqlite"
        self.db = connect(self.path)
        self.db.execute("PRAGMA journal_mode = WAL").fetchall()
        self.db.execute("PRAGMA busy_timeout = 0")
        for statement in SCHEMA:
            self.db.execute(statement)
        self.blobs = Blobs(folder / "blobs")
        self.journals = Journals(folder)
        commit(self.db, self.blobs, [self.bulk(BEFORE)])

    def bulk(self, writes: list[Write], deletes: tuple[str, ...] = ()) -> Bulk:
        staged = Staged(self.blobs)
        staged.fill(Batch("KV", iter(writes), deletes))
        return Bulk(staged)

    def reach(self, ns: str) -> tuple[sqlite3.Connection, Blobs] | None:
        return (self.db, self.blobs) if ns == "KV" else None

    def in_steps(self, *changes: Change) -> None:
        commit_between(self.db, self.blobs, changes, "KV", self.journals)

    def finish(self) -> list[str]:
        return list(finish_journals(self.journals, self.reach).get("KV", ()))

    def rows(self) -> list[Any]:
        rows = self.db.execute("SELECT * FROM _mf_entries ORDER BY key").fetchall()
        return [(row[0], self.blobs.read(row[1]), *row[2:]) for row in rows]

    def kept(self) -> set[str]:
        return {row[0] for row in self.db.execute("SELECT blob_id FROM _mf_entries")}

    def names(self) -> set[str]:
        return {path.name for path in self.blobs.folder.iterdir()}


CHANGES: dict[str, Callable[[Files], Change]] = {
    "put one": lambda _: Put(AFTER[:1]),
    "put some": lambda _: Put([*AFTER[:30], Write("k060", b"twice")]),
    "put many": lambda files: files.bulk([*AFTER, Write("k060", b"twice")]),
    "put and delete": lambda files: files.bulk(AFTER, ("k000", "k001", "k060", "x")),
    "replace": lambda _: Replace("k001", b"new"),
    "replace what was read": lambda _: Replace("k001", b"new", digest(b"old 1")),
    "replace what was not read": lambda _: Replace("k001", b"new", digest(b"old 2")),
    "replace what has expired": lambda _: Replace("k000", b"new"),
    "replace what is not there": lambda _: Replace("x", b"new"),
    "delete some": lambda _: Delete(["k000", "k001", "x", "k001"]),
    "delete many": lambda files: files.bulk([], tuple(f"k{n:03}" for n in range(120))),
    "clear": lambda _: Clear(),
    "purge": lambda _: Purge(),
}
LARGE = {name: CHANGES[name] for name in ("put many", "put and delete", "delete many", "clear")}


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    files = Files(tmp_path)
    yield files
    files.db.close()


def made(files: Files, change: Change) -> Change:
    change.now = NOW * 1000
    return change


def failing(
    monkeypatch: pytest.MonkeyPatch, steps: int, error: Callable[[], BaseException]
) -> None:
    """Let this many steps succeed, and the next one fail."""
    run, left = module._QuietMoments.run, [steps]

    def some(turn: Any, parts: Any) -> None:
        left[0] -= 1
        if left[0] == -1:
            raise error()
        run(turn, parts)

    monkeypatch.setattr(module._QuietMoments, "run", some)


@pytest.mark.parametrize("make", CHANGES.values(), ids=CHANGES)
def test_the_same(tmp_path: Path, make: Callable[[Files], Change]) -> None:
    found = []
    for name in ("whole", "steps"):
        (tmp_path / name).mkdir()
        files = Files(tmp_path / name)
        try:
            change = made(files, make(files))
            if name == "whole":
                commit(files.db, files.blobs, [change])
            else:
                files.in_steps(change)
            assert change.error is None
            assert files.names() == files.kept() | set(change.gone)
            assert not files.kept() & set(change.gone)
            found.append((files.rows(), change.result, len(change.gone)))
            assert not files.journals.is_used()
        finally:
            files.db.close()
    assert found[0] == found[1]


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_step_that_fails(
    files: Files, monkeypatch: pytest.MonkeyPatch, make: Callable[[Files], Change], steps: int
) -> None:
    """The change is undone; the others with it are made."""
    before, names = files.rows(), files.names()
    change, last = made(files, make(files)), made(files, Replace("k099", b"x"))
    failing(monkeypatch, steps, lambda: sqlite3.OperationalError("database or disk is full"))
    files.in_steps(change, last)
    assert "full" in str(change.error)
    assert (last.error, last.result) == (None, Replaced.DONE)
    assert files.rows() == [*before[:-1], (before[-1][0], b"x", *before[-1][2:])]
    assert files.names() - set(change.gone) - set(last.gone) == files.kept()
    assert names - set(last.gone) <= files.names()
    assert not files.journals.is_used()


class Killed(BaseException):
    """Ends the work like a kill: nothing is cleaned up."""


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
@pytest.mark.parametrize("steps", range(4))
def test_who_is_killed_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Files], Change], steps: int
) -> None:
    (tmp_path / "whole").mkdir()
    whole = Files(tmp_path / "whole")
    commit(whole.db, whole.blobs, [made(whole, make(whole))])
    files = Files(tmp_path)
    change = made(files, make(files))
    with monkeypatch.context() as patch:
        failing(patch, steps, Killed)
        with pytest.raises(Killed):
            files.in_steps(change)
    assert len(list(files.journals.path.iterdir())) == 1
    gone = files.finish()
    assert files.rows() == whole.rows()
    assert files.names() - set(gone) == files.kept()
    assert not files.kept() & set(gone)
    assert not files.journals.is_used()
    assert files.finish() == []
    whole.db.close()
    files.db.close()


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
@pytest.mark.parametrize("more", [0, 1, 2])
def test_a_kill_while_it_is_taken_back(
    files: Files, monkeypatch: pytest.MonkeyPatch, make: Callable[[Files], Change], more: int
) -> None:
    before = files.rows()
    run, left = module._QuietMoments.run, [2, more]

    def some(turn: Any, parts: Any) -> None:
        left[0] -= 1
        if left[0] == -1:
            raise sqlite3.OperationalError("database or disk is full")
        if left[0] < -1:
            left[1] -= 1
            if left[1] == -1:
                raise Killed
        run(turn, parts)

    with monkeypatch.context() as patch:
        patch.setattr(module._QuietMoments, "run", some)
        with pytest.raises(Killed):
            files.in_steps(made(files, make(files)))
    gone = files.finish()
    assert files.rows() == before
    assert files.names() - set(gone) == files.kept()


def test_what_cannot_be_taken_back_is_later(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.05)
    before = files.rows()
    other = connect(files.path)
    run = module._QuietMoments.run

    def locked(turn: Any, parts: Any) -> None:
        run(turn, parts)
        if not other.in_transaction:
            other.execute("BEGIN IMMEDIATE")

    change, small = files.bulk(AFTER), Put(AFTER[:1])
    with monkeypatch.context() as patch:
        patch.setattr(module._QuietMoments, "run", locked)
        files.in_steps(change, small)
    assert isinstance(change.error, UnfinishedError)
    assert "will be taken back when the namespace is opened next" in str(change.error)
    assert "locked" in str(small.error)
    assert change.gone == small.gone == []
    assert files.finish() == []  # still locked
    assert files.journals.is_used()
    other.execute("ROLLBACK")
    other.close()
    gone = files.finish()
    assert files.rows() == before
    assert files.names() - set(gone) == files.kept()


def test_a_journal_that_cannot_be_written(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files.rows()
    add = Journal._add
    for lines in (0, 1, 2, 60):
        left = [None] * lines

        def full(one: Journal, line: list[Any], left: list[None] = left) -> None:
            if not left:
                raise OSError(28, "No space left on device")
            left.pop()
            add(one, line)

        with monkeypatch.context() as patch:
            patch.setattr(Journal, "_add", full)
            change = files.bulk(AFTER)
            files.in_steps(change)
        assert "No space left" in str(change.error)
        assert files.rows() == before
        assert files.names() == files.kept()
        assert not files.journals.is_used()


# -- a Worker at the same time ---------------------------------------------------------------


@pytest.mark.parametrize("how", ["whole", "steps"])
def test_of_equal_replaces_one_is_done(files: Files, how: str) -> None:
    changes = [Replace("k001", b"%d" % n, digest(b"old 1")) for n in range(3)]
    if how == "whole":
        commit(files.db, files.blobs, changes)
    else:
        files.in_steps(*changes)
    results = [change.result for change in changes]
    assert results == [Replaced.DONE, Replaced.CHANGED, Replaced.CHANGED]
    assert files.rows()[1][1] == b"0"


@pytest.mark.parametrize("how", ["whole", "steps"])
def test_a_replace_sees_what_is_written_after_its_value(
    files: Files, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    prepare = Replace.prepare

    def between(change: Replace, db: sqlite3.Connection, blobs: Blobs) -> None:
        prepare(change, db, blobs)
        theirs = blobs.write(b"NEW 1")  # the same length as the current value
        db.execute("UPDATE _mf_entries SET blob_id = ? WHERE key = 'k001'", (theirs,))

    monkeypatch.setattr(Replace, "prepare", between)
    change = Replace("k001", b"mine", digest(b"old 1"))
    if how == "whole":
        commit(files.db, files.blobs, [change])
    else:
        files.in_steps(change)
    assert change.result is Replaced.CHANGED
    assert files.rows()[1][1] == b"NEW 1"
    assert change.gone == change.made


class Worker:
    """Writes to the same namespace like Miniflare: an overwritten value's file is removed."""

    def __init__(self, files: Files) -> None:
        self.files = files

    def put(self, key: str) -> None:
        old = self.delete(key)
        theirs = self.files.blobs.write(b"theirs")
        self.files.db.execute("REPLACE INTO _mf_entries VALUES (?, ?, NULL, NULL)", (key, theirs))
        assert old != theirs

    def delete(self, key: str) -> str | None:
        find = "DELETE FROM _mf_entries WHERE key = ? RETURNING blob_id"
        row = self.files.db.execute(find, (key,)).fetchone()
        if row is not None:
            self.files.blobs.remove([row[0]])
        return row and str(row[0])


WORKERS: dict[str, tuple[str, str, bytes | None]] = {
    # id: (its action, the key, the value afterwards); the journal stopped at k082
    "puts what was made": ("put", "k050", b"theirs"),
    "puts what was not": ("put", "k099", b"theirs"),
    "puts what is new and was not made": ("put", "k149", b"theirs"),
    "deletes what was made": ("delete", "k050", None),
    "deletes what was not": ("delete", "k099", None),
    "puts what is to go": ("put", "k001", b"theirs"),
    "does nothing": ("delete", "x", None),
}


@pytest.mark.parametrize(("does", "key", "there"), WORKERS.values(), ids=WORKERS)
@pytest.mark.parametrize("end", ["killed", "failed"])
def test_what_a_worker_writes_since_stays(
    files: Files,
    monkeypatch: pytest.MonkeyPatch,
    does: str,
    key: str,
    there: bytes | None,
    end: str,
) -> None:
    before = {row[0]: row[1] for row in files.rows()}
    worker = Worker(files)
    change = files.bulk(AFTER, ("k000", "k001"))
    run, left = module._QuietMoments.run, [2]

    def then(turn: Any, parts: Any) -> None:
        left[0] -= 1
        if left[0] == -1:
            getattr(worker, does)(key)
            raise Killed if end == "killed" else sqlite3.OperationalError("disk I/O error")
        run(turn, parts)

    with monkeypatch.context() as patch:
        patch.setattr(module._QuietMoments, "run", then)
        with contextlib.suppress(Killed):
            files.in_steps(change)
    gone = files.finish() if end == "killed" else change.gone
    found = {row[0]: row[1] for row in files.rows()}
    expected = dict(before)
    if end == "killed":
        expected.update({write.key: write.value for write in AFTER})
        del expected["k000"], expected["k001"]
    if does == "put":
        expected[key] = b"theirs"
    else:
        expected.pop(key, None)
    assert found == expected
    assert found.get(key) == there
    assert files.names() - set(gone) == files.kept()


def test_a_key_that_expires_meanwhile_is_written_all_the_same(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its expiration doesn't count as a write."""
    change = made(files, files.bulk([Write(write.key, b"again") for write in BEFORE]))
    run = module._QuietMoments.run

    def purged(turn: Any, parts: Any) -> None:
        files.db.execute("DELETE FROM _mf_entries WHERE expiration <= ?", (NOW * 1000,))
        run(turn, parts)

    monkeypatch.setattr(module._QuietMoments, "run", purged)
    files.in_steps(change)
    assert change.error is None
    assert {row[1] for row in files.rows()} == {b"again"}
    assert len(files.rows()) == len(BEFORE)


# -- journals of other programs -----------------------------------------------------------------


def sealed(*lines: Any) -> bytes:
    import hashlib

    body = b"".join(json.dumps(line).encode() + b"\n" for line in (journal.FIRST, *lines))
    rows = sum(line[0] == "row" for line in lines)
    seal = json.dumps(["sealed", rows, hashlib.sha256(body).hexdigest()]).encode()
    return body + seal + b"\n"


ID = "0" * 80
ROW = ["row", "k001", None, [ID, None, None]]
FOREIGN: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"hello\n",
    "binary": bytes(range(256)) * 100,
    "another program's": b'["journal", 2]\n',
    "not sealed": sealed(["namespace", "KV"], ROW).rpartition(b'["sealed')[0],
    "cut off": sealed(["namespace", "KV"], ROW)[:-9],
    "changed since": sealed(["namespace", "KV"], ROW).replace(b"k001", b"k002"),
    "a path for a blob": sealed(
        ["namespace", "KV"], ["row", "k001", None, ["../../x", None, None]]
    ),
    "an id too short": sealed(["namespace", "KV"], ["row", "k001", None, ["0" * 79, None, None]]),
    "an id with a line end": sealed(
        ["namespace", "KV"], ["row", "k", None, [f"{ID}\n", None, None]]
    ),
    "a time as text": sealed(["namespace", "KV"], ["row", "k", None, [ID, "soon", None]]),
    "a time too large": sealed(["namespace", "KV"], ["row", "k", None, [ID, 10**30, None]]),
    "a row without a change": sealed(["namespace", "KV"], ["row", "k001", None, None]),
    "a key that isn't text": sealed(["namespace", "KV"], ["row", 5, None, None]),
    "deep": sealed(["namespace", "KV"])[:-1] + b"[" * 100_000 + b"\n",
    "a long line": sealed(["namespace", "KV"], ["row", "k" * 1_100_000, None, None]),
    "a key with half a pair": sealed(
        ["namespace", "KV"], ["row", "\ud800", None, [ID, None, None]]
    ),
    "metadata with half a pair": sealed(
        ["namespace", "KV"], ["row", "k", None, [ID, None, "\ud800"]]
    ),
    "an old value with half a pair": sealed(
        ["namespace", "KV"], ["row", "k001", ["\ud800", None, None], None]
    ),
    "a namespace with half a pair": sealed(["namespace", "\ud800"], ROW),
    "a namespace without an id": sealed(["namespace"], ROW),
    "done too much": sealed(["namespace", "KV"], ROW) + b'["done", 5]\n',
    "a row behind the seal": sealed(["namespace", "KV"], ROW) + json.dumps(ROW).encode() + b"\n",
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_journal_of_somebody_else_changes_nothing(files: Files, content: bytes) -> None:
    before, names = files.rows(), files.names()
    files.journals.path.mkdir(parents=True)
    (files.journals.path / f"{'a' * 32}.journal").write_bytes(content)
    assert files.finish() == []
    assert files.rows() == before
    assert files.names() == names
    assert not files.journals.is_used()


def test_a_large_journal_without_a_seal_is_not_read(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository can hold one of gigabytes in a few megabytes."""
    monkeypatch.setattr(journal, "MARKS_SIZE", 1000)
    files.journals.path.mkdir(parents=True)
    line = json.dumps(ROW).encode() + b"\n"
    whole = sealed(["namespace", "KV"]).partition(b'["sealed')[0] + line * 10_000
    (files.journals.path / f"{'a' * 32}.journal").write_bytes(whole)
    read: list[bytes] = []
    lines = journal._lines

    def counted(*given: Any) -> Any:
        for one in lines(*given):
            read.append(one[0])
            yield one

    monkeypatch.setattr(journal, "_lines", counted)
    assert files.finish() == []
    assert len(read) == 1
    assert not files.journals.is_used()


@pytest.mark.parametrize("line", ['["kvlens journal", 2]', '["kvlens journal"]'])
def test_a_journal_of_another_version_is_left_for_it(
    files: Files, caplog: pytest.LogCaptureFixture, line: str
) -> None:
    """What it says about the keys isn't known here, and may be half of a change."""
    before, names = files.rows(), files.names()
    files.journals.path.mkdir(parents=True)
    place = files.journals.path / f"{'a' * 32}.journal"
    place.write_bytes(f"{line}\n".encode())
    for _ in range(2):
        assert files.finish() == []
    assert (files.rows(), files.names()) == (before, names)
    assert place.exists()
    (logged,) = caplog.messages
    assert logged.startswith(f"{place} can't be finished now: its format is ")
    assert "another version of KV Lens has written it" in logged
    with pytest.raises(StoreError):  # so no value that it names is taken for unused
        files.journals.values(files.blobs.folder, {ID})


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_journal_of_somebody_else_is_looked_through(files: Files, content: bytes) -> None:
    files.journals.path.mkdir(parents=True)
    (files.journals.path / f"{'a' * 32}.journal").write_bytes(content)
    with contextlib.suppress(StoreError):
        assert files.journals.values(files.blobs.folder, {ID}) <= {ID}


ODD = {
    "a key that is not UTF-8": "CAST(x'6bff' AS TEXT), 'x', NULL, NULL",
    "a key of bytes": "x'6bff', 'x', NULL, NULL",
    "no key": "NULL, 'x', NULL, NULL",
    "a name that is not UTF-8": "'odd', CAST(x'6bff' AS TEXT), NULL, NULL",
    "metadata that is not UTF-8": "'odd', 'x', NULL, CAST(x'6bff' AS TEXT)",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("steps", [99, 1])
def test_a_row_that_is_no_text_stops_no_clear(
    files: Files, monkeypatch: pytest.MonkeyPatch, odd: str, steps: int
) -> None:
    files.db.execute(f"INSERT INTO _mf_entries VALUES ({odd})")
    rows = "SELECT quote(key), quote(CAST(blob_id AS BLOB)), quote(metadata) FROM _mf_entries"
    before = set(files.db.execute(rows).fetchall())
    failing(monkeypatch, steps, lambda: OSError("stop"))
    change = made(files, Clear())
    files.in_steps(change)
    assert not files.journals.is_used()
    after = set(files.db.execute(rows).fetchall())
    if steps == 1:
        assert isinstance(change.error, OSError)
        assert after == before
    else:
        assert change.error is None
        assert len(after) <= 1 and after <= before


def test_a_journal_for_a_namespace_that_is_gone(files: Files) -> None:
    files.journals.path.mkdir(parents=True)
    content = sealed(["namespace", "other"], ROW, ["namespace", "KV"], ROW)
    (files.journals.path / f"{'a' * 32}.journal").write_bytes(content)
    before = files.rows()
    files.finish()
    assert files.rows() == before  # there is no such value


def test_only_names_of_ours_are_looked_at(files: Files, tmp_path: Path) -> None:
    place = files.journals.path
    place.mkdir(parents=True)
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (place / "notes.txt").write_bytes(b"mine")
    (place / ("b" * 32 + ".journal")).mkdir()
    if os.name != "nt":
        (place / ("c" * 32 + ".journal")).symlink_to(victim)
        os.mkfifo(place / ("d" * 32 + ".journal"))
    there = sorted(path.name for path in place.iterdir())
    assert files.finish() == []
    assert sorted(path.name for path in place.iterdir()) == there
    assert victim.read_bytes() == b"precious"


def test_a_journal_whose_writer_lives_is_left_alone(files: Files) -> None:
    writing = files.journals.begin()
    writing.add("KV", ())
    writing.seal()
    files.finish()
    assert writing.path.exists()
    writing.close()
    files.finish()
    assert not writing.path.exists()


def test_a_link_in_place_of_the_folder(files: Files, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "journal").mkdir(parents=True)
    kept = elsewhere / "journal" / f"{'a' * 32}.journal"
    kept.write_bytes(b"")
    try:
        files.journals.path.parent.symlink_to(elsewhere, target_is_directory=True)
    except OSError:  # Windows without the right to make links has none to fear
        return
    with pytest.raises(StoreError, match="is a link"):
        files.finish()
    change = files.bulk(AFTER)
    files.in_steps(change)
    assert "is a link" in str(change.error)
    assert kept.exists()


NOT_JOURNALS: dict[str, Callable[[Path], object]] = {
    "another file": lambda folder: (folder / "notes.txt").touch(),
    "a folder": lambda folder: (folder / f"{'0' * 32}.journal").mkdir(),
    "a link": lambda folder: (folder / f"{'0' * 32}.journal").symlink_to(folder / "none"),
}


@pytest.mark.parametrize("make", NOT_JOURNALS.values(), ids=NOT_JOURNALS)
def test_what_is_not_a_journal_holds_nothing_up(
    files: Files, make: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    files.journals.path.mkdir(parents=True)
    make(files.journals.path)
    for _ in range(2):
        files.finish()
        assert not files.journals.is_used()
    assert caplog.text.count("is not a journal") == 1
    assert len(list(files.journals.path.iterdir())) == 1
