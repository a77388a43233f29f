"""A repository may contain `.wrangler`, with anything in it. Nothing outside is touched.

Damaged or foreign data affects only its key or namespace, and the error names it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import sqlite3
import stat
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from kvlens.emulator.server import Emulator
from kvlens.kv.clock import ManualClock
from kvlens.kv.records import Entry, KeyInfo, Stats, Write
from kvlens.search.language import read
from kvlens.search.rows import Row
from kvlens.stores.base import Batch, DamagedKeyError, Seen, Step, Store, StoreError, digest
from kvlens.stores.batch import everything
from kvlens.stores.registry import open_store
from kvlens.stores.wrangler import database as database_module
from kvlens.stores.wrangler import errors, trash
from kvlens.stores.wrangler import store as module
from kvlens.stores.wrangler.blobs import MAX_SIZE, Blobs
from kvlens.stores.wrangler.changes import FEW
from kvlens.stores.wrangler.disk_format import (
    SCHEMA,
    blobs_path,
    database_path,
    is_blob_id,
    new_blob_id,
)
from kvlens.stores.wrangler.safe_paths import open_folder

NOW = 1_800_000_000


class Repository:
    """A project that somebody else made, with one valid key `good` and a file to protect."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / ".wrangler" / "state" / "v3"
        self.blobs = blobs_path(self.state, "KV")
        self.database = database_path(self.state, "KV")
        self.victim = folder / "victim.txt"
        self.victim.write_bytes(b"precious")
        os.utime(self.victim, (1, 1))
        self.database.parent.mkdir(parents=True)
        self.blobs.mkdir(parents=True)
        db = sqlite3.connect(self.database)
        db.execute("PRAGMA journal_mode = WAL")
        for statement in SCHEMA:
            db.execute(statement)
        db.close()
        self.put("good", b"good")

    def sql(self, statement: str, *values: object) -> None:
        db = sqlite3.connect(self.database)
        db.execute(statement, values)
        db.commit()
        db.close()

    def row(
        self, key: object, blob_id: object, expires: object = None, metadata: object = None
    ) -> None:
        self.sql("INSERT INTO _mf_entries VALUES (?, ?, ?, ?)", key, blob_id, expires, metadata)

    def put(self, key: str, value: bytes) -> str:
        name = new_blob_id()
        (self.blobs / name).write_bytes(value)
        self.row(key, name)
        return name

    def untouched(self) -> bool:
        return self.victim.read_bytes() == b"precious" and self.victim.stat().st_mtime == 1


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    (tmp_path / "project").mkdir()
    return Repository(tmp_path / "project")


@pytest.fixture
async def store(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    monkeypatch.setattr(trash, "UNLINK_DELAY", 0.05)
    opened = open_store("wrangler:", repository.folder, ManualClock(NOW))
    yield opened
    await opened.close()


async def found(store: Store, text: str) -> list[str]:
    """Return the keys that a filter matches."""
    return (await store.find("KV", read(text), Step(seconds=5.0))).names


async def shown(store: Store, key: str) -> Row:
    """Return a key as a row of the table."""
    (row,) = await store.rows("KV", [key])
    assert row is not None
    return row


# -- names of values -----------------------------------------------------------------------------

NAMES: dict[str, object] = {
    "a path": "../../../../../../victim.txt",
    "an absolute path": "{folder}/victim.txt",
    "a name beside": "note.txt",
    "empty": "",
    "the folder": ".",
    "too short": "0" * 79,
    "too long": "0" * 81,
    "capitals": "A" * 80,
    "a line end": "0" * 80 + "\n",
    "other digits": "\N{ARABIC-INDIC DIGIT ONE}" * 80,
    "a zero": "0" * 40 + "\0" + "0" * 39,
    "bytes": b"0" * 80,
    "a number": 7,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
async def test_a_name_that_is_none_of_a_values(
    repository: Repository, store: Store, name: object
) -> None:
    if isinstance(name, str):
        name = name.format(folder=repository.folder)
    (repository.blobs / "note.txt").write_bytes(b"a note")
    assert not is_blob_id(name)
    repository.row("bad", name)
    repository.row("expired", name, 1000)
    with pytest.raises(
        DamagedKeyError, match=r'Key "bad" is damaged in .* Put or delete'
    ) as caught:
        await store.get("KV", "bad")
    assert str(repository.database) in str(caught.value)
    bad = KeyInfo("bad", damaged=str(caught.value), foreign=True)
    assert (await store.list("KV")).keys == [bad, KeyInfo("good")]
    assert (await store.stats("KV")).size == 4
    await asyncio.sleep(0.2)  # expired keys are swept
    db = sqlite3.connect(repository.database)
    assert db.execute("SELECT count(*) FROM _mf_entries WHERE key = 'expired'").fetchone() == (1,)
    db.close()
    await store.put("KV", Write("bad", b"mine"))
    assert await store.get("KV", "bad") == Entry(b"mine")
    for number in range(20):
        await store.put("KV", Write("bad", b"%d" % number))
        await asyncio.sleep(0.01)
    assert await store.delete("KV", ["bad", "expired"]) == 1
    repository.row("bad", name)
    assert await store.replace("KV", "bad", b"other")
    repository.row("again", name)
    repository.row("expired", name, 1000)
    assert await store.clear("KV") == 2
    assert [key.name for key in (await store.list("KV")).keys] == ["again"]
    assert (await store.stats("KV")) == Stats(1, 0)
    assert await store.delete("KV", ["again"]) == 1
    await asyncio.sleep(0.2)
    await store.close()
    assert repository.untouched()
    assert (repository.blobs / "note.txt").read_bytes() == b"a note"


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "in use"])
async def test_a_clear_of_many_keys_leaves_a_row_that_names_no_value(
    repository: Repository, store: Store, shared: bool
) -> None:
    await store.put_many("KV", [Write(str(number), b"v") for number in range(FEW * 2)])
    repository.row("bad", "../../../../../../victim.txt", None, '"m"')
    if shared:  # then it is made in steps, with a journal
        repository.put("by another program", b"")
    assert await store.clear("KV") == FEW * 2 + 1 + shared
    (left,) = (await store.list("KV")).keys
    assert (left.name, left.metadata, left.foreign) == ("bad", '"m"', True)
    assert await store.stats("KV") == Stats(1, 0)
    await store.close()
    assert not list(repository.blobs.iterdir())
    assert repository.untouched()


def _link(path: Path, victim: Path) -> None:
    path.symlink_to(victim)


def _hard_link(path: Path, victim: Path) -> None:
    path.hardlink_to(victim)


def _pipe(path: Path, victim: Path) -> None:
    os.mkfifo(path)


def _zeros(path: Path, victim: Path) -> None:
    path.symlink_to("/dev/zero")


def _folder(path: Path, victim: Path) -> None:
    path.mkdir()


def _sparse(path: Path, victim: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MAX_SIZE + 1)


PLACES = {
    "a link": (_link, r"is a link that leads to"),
    "a pipe": (_pipe, "is a named pipe, not a file"),
    "an endless device": (_zeros, "is a link that leads to"),
    "a folder": (_folder, "is a folder, not a file"),
    "a large file": (_sparse, "over the limit of"),
}


@pytest.mark.skipif(os.name == "nt", reason="no pipes and links there")
@pytest.mark.parametrize(("make", "text"), PLACES.values(), ids=PLACES.keys())
async def test_a_value_that_is_no_file(
    repository: Repository, store: Store, make: Callable[[Path, Path], None], text: str
) -> None:
    name = new_blob_id()
    place = repository.blobs / name
    make(place, repository.victim)
    repository.row("bad", name)
    with pytest.raises(DamagedKeyError, match=text):
        await asyncio.wait_for(store.get("KV", "bad"), 20)
    assert await store.get("KV", "good") == Entry(b"good")
    assert await found(store, "size>=0") == await found(store, "-value:x") == ["good"]
    assert re.search(text, (await shown(store, "bad")).damaged or "")
    await store.put("KV", Write("bad", b"mine"))
    for number in range(40):
        await store.put("KV", Write("good", b"%d" % number))
        await store.put("KV", Write("bad", b"%d" % number))
        await asyncio.sleep(0.005)
    assert await store.get("KV", "bad") == Entry(b"39")
    assert await store.get("KV", "good") == Entry(b"39")
    await store.close()
    assert repository.untouched()


async def test_a_file_that_gets_another_value_while_it_is_searched_is_no_match(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_start = Blobs.start
    assert await found(store, "value:good") == ["good"]

    def reused(self: Blobs, blob_id: object, most: int) -> tuple[bytes, int] | None:
        start = read_start(self, blob_id, most)
        self.reused += 1
        self.remove([str(blob_id)])
        return start

    monkeypatch.setattr(Blobs, "start", reused)
    assert await found(store, "value:good") == []
    assert "is missing" in ((await shown(store, "good")).damaged or "")


@pytest.mark.skipif(os.name == "nt", reason="files are not used again there")
async def test_a_file_with_a_second_name_is_not_used_again(
    repository: Repository, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An archive can contain hard links."""
    monkeypatch.setattr(trash, "UNLINK_DELAY", 60.0)
    name = new_blob_id()
    (repository.blobs / name).hardlink_to(repository.victim)
    repository.row("bad", name)
    for number in range(20):
        await store.put("KV", Write("bad", b"%d" % number))
        await asyncio.sleep(0.02)
    assert repository.victim.read_bytes() == b"precious"


# -- values that two rows name -------------------------------------------------------------------

ONE = "FROM _mf_entries WHERE key = 'one'"
SHARED = digest(b"shared")
EVERY = [f"{number}" for number in range(FEW + 1)]


async def _copy_and_delete(store: Store) -> None:
    entry = await store.get("KV", "one")
    assert entry is not None
    assert await store.delete_unchanged("KV", [Seen.of("one", entry)]) == ["one"]


async def _expire(store: Store) -> None:
    assert await store.get("KV", "old") is None


TAKERS: dict[str, Callable[[Store], Awaitable[object]]] = {
    "put": lambda store: store.put("KV", Write("one", b"new")),
    "put if unchanged": lambda store: store.put_unchanged("KV", Write("one", b"new"), SHARED),
    "put several": lambda store: store.put_many("KV", [Write("one", b"new"), Write("b", b"b")]),
    "put many": lambda store: store.put_many("KV", [Write(key, b"") for key in ("one", *EVERY)]),
    "put to several namespaces": lambda store: store.change_many(
        [Batch("KV", [Write("one", b"new")]), Batch("OTHER", [Write("one", b"new")])]
    ),
    "replace": lambda store: store.replace("KV", "one", b"new"),
    "delete": lambda store: store.delete("KV", ["one"]),
    "delete many": lambda store: store.delete("KV", ["one", *EVERY]),
    "delete if unchanged, as a move does": _copy_and_delete,
    "expiry": _expire,
}


@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS.keys())
@pytest.mark.parametrize("when", ["at rest", "while open"])
async def test_a_value_that_two_rows_name_stays(
    repository: Repository, store: Store, when: str, take: Callable[[Store], Awaitable[object]]
) -> None:
    """As a damaged or hostile database has it: the other row keeps its value."""
    if when == "while open":
        await store.put_many("KV", [Write("one", b"shared"), Write("last", b"")])
        await store.put("KV", Write("last", b"v"))
    else:
        repository.put("one", b"shared")
    repository.sql("INSERT INTO _mf_entries SELECT 'two', blob_id, NULL, NULL " + ONE)
    repository.sql("INSERT INTO _mf_entries SELECT 'old', blob_id, 1000, NULL " + ONE)
    await take(store)
    await asyncio.sleep(0.3)
    for number in range(20):  # no file of a value that is named is used again
        await store.put("KV", Write("last", b"%d" % number))
        await asyncio.sleep(0.01)
    assert await store.get("KV", "two") == Entry(b"shared")
    await store.close()
    again = open_store("wrangler:", repository.folder, ManualClock(NOW))
    assert await again.get("KV", "two") == Entry(b"shared")
    assert await again.delete("KV", ["one", "two", "old"]) >= 1
    await again.close()
    assert len(list(repository.blobs.iterdir())) == keys_of(repository)


def keys_of(repository: Repository) -> int:
    with contextlib.closing(sqlite3.connect(repository.database)) as db:
        found: int = db.execute("SELECT count(*) FROM _mf_entries").fetchone()[0]
    return found


# -- links on the way ----------------------------------------------------------------------------

LINKED = [
    ".wrangler",
    ".wrangler/state",
    ".wrangler/state/v3",
    ".wrangler/state/v3/kv",
    ".wrangler/state/v3/kv/miniflare-KVNamespaceObject",
    ".wrangler/state/v3/kv/KV",
    ".wrangler/state/v3/kv/KV/blobs",
]


@pytest.mark.skipif(os.name == "nt", reason="making a link needs a right there")
@pytest.mark.parametrize("place", LINKED)
@pytest.mark.parametrize("named", [False, True], ids=["wrangler:", "wrangler:PATH"])
async def test_no_link_inside_the_project_is_followed(
    tmp_path: Path, place: str, named: bool
) -> None:
    """Such as one to its own sources, or to `.git`."""
    repository = Repository(tmp_path)
    source = tmp_path / "src"
    (tmp_path / place).rename(source)
    (tmp_path / place).symlink_to(source)
    before = tree(source)
    url = "wrangler:.wrangler/state" if named else "wrangler:"
    store = open_store(url, tmp_path, ManualClock(NOW))
    if named and len(place) < len(".wrangler/state/v3"):  # on the path that was named
        assert await store.get("KV", "good") == Entry(b"good")
    else:
        for attempt in (
            store.get("KV", "good"),
            store.put("KV", Write("good", b"2")),
            store.put_many("KV", [Write(f"{n}", b"2") for n in range(100)]),
        ):
            with pytest.raises(StoreError, match=f"{place} is a link that leads to {source}"):
                await attempt
        if "blobs" in place or place.endswith("KV"):
            assert await store.delete("KV", ["good"]) == 1
        await store.close()
        assert tree(source) == before
    await store.close()
    assert repository.untouched()


@pytest.mark.skipif(os.name == "nt", reason="an open folder can't be moved there")
@pytest.mark.parametrize("place", LINKED)
async def test_a_folder_in_use_that_becomes_a_link_to_itself(tmp_path: Path, place: str) -> None:
    """The files are the same, but a store that is opened then would refuse the link, too."""
    store = open_store("wrangler:", tmp_path, ManualClock(NOW))
    await store.put("KV", Write("k", b"v"))
    assert await store.get("KV", "k") == Entry(b"v")
    assert store.poll() == []
    source = tmp_path / "src"
    (tmp_path / place).rename(source)
    (tmp_path / place).symlink_to(source)
    assert store.poll() == ["KV"]
    before = tree(source)
    for name in ("get", "put", "put many", "replace"):
        with pytest.raises(StoreError, match=rf"{place} is a link that leads to {source}"):
            await ASKED[name](store)
    assert tree(source) == before
    (tmp_path / place).unlink()
    source.rename(tmp_path / place)
    store.poll()
    assert await store.get("KV", "k") == Entry(b"v")
    await store.close()


def _nowhere(path: Path, victim: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def _text(path: Path, victim: Path) -> None:
    path.write_text("a file", encoding="utf-8")


IN_THE_WAY = {
    "a file": (_text, "is a file, not a folder"),
    "a pipe": (_pipe, "is a named pipe, not a folder"),
    "a link": (_link, "is a link that leads to .*victim"),
    "a device": (_zeros, "is a link that leads to /dev/zero"),
    "a link to nothing": (_nowhere, "is a link that leads to .*nowhere"),
}
ASKED: dict[str, Callable[[Store], Awaitable[object]]] = {
    "get": lambda store: store.get("KV", "k"),
    "list": lambda store: store.list("KV"),
    "stats": lambda store: store.stats("KV"),
    "namespaces": lambda store: store.namespaces(),
    "put": lambda store: store.put("KV", Write("k", b"v")),
    "put many": lambda store: store.put_many("KV", [Write(key, b"") for key in EVERY]),
    "replace": lambda store: store.replace("KV", "k", b"v"),
    "delete": lambda store: store.delete("KV", ["k"]),
    "clear": lambda store: store.clear("KV"),
}


@pytest.mark.skipif(os.name == "nt", reason="no pipes and links there")
@pytest.mark.parametrize(("make", "text"), IN_THE_WAY.values(), ids=IN_THE_WAY.keys())
@pytest.mark.parametrize("place", LINKED[:5])
async def test_what_is_in_the_place_of_the_keys_is_not_an_empty_namespace(
    tmp_path: Path, place: str, make: Callable[[Path, Path], None], text: str
) -> None:
    store = open_store("wrangler:", tmp_path, ManualClock(NOW))
    assert (await store.list("KV")).keys == []  # there is no `.wrangler` yet
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    make(tmp_path / place, tmp_path / "victim.txt")
    assert store.poll() == ["KV"]
    for asked in ASKED.values():
        with pytest.raises(StoreError, match=rf"{place} {text}.*Remove it, or name another place"):
            await asked(store)
    assert store.poll() == []
    (tmp_path / place).unlink()
    assert store.poll() == ["KV"]
    assert (await store.list("KV")).keys == []
    await store.put("KV", Write("k", b"v"))
    assert await store.get("KV", "k") == Entry(b"v")
    await store.close()
    assert not (tmp_path / "victim.txt").exists()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
@pytest.mark.parametrize("written", [False, True], ids=["empty", "with keys"])
async def test_a_project_folder_that_is_gone_is_not_an_empty_namespace(
    tmp_path: Path, written: bool, asked: Callable[[Store], Awaitable[object]]
) -> None:
    """Nor is it made again: a put there would be lost to a process that has moved it."""
    folder, away = tmp_path / "shop", tmp_path / "away"
    folder.mkdir()
    store = open_store("wrangler:", folder, ManualClock(NOW))
    if written:
        await store.put("KV", Write("k", b"v"))
    assert bool(await store.get("KV", "k")) == written
    folder.rename(away)
    assert store.poll() == ["KV"]
    with pytest.raises(StoreError, match=rf"The folder {folder} is gone: it was moved.* move it"):
        await asked(store)
    assert not folder.exists()
    away.rename(folder)
    assert store.poll() == ["KV"]
    assert bool(await store.get("KV", "k")) == written
    await store.close()


NAMED = {
    "a pipe": (_pipe, "is a named pipe, not a folder"),
    "a file": (_text, "is a file, not a folder"),
    "a link to nothing": (_nowhere, "is a link to a folder that is missing"),
    "nothing": (lambda path, victim: None, ""),
}


@pytest.mark.skipif(os.name == "nt", reason="no pipes and links there")
@pytest.mark.parametrize(("make", "text"), NAMED.values(), ids=NAMED.keys())
async def test_what_is_in_the_place_that_the_user_named(
    tmp_path: Path, make: Callable[[Path, Path], None], text: str
) -> None:
    make(tmp_path / "kept", tmp_path / "victim.txt")
    store = open_store("wrangler:kept", tmp_path, ManualClock(NOW))
    if text:
        for asked in ASKED.values():
            with pytest.raises(StoreError, match=rf"kept {text}\. Remove it"):
                await asked(store)
    else:
        assert (await store.list("KV")).keys == []
        await store.put("KV", Write("k", b"v"))
        assert await store.get("KV", "k") == Entry(b"v")
    await store.close()


@pytest.mark.skipif(os.name == "nt", reason="making a link needs a right there")
@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
async def test_no_linked_database_is_opened(tmp_path: Path, ending: str) -> None:
    repository = Repository(tmp_path)
    place = repository.database.with_name(repository.database.name + ending)
    place.unlink(missing_ok=True)
    place.symlink_to(repository.victim)
    store = open_store("wrangler:", tmp_path, ManualClock(NOW))
    for attempt in (store.get("KV", "good"), store.put("KV", Write("good", b"2"))):
        with pytest.raises(StoreError, match="is a link that leads to"):
            await attempt
    await store.close()
    assert repository.untouched()


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
async def test_no_hard_link_is_written_to(tmp_path: Path, ending: str) -> None:
    """Even for reading a database, SQLite writes the log's index next to it."""
    repository = Repository(tmp_path)
    place = repository.database.with_name(repository.database.name + ending)
    place.unlink(missing_ok=True)
    place.hardlink_to(repository.victim)
    store = open_store("wrangler:", tmp_path, ManualClock(NOW))
    for attempt in (
        store.get("KV", "good"),
        store.list("KV"),
        store.stats("KV"),
        store.put("KV", Write("good", b"2")),
        store.clear("KV"),
    ):
        with pytest.raises(StoreError, match=r"is a hard link: .* 2 names.* Remove it"):
            await attempt
    place.unlink()
    await store.close()
    assert repository.untouched()


@pytest.mark.parametrize(
    ("flags", "refused"),
    [(os.O_RDONLY, False), (os.O_WRONLY, True), (os.O_RDWR | os.O_APPEND, True)],
    ids=["read", "write", "append"],
)
def test_a_hard_link_can_only_be_read(tmp_path: Path, flags: int, refused: bool) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "name").hardlink_to(victim)
    with open_folder(tmp_path, "folder") as folder:
        if refused:
            with pytest.raises(StoreError, match="name is a hard link"):
                folder.open("name", flags)
        else:
            os.close(folder.open("name", flags))
    assert victim.read_bytes() == b"precious"


async def test_a_value_that_is_a_hard_link_is_read_and_never_overwritten(
    repository: Repository, store: Store
) -> None:
    name = new_blob_id()
    (repository.blobs / name).hardlink_to(repository.victim)
    repository.row("linked", name)
    assert await store.get("KV", "linked") == Entry(b"precious")
    for n in range(20):
        await store.put("KV", Write("linked", b"other%d" % n))
        await asyncio.sleep(0.02)
    assert repository.untouched()


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".sqlite" not in path.name
    }


def naming_journal(database: Path, name: bytes) -> None:
    """Leave the journal of a transaction over several databases, listed in the file `name`."""
    magic = bytes.fromhex("d9d505f920a163d7")
    page = int.from_bytes(database.read_bytes()[16:18], "big")
    numbers = (0, 0, database.stat().st_size // page, 512, page)
    header = magic + b"".join(number.to_bytes(4, "big") for number in numbers)
    end = (0x40000000 // page + 1).to_bytes(4, "big") + name
    end += len(name).to_bytes(4, "big") + sum(name).to_bytes(4, "big") + magic
    database.with_name(f"{database.name}-journal").write_bytes(header.ljust(512, b"\0") + end)


async def test_a_journal_that_names_a_file(repository: Repository, store: Store) -> None:
    naming_journal(repository.database, str(repository.victim).encode())
    before = repository.database.read_bytes()
    for attempt in (
        store.get("KV", "good"),
        store.list("KV"),
        store.put("KV", Write("new", b"new")),
        store.clear("KV"),
    ):
        with pytest.raises(StoreError, match="names another file"):
            await attempt
    await store.put("other", Write("new", b"new"))
    assert repository.untouched()
    assert repository.database.read_bytes() == before


async def test_a_clear_keeps_what_a_journal_of_another_version_may_name(tmp_path: Path) -> None:
    store = open_store("wrangler:", tmp_path, ManualClock(NOW))
    await store.put_many("KV", [Write(f"{number}", b"v") for number in range(50)])
    state = tmp_path / ".wrangler" / "state" / "v3"
    named = blobs_path(state, "KV") / ("a" * 80)
    named.write_bytes(b"new content")
    place = state / "kvlens" / "journal"
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{'a' * 32}.journal").write_bytes(b'["kvlens journal",2]\n')
    assert await store.clear("KV") == 50
    await store.close()
    assert list(blobs_path(state, "KV").iterdir()) == [named]


async def test_a_journal_that_names_a_file_beside_one_of_a_change(
    repository: Repository, store: Store
) -> None:
    naming_journal(repository.database, str(repository.victim).encode())
    place = repository.state / "kvlens" / "journal"
    place.mkdir(parents=True)
    lines = b'["kvlens journal",1]\n["namespace","KV"]\n'
    seal = f'["sealed",0,"{hashlib.sha256(lines).hexdigest()}"]\n'.encode()
    (place / f"{'a' * 32}.journal").write_bytes(lines + seal)
    await store.put("other", Write("new", b"new"))
    assert repository.untouched()


async def test_a_journal_that_was_left_by_a_kill(repository: Repository, store: Store) -> None:
    naming_journal(repository.database, b"x")
    journal = repository.database.with_name(f"{repository.database.name}-journal")
    journal.write_bytes(journal.read_bytes()[:512])
    entry = await store.get("KV", "good")
    assert entry is not None and entry.value == b"good"


# -- rows ----------------------------------------------------------------------------------------

ROWS: dict[str, tuple[object, object]] = {
    # the columns expiration and metadata
    "expiration as text": ("soon", None),
    "expiration as bytes": (b"\0", None),
    "a broken number": (1.5e300, None),
    "metadata as bytes": (None, b"\xff\xfe"),
    "metadata that isn't JSON": (None, "{"),
    "a metadata without end": (None, "[" * 100_000),
    "a large metadata": (None, '"' + "x" * (2 * 1024 * 1024) + '"'),
}


@pytest.mark.parametrize(("expires", "metadata"), ROWS.values(), ids=ROWS.keys())
async def test_a_row_of_wrong_types(
    repository: Repository, store: Store, expires: object, metadata: object
) -> None:
    name = repository.put("bad", b"v")
    repository.sql(
        "UPDATE _mf_entries SET expiration = ?, metadata = ? WHERE blob_id = ?",
        expires,
        metadata,
        name,
    )
    with pytest.raises(DamagedKeyError, match='Key "bad" is damaged in') as caught:
        await store.get("KV", "bad")
    assert len(str(caught.value)) < 600
    names = [(key.name, key.expiration, key.metadata) for key in (await store.list("KV")).keys]
    assert names == [("bad", None, None), ("good", None, None)]
    assert await found(store, "") == ["bad", "good"]
    assert await found(store, "size>0") == await found(store, "type:text") == ["good"]
    assert (await shown(store, "bad")).damaged == str(caught.value)
    assert await store.get("KV", "good") == Entry(b"good")
    assert await store.delete("KV", ["bad"]) == 1
    assert [key.name for key in (await store.list("KV")).keys] == ["good"]


KEYS = {
    "no UTF-8": "CAST(x'ff41' AS TEXT)",
    "bytes": "x'ff41'",
    "null": "NULL",
    "endless": "hex(zeroblob(1000000))",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
async def test_keys_that_are_no_text(repository: Repository, store: Store, key: str) -> None:
    """They can't be requested by name, and hide no other key."""
    for number in range(5):
        repository.sql(
            f"INSERT OR IGNORE INTO _mf_entries VALUES ({key}, ?, 1, NULL)", f"{number:080x}"
        )
        repository.sql(
            f"INSERT OR IGNORE INTO _mf_entries VALUES ({key}, ?, NULL, NULL)", f"{number:080x}"
        )
    page = await store.list("KV", limit=2)
    assert ([key.name for key in page.keys], page.complete) == (["good"], True)
    assert await found(store, "") == await found(store, "ttl:none") == ["good"]
    assert (await store.stats("KV")).size == 4
    await asyncio.sleep(0.2)
    assert await store.get("KV", "good") == Entry(b"good")
    await store.clear("KV")


# -- the schema ----------------------------------------------------------------------------------

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
SCHEMAS = {
    "a view": [
        "DROP TABLE _mf_entries",
        f"CREATE VIEW _mf_entries AS SELECT i AS key, i AS blob_id, i AS expiration, i AS metadata FROM ({ENDLESS})",
    ],
    "a trigger": [
        f"CREATE TRIGGER t AFTER INSERT ON _mf_entries BEGIN INSERT INTO sink {ENDLESS}; END"
    ],
    "a virtual table": [
        "DROP TABLE _mf_entries",
        "CREATE VIRTUAL TABLE _MF_ENTRIES USING fts5(key, blob_id, expiration, metadata)",
    ],
    "generated columns": [
        "DROP TABLE _mf_entries",
        "CREATE TABLE _mf_entries (key TEXT PRIMARY KEY, blob_id TEXT NOT NULL, expiration INTEGER, metadata TEXT AS (hex(zeroblob(100000000))))",
    ],
    "a check": [
        "DROP TABLE _mf_entries",
        "CREATE TABLE _mf_entries (key TEXT PRIMARY KEY, blob_id TEXT NOT NULL, expiration INTEGER CHECK (length(zeroblob(100000000)) > 0), metadata TEXT)",
    ],
    "another table": ["DROP TABLE _mf_entries", "CREATE TABLE _mf_entries (key)"],
    "an index of a function": ["CREATE INDEX i ON _mf_entries (hex(key))"],
    "an index of some rows": ["CREATE INDEX i ON _mf_entries (key) WHERE hex(key) > 1"],
}


@pytest.mark.parametrize("statements", SCHEMAS.values(), ids=SCHEMAS.keys())
async def test_only_the_plain_table_is_accepted(
    repository: Repository, store: Store, statements: list[str]
) -> None:
    db = sqlite3.connect(repository.database)
    db.execute("CREATE TABLE sink (i)")
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()
    began = time.monotonic()
    for attempt in (
        store.get("KV", "good"),
        store.put("KV", Write("good", b"2")),
        store.list("KV"),
        store.stats("KV"),
        store.clear("KV"),
    ):
        with pytest.raises(StoreError, match="where wrangler dev makes a plain table") as caught:
            await attempt
        assert str(repository.database) in str(caught.value)
    assert time.monotonic() - began < 10
    await store.put("OTHER", Write("k", b"v"))
    assert await store.get("OTHER", "k") == Entry(b"v")


async def test_tables_and_plain_indexes_beside_are_accepted(
    repository: Repository, store: Store
) -> None:
    """workerd creates some, and a user may have created an index."""
    repository.sql("CREATE TABLE _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)")
    repository.sql('CREATE INDEX "mine" ON _mf_entries ("metadata", key)')
    assert await store.get("KV", "good") == Entry(b"good")
    await store.put("KV", Write("good", b"2"))


def test_no_statement_runs_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "READ_SECONDS", 0.2)
    db = database_module.connect(tmp_path / "x.sqlite")
    for statement in (f"SELECT count(*) FROM ({ENDLESS})", f"CREATE TABLE t AS {ENDLESS}"):
        began = time.monotonic()
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            db.execute(statement).fetchall()
        assert time.monotonic() - began < 20
    assert db.execute("SELECT 1").fetchone() == (1,)
    db.close()


async def test_a_database_that_would_be_read_for_ever(
    repository: Repository, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its inner pages repeat one page, which makes its rows appear endless."""
    monkeypatch.setattr(database_module, "READ_SECONDS", 0.2)
    monkeypatch.setattr(database_module, "INLINE_SECONDS", 0.2)
    db = sqlite3.connect(repository.database, isolation_level=None)
    names = [(f"k{n:06}", f"{n:080x}") for n in range(60_000)]
    db.execute("BEGIN")
    db.executemany("INSERT INTO _mf_entries VALUES (?, ?, NULL, NULL)", names)
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = '_mf_entries'").fetchone()
    db.close()
    size = 4096
    pages = bytearray(repository.database.read_bytes())

    def repeat(page: int, depth: int) -> None:
        """Let all children of an inner page be its last one."""
        start = (page - 1) * size
        if pages[start] != 5:
            return
        last = pages[start + 8 : start + 12]
        for at in range(int.from_bytes(pages[start + 3 : start + 5], "big")):
            cell = int.from_bytes(pages[start + 12 + 2 * at : start + 14 + 2 * at], "big")
            pages[start + cell : start + cell + 4] = last
        repeat(int.from_bytes(last, "big"), depth + 1)

    repeat(root, 0)
    repository.database.write_bytes(pages)
    began = time.monotonic()
    with pytest.raises(StoreError):
        for _ in range(3):
            await store.stats("KV")
            await store.clear("KV")
            await store.put("KV", Write("k", b"v"))
            raise StoreError("it is whole")
    assert time.monotonic() - began < 60


async def test_a_statement_that_takes_long_blocks_nothing(
    repository: Repository, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It continues in a thread, and fails there with an error that says what to do."""
    monkeypatch.setattr(database_module, "READ_SECONDS", 0.5)
    monkeypatch.setattr(database_module, "INLINE_SECONDS", 0.05)
    monkeypatch.setattr(module, "_STALE", f"SELECT count(*), ? FROM ({ENDLESS})")
    monkeypatch.setattr(errors, "READ_SECONDS", 0.5)
    with pytest.raises(StoreError, match=r"took longer than .* s to answer.* move the file away"):
        await store.list("KV")
    assert await store.get("KV", "good") == Entry(b"good")


# -- one namespace at a time -----------------------------------------------------------------------


async def test_a_locked_namespace_delays_no_other(tmp_path: Path) -> None:
    store = open_store("wrangler:", tmp_path, ManualClock(NOW))
    state = tmp_path / ".wrangler" / "state" / "v3"
    for ns in ("A", "B"):
        await store.put(ns, Write("k", b"1"))
    blocker = sqlite3.connect(database_path(state, "A"), isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    waiting = [
        asyncio.ensure_future(store.put("A", Write("k", b"2"))),
        asyncio.ensure_future(store.put_many("A", [Write(f"{n}", b"") for n in range(100)])),
        asyncio.ensure_future(store.delete("A", ["k"])),
    ]
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await store.put_many("B", [Write(f"{n}", b"x" * 100_000) for n in range(10)])
    await store.put("B", Write("k", b"2"))
    await store.put("NEW", Write("k", b"2"))
    assert await store.get("B", "k") == Entry(b"2")
    assert (await store.stats("B")).keys == 11
    assert await store.clear("B") == 11
    assert time.monotonic() - began < 2.5  # the lock is held for longer than that
    assert not any(task.done() for task in waiting)
    blocker.execute("COMMIT")
    blocker.close()
    await asyncio.gather(*waiting)
    await store.close()


def test_the_modes_of_what_is_made(tmp_path: Path) -> None:
    """Other users can read new files: `wrangler dev` may run as another user."""

    async def run() -> None:
        store = open_store("wrangler:", tmp_path)
        await store.put("KV", Write("k", b"v"))
        await store.close()

    asyncio.run(run())
    mask = os.umask(0)
    os.umask(mask)
    for path in (tmp_path / ".wrangler").rglob("*"):
        wanted = (0o777 if path.is_dir() else 0o644) & ~mask
        if os.name != "nt":
            assert stat.S_IMODE(path.stat().st_mode) & wanted == wanted


async def test_an_emulator_tells_which_key_is_damaged(repository: Repository, store: Store) -> None:
    """Reading many keys over its API returns the others."""
    repository.row("bad", "../victim.txt")
    async with Emulator(store, {}) as emulator:
        url = emulator.url.replace("http://", f"http://{emulator.token}@")
        client = open_store(url, repository.folder)
        with pytest.raises(DamagedKeyError, match='Key "bad" is damaged'):
            await client.get("KV", "bad")
        damaged: list[DamagedKeyError] = []
        found = [key async for key, _ in everything(client, "KV", damaged=damaged.append)]
        assert (found, [error.key for error in damaged]) == (["good"], ["bad"])
        with pytest.raises(DamagedKeyError):
            [key async for key, _ in everything(client, "KV")]
        await client.close()


# -- rows that are too large -----------------------------------------------------------------------

LARGE = "x" * 400_000  # with a limit of 300,000
TOO_LARGE: dict[str, tuple[object, object, object, object]] = {
    "key": (LARGE, None, None, None),
    "key of bytes": (LARGE.encode(), None, None, None),
    "metadata": ("m", None, None, f'"{LARGE}"'),
    "metadata below the limit": ("m", None, None, f'"{LARGE[:200_000]}"'),
    "name of a value": ("m", LARGE, None, None),
    "expiration": ("m", None, LARGE, None),
}


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "in use"])
@pytest.mark.parametrize("row", TOO_LARGE.values(), ids=TOO_LARGE)
async def test_a_row_that_is_too_large_is_its_own_trouble(
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    row: tuple[object, object, object, object],
    shared: bool,
) -> None:
    monkeypatch.setattr(database_module, "MAX_ROW", 300_000)
    key, blob_id, expires, metadata = row
    repository.row(key, blob_id or new_blob_id(), expires, metadata)
    store = open_store("wrangler:", repository.folder, ManualClock(NOW))
    named = ["m"] if key == "m" else []
    try:
        assert [info.name for info in (await store.list("KV")).keys] == ["good", *named]
        assert [info.name for info in (await store.list("KV", limit=1)).keys] == ["good"]
        assert await found(store, "") == ["good", *named]
        assert await found(store, "-ttl:any") == ["good", *named]
        assert await found(store, "size>0") == ["good"]
        foreign = blob_id is not None
        assert await store.get("KV", "good") == Entry(b"good")
        assert (await store.stats("KV")).keys == 2
        damaged: list[DamagedKeyError] = []
        kept = [key async for key, _ in everything(store, "KV", damaged=damaged.append)]
        assert kept == ["good"]
        assert [error.key for error in damaged] == named
        if named:
            with pytest.raises(DamagedKeyError, match="Put or delete the key") as caught:
                await store.get("KV", "m")
            info = (await store.list("KV", prefix="m")).keys[0]
            assert info == KeyInfo("m", damaged=str(caught.value), foreign=foreign)
            assert (await shown(store, "m")).damaged == str(caught.value)
            await store.put("KV", Write("m", b"new"))
            assert await store.get("KV", "m") == Entry(b"new")
            assert await store.delete("KV", ["m"]) == 1
            repository.row(key, blob_id or new_blob_id(), expires, metadata)
            assert await store.delete("KV", ["m"]) == 1
            repository.row(key, blob_id or new_blob_id(), expires, metadata)
        if shared:
            repository.put("by another program", b"")
        assert await store.clear("KV") == 2 + shared - foreign
        assert [info.name for info in (await store.list("KV")).keys] == ["m"] * foreign
    finally:
        await store.close()


async def test_a_place_below_a_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    store = open_store("wrangler:file/state", tmp_path, ManualClock(NOW))
    with pytest.raises(StoreError, match="choose a store whose path leads through folders only"):
        await store.get("KV", "k")
    await store.close()
