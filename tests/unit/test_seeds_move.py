"""Keys moved from one namespace to another: all or none, and nobody's work is lost."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from kvlens.kv.clock import ManualClock
from kvlens.kv.records import Entry, Write
from kvlens.operations.namespaces import Unclaimed, unclaimed
from kvlens.seeds.move import Existing, Transferred, copy, move
from kvlens.seeds.progress import CancelledError
from kvlens.stores.base import Batch, Seen, Store, StoreError
from kvlens.stores.memory import MemoryStore
from kvlens.stores.registry import open_store
from kvlens.stores.spool import Spool
from kvlens.stores.wrangler import commit
from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.disk_format import database_name, database_path
from kvlens.stores.wrangler.journal import Journal

CLOCK = ManualClock(1_700_000_000)
LATER = 1_700_001_000


@pytest_asyncio.fixture(params=["memory:", "wrangler:"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opened = open_store(request.param, tmp_path, CLOCK)
    await opened.put_many("OLD", [Write("a", b"1", '{"m":1}', LATER), Write("b", b"\xff")])
    yield opened
    await opened.close()


async def entries(store: Store, ns: str, keys: str = "abc") -> list[Entry | None]:
    return [await store.get(ns, key) for key in keys]


A, B = Entry(b"1", '{"m":1}', LATER), Entry(b"\xff", None, None)
OTHER = Entry(b"other", None, None)
OVER: dict[str, tuple[Existing, Transferred, list[Entry | None], list[Entry | None]]] = {
    # existing: (the result, then OLD's a and b, then NEW's)
    "refuse": ("refuse", Transferred(0, ["a"]), [A, B], [OTHER, None]),
    "keep": ("keep", Transferred(1, ["a"]), [A, None], [OTHER, B]),
    "overwrite": ("overwrite", Transferred(2, ["a"]), [None, None], [A, B]),
}


async def test_everything_goes_over(store: Store) -> None:
    await store.put("NEW", Write("b", b"\xff"))  # the same value doesn't conflict
    await store.put("NEW", Write("c", b"3"))
    assert await move(store, "OLD", "NEW") == Transferred(2, [])
    assert await entries(store, "OLD") == [None, None, None]
    assert await entries(store, "NEW") == [A, B, Entry(b"3", None, None)]
    assert await move(store, "OLD", "NEW") == Transferred(0, [])
    assert await move(store, "NEW", "NEW") == Transferred(0, [])
    assert (await store.stats("NEW")).keys == 3


@pytest.mark.parametrize(("existing", "answer", "old", "new"), OVER.values(), ids=OVER.keys())
async def test_what_both_have(
    store: Store,
    existing: Existing,
    answer: Transferred,
    old: list[Entry | None],
    new: list[Entry | None],
) -> None:
    await store.put("NEW", Write("a", b"other"))
    found = await move(store, "OLD", "NEW", existing)
    assert found[:2] == answer[:2]
    assert (found.digest is None) == (existing != "refuse")
    assert await entries(store, "OLD", "ab") == old
    assert await entries(store, "NEW", "ab") == new


async def test_an_answer_counts_for_what_was_asked_about(store: Store) -> None:
    await store.put("NEW", Write("a", b"other"))
    asked = await move(store, "OLD", "NEW")
    await store.put("NEW", Write("a", b"since"))
    again = await move(store, "OLD", "NEW", "overwrite", asked.digest)
    assert again[:2] == (0, ["a"])
    assert await entries(store, "OLD", "ab") == [A, B]
    assert await entries(store, "NEW", "ab") == [Entry(b"since"), None]
    assert await move(store, "OLD", "NEW", "overwrite", again.digest) == Transferred(2, ["a"])
    assert await entries(store, "NEW", "ab") == [A, B]


LAST: dict[str, tuple[Write, Entry]] = {
    # a Worker's write after the key was read: (the write, the value afterwards)
    "value": (Write("a", b"2", '{"m":1}', LATER), Entry(b"2", '{"m":1}', LATER)),
    "metadata": (Write("a", b"1", '{"m":2}', LATER), Entry(b"1", '{"m":2}', LATER)),
    "expiration": (Write("a", b"1", '{"m":1}'), Entry(b"1", '{"m":1}')),
}


@pytest.mark.parametrize(("write", "stays"), LAST.values(), ids=LAST.keys())
async def test_what_is_written_before_the_change_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch, write: Write, stays: Entry
) -> None:
    change = store.change_many

    async def late(batches: Sequence[Batch]) -> int:
        await store.put("OLD", write)
        return await change(batches)

    monkeypatch.setattr(store, "change_many", late)
    assert await move(store, "OLD", "NEW") == Transferred(1, [])
    assert await entries(store, "OLD", "ab") == [stays, None]
    assert await entries(store, "NEW", "ab") == [A, B]


# -- on disk -----------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    """OLD has "a" and "b", NEW has another "a"."""
    monkeypatch.setattr(commit, "BUSY_SECONDS", 0.1)
    opened = open_store("wrangler:", tmp_path, CLOCK)
    await opened.put_many("OLD", [Write("a", b"1", '{"m":1}', LATER), Write("b", b"\xff")])
    await opened.put("NEW", Write("a", b"other"))
    yield opened
    await opened.close()


@contextmanager
def locked(tmp_path: Path, ns: str) -> Iterator[None]:
    """Hold the write lock of a namespace's database, like another program."""
    state = tmp_path / ".wrangler" / "state" / "v3"
    with closing(sqlite3.connect(database_path(state, ns), isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def failing(what: Any, name: str, error: Exception, nth: int = 1) -> Iterator[None]:
    """Let the nth call of a function fail."""
    real, calls = getattr(what, name), count(1)

    def fail(*given: Any, **named: Any) -> Any:
        if next(calls) == nth:
            raise error
        return real(*given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(what, name, fail)
        yield


IO = sqlite3.OperationalError("disk I/O error")
FULL = OSError(errno.ENOSPC, "No space left on device")
FAILURES: dict[str, tuple[Callable[[Path], AbstractContextManager[None]], str]] = {
    # id: (what goes wrong, the error)
    "locked target": (
        lambda path: locked(path, "NEW"),
        f"{database_name('NEW')}.sqlite has been locked by another program",
    ),
    "locked source": (
        lambda path: locked(path, "OLD"),
        f"{database_name('OLD')}.sqlite has been locked by another program",
    ),
    "a value can't be kept": (lambda _: failing(Spool, "add", StoreError("full")), "full"),
    "a value can't be written": (lambda _: failing(Blobs, "write", FULL, 2), "No space left"),
    "no journal": (lambda _: failing(Journal, "seal", FULL), "No space left"),
    "a row of the target": (lambda _: failing(commit, "put_rows", IO), "disk I/O error"),
    "a row of the source": (lambda _: failing(commit, "delete_rows", IO), "disk I/O error"),
}


@pytest.mark.parametrize("moved", [True, False], ids=["move", "copy"])
@pytest.mark.parametrize(("failure", "error"), FAILURES.values(), ids=FAILURES.keys())
async def test_an_error_changes_nothing(
    disk: Store,
    tmp_path: Path,
    failure: Callable[[Path], AbstractContextManager[None]],
    error: str,
    moved: bool,
) -> None:
    with failure(tmp_path):
        try:
            await (move if moved else copy)(disk, "OLD", "NEW", "overwrite")
            failed = ""
        except StoreError as raised:
            failed = str(raised)
    if failed or moved:
        assert error in failed
        assert await entries(disk, "NEW") == [OTHER, None, None]
    else:  # a copy only reads the source
        assert await entries(disk, "NEW") == [A, B, None]
    assert await entries(disk, "OLD") == [A, B, None]


@pytest.mark.parametrize("moved", [True, False], ids=["move", "copy"])
@pytest.mark.parametrize("asked", [1, 2, 3], ids=["reading", "writing", "writing more"])
async def test_a_cancel_changes_nothing(store: Store, moved: bool, asked: int) -> None:
    await store.put_many("OLD", [Write(f"k{n:03}", b"v") for n in range(150)])
    await store.put("NEW", Write("a", b"other"))
    calls = count(1)
    with pytest.raises(CancelledError, match="nothing was " + ("moved" if moved else "copied")):
        await (move if moved else copy)(
            store, "OLD", "NEW", "overwrite", cancelled=lambda: next(calls) == asked
        )
    assert await entries(store, "OLD", "ab") == [A, B]
    assert await entries(store, "NEW", "ab") == [OTHER, None]
    assert ((await store.stats("OLD")).keys, (await store.stats("NEW")).keys) == (152, 1)


async def test_what_a_worker_writes_during_the_change_stays(
    disk: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Worker writes when the journal is complete, and the change is final."""
    seal = Journal.seal

    async def write() -> None:
        other = open_store("wrangler:", tmp_path, CLOCK)
        await other.put("OLD", Write("b", b"worker"))
        await other.close()

    def late(journal: Journal) -> None:
        seal(journal)
        asyncio.run(write())

    monkeypatch.setattr(Journal, "seal", late)
    assert await move(disk, "OLD", "NEW", "overwrite") == Transferred(1, ["a"])
    assert await entries(disk, "OLD", "ab") == [None, Entry(b"worker")]
    assert await entries(disk, "NEW", "ab") == [A, B]


KILLED = """
import asyncio, os, sys
from pathlib import Path
from kvlens.kv.clock import ManualClock
from kvlens.seeds.move import move
from kvlens.stores.registry import open_store
from kvlens.stores.wrangler import commit
from kvlens.stores.wrangler.journal import Journal

where = {"Journal": Journal, "commit": commit}[sys.argv[2]]
setattr(where, sys.argv[3], lambda *_: os._exit(9))
store = open_store("wrangler:", Path(sys.argv[1]), ManualClock(1_700_000_000))
asyncio.run(move(store, "OLD", "NEW", "overwrite"))
"""
KILLS: dict[str, tuple[str, str, bool]] = {
    # id: (the call in which the process ends, whether the next one completes the move)
    "before it is final": ("Journal", "seal", False),
    "before the target": ("commit", "put_rows", True),
    "between the two": ("commit", "delete_rows", True),
}


@pytest.mark.parametrize(("where", "call", "done"), KILLS.values(), ids=KILLS.keys())
async def test_a_killed_move_is_completed_or_never_was(
    disk: Store, tmp_path: Path, where: str, call: str, done: bool
) -> None:
    await disk.close()
    script = [sys.executable, "-c", KILLED, str(tmp_path), where, call]
    assert subprocess.run(script, check=False).returncode == 9
    store = open_store("wrangler:", tmp_path, CLOCK)
    assert await entries(store, "OLD", "ab") == ([None, None] if done else [A, B])
    assert await entries(store, "NEW", "ab") == ([A, B] if done else [OTHER, None])
    await store.close()


# -- a store that can't undo -------------------------------------------------------------------


class OneByOne(MemoryStore):
    """A store that makes changes one by one, until it is full, or meets a locked namespace."""

    atomic = False
    left = 99
    locked: str | None = None
    meanwhile: Sequence[tuple[str, Write]] = ()

    async def change_many(self, batches: Sequence[Batch]) -> int:
        for ns, writes, _, unchanged, _ in batches:
            for write in writes:
                await self._count()
                await self.put(ns, write)
            for seen in unchanged:
                await self._count()
                await super().delete_unchanged(ns, [seen])
        return 0

    async def delete_unchanged(self, ns: str, seen: Sequence[Seen]) -> Sequence[str]:
        if ns == self.locked:
            raise StoreError("locked")
        return await super().delete_unchanged(ns, seen)

    async def put_many(self, ns: str, writes: Iterable[Write]) -> None:
        for write in writes:
            await self.put(ns, write)

    async def _count(self) -> None:
        if self.left == 0:
            for ns, write in self.meanwhile:  # a Worker is faster than the undoing
                await self.put(ns, write)
            raise StoreError("Full.")
        self.left -= 1


@pytest.mark.parametrize("left", range(8))
async def test_a_failure_takes_back_what_was_done(left: int) -> None:
    store = OneByOne(CLOCK)
    await store.put_many("OLD", [Write(key, b"1") for key in "abcd"])
    await store.put_many("NEW", [Write("a", b"other"), Write("d", b"1")])
    store.left = left
    with pytest.raises(StoreError, match=r"Full\. This was taken back: nothing was moved\."):
        await move(store, "OLD", "NEW", "overwrite")
    assert await entries(store, "OLD", "abcd") == [Entry(b"1")] * 4
    assert await entries(store, "NEW", "abcd") == [OTHER, None, None, Entry(b"1")]


async def test_what_a_worker_writes_before_a_failure_is_not_taken_back() -> None:
    store = OneByOne(CLOCK)
    await store.put_many("OLD", [Write(key, b"1") for key in "abcd"])
    await store.put_many("NEW", [Write("a", b"other"), Write("b", b"other")])
    store.left = 6
    late = Write("b", b"worker"), Write("c", b"worker")
    store.meanwhile = [("NEW", late[0]), ("NEW", late[1]), ("OLD", late[0])]
    with pytest.raises(StoreError, match="taken back"):
        await move(store, "OLD", "NEW", "overwrite")
    worker = Entry(b"worker")
    assert await entries(store, "NEW", "abcd") == [OTHER, worker, worker, None]
    assert await entries(store, "OLD", "abcd") == [Entry(b"1"), worker, Entry(b"1"), Entry(b"1")]


@pytest.mark.parametrize(
    ("transfer", "again"), [(move, "Move them again"), (copy, "Copy them again")]
)
async def test_what_cannot_be_taken_back_is_named(
    transfer: Callable[..., Awaitable[Transferred]], again: str
) -> None:
    store = OneByOne(CLOCK)
    await store.put_many("OLD", [Write("a", b"1"), Write("b", b"1")])
    store.left, store.locked = 1, "NEW"
    with pytest.raises(StoreError) as failed:
        await transfer(store, "OLD", "NEW")
    assert str(failed.value) == (
        'Full. This could not be taken back (locked): "NEW" has some of the keys of "OLD". '
        f"{again}, with --existing overwrite."
    )
    store.left, store.locked = 99, None
    await transfer(store, "OLD", "NEW", "overwrite")
    assert await entries(store, "NEW", "ab") == [Entry(b"1")] * 2


async def test_namespaces_that_nobody_names_are_known(store: Store) -> None:
    await store.put("MINE", Write("a", b"1"))
    await store.put("EMPTY", Write("a", b"1"))
    await store.delete("EMPTY", ["a"])
    assert await unclaimed(store, {"MINE"}) == [Unclaimed("OLD", 2, 2)]
    assert await unclaimed(store, {"MINE", "OLD"}) == []


async def test_a_link_among_the_namespaces_is_not_followed(tmp_path: Path) -> None:
    store = open_store("wrangler:", tmp_path, CLOCK)
    await store.put("OLD", Write("a", b"1"))
    kv = tmp_path / ".wrangler" / "state" / "v3" / "kv"
    (kv / "LINK").symlink_to(kv / "OLD", target_is_directory=True)
    (kv / "file").write_text("", encoding="utf-8")
    assert [one.id for one in await unclaimed(store, ())] == ["OLD"]
    await store.close()


@pytest.mark.parametrize("moved", [True, False], ids=["move", "copy"])
@pytest.mark.parametrize("existing", ["refuse", "keep", "overwrite"])
async def test_a_damaged_key_hides_no_other(
    disk: Store, tmp_path: Path, moved: bool, existing: Existing
) -> None:
    """One of the source stays there, one of the target counts as other content."""
    await disk.put_many("OLD", [Write(key, b"v") for key in ("bad source", "bad target", "good")])
    await disk.put("NEW", Write("bad target", b""))
    await disk.delete("NEW", ["a"])
    state = tmp_path / ".wrangler" / "state" / "v3"
    for ns, key in (("OLD", "bad source"), ("NEW", "bad target")):
        with closing(sqlite3.connect(database_path(state, ns), isolation_level=None)) as db:
            db.execute("UPDATE _mf_entries SET blob_id = '../x' WHERE key = ?", (key,))
    done = await (move if moved else copy)(disk, "OLD", "NEW", existing)
    assert done.conflicts == ["bad target"]
    assert [error.key for error in done.damaged] == ["bad source"]
    assert done.keys == {"refuse": 0, "keep": 3, "overwrite": 4}[existing]
    names = {info.name for info in (await disk.list("NEW")).keys}
    went = set() if existing == "refuse" else {"a", "b", "good"}
    assert names == {"bad target"} | went
    left = {info.name for info in (await disk.list("OLD")).keys}
    gone = (went | ({"bad target"} if existing == "overwrite" else set())) if moved else set()
    assert left == {"a", "b", "bad source", "bad target", "good"} - gone
    if existing == "overwrite":
        assert await disk.get("NEW", "bad target") == Entry(b"v")
