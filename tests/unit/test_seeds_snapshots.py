"""Snapshots: nothing lost, nothing half-done, and every difference reported and undone."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from kvlens.emulator.server import Emulator
from kvlens.kv.clock import ManualClock
from kvlens.kv.records import Entry, Write
from kvlens.seeds import snapshots
from kvlens.seeds.file import check
from kvlens.seeds.plan import Change
from kvlens.seeds.progress import CancelledError
from kvlens.seeds.snapshots import NamespaceRef, Snapshot, SnapshotError
from kvlens.stores.base import DamagedKeyError, Store, StoreError
from kvlens.stores.batch import everything
from kvlens.stores.registry import open_store

NOW = 1_700_000_000
CLOCK = ManualClock(NOW)
ONE = NamespaceRef("ONE", None, "1d")
TWO = NamespaceRef("TWO", None, "2d")
PROD = NamespaceRef("ONE", "prod", "3d")


@pytest_asyncio.fixture(params=["memory:", "wrangler:", "peer"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[Store]]:
    """A store, and its backing store if it is an emulator's."""
    inner = open_store(request.param.replace("peer", "memory:"), tmp_path, CLOCK)
    if request.param == "peer":
        async with Emulator(inner, {}) as emulator:
            opened = open_store(emulator.url.replace("//", f"//{emulator.token}@"), tmp_path)
            yield [opened, inner]
            await opened.close()
    else:
        yield [inner, inner]
    await inner.close()


@pytest.fixture
def store(stores: list[Store]) -> Store:
    return stores[0]


async def content(store: Store, ns: str) -> dict[str, Entry]:
    return {key: entry async for key, entry in everything(store, ns)}


async def changes(
    store: Store, snapshot: Snapshot, *namespaces: NamespaceRef
) -> list[list[Change]]:
    found = await snapshots.compare(store, snapshot, namespaces, now=NOW)
    return [one.changes for one in found]


# Also keys that a put would reject, but another runtime may have stored.
ODD = [
    Write("", b"no name"),
    Write("a", b"1", '{"long":"' + "x" * 2000 + '"}', NOW + 1),
    Write("binary", bytes(range(256))),
    Write("bom", b"\xef\xbb\xbfx"),
    Write("empty", b""),
    Write("halves", b"1", '["\\ud800",1.5,12345678901234567890]'),
    Write("lines", "a\r\nb\u2028\u0085]\n[".encode()),
    Write("metadata is false", b"1", "false"),
    Write("o\uff5e", b"2"),
    Write("o\U0001f600", b"1"),
    Write("x" * 600, b"long"),
]


async def test_nothing_is_lost(store: Store, tmp_path: Path) -> None:
    await store.put_many("1d", ODD)
    before = await content(store, "1d")
    assert len(before) == len(ODD)
    saved = await snapshots.save(store, tmp_path, "all", [ONE, TWO])
    assert (saved.keys, saved.size) == (len(ODD), sum(len(write.value) for write in ODD))
    assert await changes(store, saved, ONE, TWO) == [[], []]
    await store.clear("1d")
    await store.put("2d", Write("fresh", b"1"))
    loaded = snapshots.load(tmp_path, "all")
    assert loaded == saved
    found = await snapshots.compare(store, loaded, [ONE, TWO], now=NOW)
    await snapshots.restore(store, loaded, found)
    assert await content(store, "1d") == before
    assert await content(store, "2d") == {}


async def test_every_difference_is_told_and_undone(store: Store, tmp_path: Path) -> None:
    await store.put_many(
        "1d",
        [
            Write("same", b"1", '{"a":1}', NOW + 100),
            Write("value", b"1"),
            Write("metadata", b"1", '{"a":1,"b":2}'),
            Write("time", b"1", None, NOW + 100),
            Write("gone", b"1"),
        ],
    )
    saved = await snapshots.save(store, tmp_path, "s", [ONE])
    await store.put_many(
        "1d",
        [
            Write("same", b"1", '{ "a": 1 }', NOW + 100),
            Write("value", b"2"),
            Write("metadata", b"1", '{"b":1,"a":2}'),
            Write("time", b"1", None, NOW + 101),
            Write("", b"new"),
            Write("zzz", b"new"),
        ],
    )
    await store.delete("1d", ["gone"])
    (found,) = await snapshots.compare(store, saved, [ONE], now=NOW)
    assert found.changes == [
        Change("", "new"),
        Change("gone", "gone"),
        Change("metadata", "changed", ("metadata",)),
        Change("time", "changed", ("expiration",)),
        Change("value", "changed", ("value",)),
        Change("zzz", "new"),
    ]
    steps: list[tuple[int, int]] = []
    await snapshots.restore(store, saved, [found], progress=lambda *step: steps.append(step))
    assert await changes(store, saved, ONE) == [[]]


async def test_what_has_expired_since_is_left_out(store: Store, tmp_path: Path) -> None:
    await store.put_many("1d", [Write("k", b"1", None, NOW + 60), Write("l", b"1")])
    saved = await snapshots.save(store, tmp_path, "s", [ONE])
    await store.clear("1d")
    (found,) = await snapshots.compare(store, saved, [ONE], now=NOW + 60)
    assert (found.expired, found.changes) == (1, [Change("l", "gone")])
    await snapshots.restore(store, saved, [found])
    assert set(await content(store, "1d")) == {"l"}


async def test_more_than_a_page(store: Store, tmp_path: Path) -> None:
    await store.put_many("1d", [Write(f"{n:05}", b"v") for n in range(2_600)])
    saved = await snapshots.save(store, tmp_path, "s", [ONE])
    await store.delete("1d", [f"{n:05}" for n in range(0, 2_600, 2)])
    await store.put_many("1d", [Write(f"{n:05}x", b"v") for n in range(1_300)])
    (found,) = await snapshots.compare(store, saved, [ONE], now=NOW)
    assert (len(found.to_put), len(found.to_delete)) == (1_300, 1_300)
    steps: list[tuple[int, int]] = []
    await snapshots.restore(store, saved, [found], progress=lambda *step: steps.append(step))
    assert steps[-1] == (2_600, 2_600)
    assert await changes(store, saved, ONE) == [[]]
    assert (await store.stats("1d")).keys == 2_600


async def test_every_file_is_a_seed_file(store: Store, tmp_path: Path) -> None:
    await store.put_many("1d", [Write("a", b"\xff", "[1]", NOW + 500), Write("b", b"x")])
    saved = await snapshots.save(store, tmp_path, "s", [ONE, PROD])
    assert sorted(path.name for path in saved.folder.iterdir()) == [
        "ONE.json",
        "manifest.json",
        "prod.ONE.json",
    ]
    text = (saved.folder / "ONE.json").read_text(encoding="utf-8")
    seed = check(text, "ONE.json", NOW)
    assert not seed.problems
    assert [(i.key, i.value, i.metadata, i.expiration) for i in seed.items] == [
        ("a", b"\xff", "[1]", NOW + 500),
        ("b", b"x", None, None),
    ]
    assert json.loads((saved.folder / "prod.ONE.json").read_text(encoding="utf-8")) == []


async def test_namespaces_with_one_id_are_kept_once(store: Store, tmp_path: Path) -> None:
    await store.put("1d", Write("k", b"1"))
    twin = NamespaceRef("TWIN", "dev", "1d")
    saved = await snapshots.save(store, tmp_path, "s", [ONE, twin])
    assert saved.keys == 1
    assert [kept.file for kept in saved.namespaces] == ["ONE.json", "ONE.json"]
    await store.delete("1d", ["k"])
    assert await changes(store, saved, ONE, twin) == [[Change("k", "gone")]]


async def test_a_namespace_is_found_by_its_name(store: Store, tmp_path: Path) -> None:
    await store.put("1d", Write("k", b"1"))
    saved = await snapshots.save(store, tmp_path, "s", [ONE, TWO])
    moved, fresh = NamespaceRef("ONE", None, "new id"), NamespaceRef("FRESH", None, "f")
    found = await snapshots.compare(store, saved, [moved, fresh], now=NOW)
    await snapshots.restore(store, saved, found)
    assert set(await content(store, "new id")) == {"k"}
    assert snapshots.unpaired(saved, [moved, fresh]) == ([TWO], [fresh])
    with pytest.raises(SnapshotError, match="has none of these namespaces; it has ONE, TWO"):
        await snapshots.compare(store, saved, [fresh], now=NOW)
    with pytest.raises(SnapshotError, match="ONE and TWO are one namespace now"):
        await snapshots.compare(store, saved, [ONE, TWO._replace(id="1d")], now=NOW)


async def test_one_is_written_over_by_force_only(store: Store, tmp_path: Path) -> None:
    await store.put("1d", Write("k", b"1"))
    first = await snapshots.save(store, tmp_path, "s", [ONE, TWO])
    with pytest.raises(SnapshotError, match='snapshot "s" already exists'):
        await snapshots.save(store, tmp_path, "s", [ONE])
    await store.put("1d", Write("l", b"1"))
    for _ in range(3):
        saved = await snapshots.save(store, tmp_path, "s", [ONE], force=True)
        assert len(list(saved.folder.iterdir())) == 2
        assert await changes(store, saved, ONE) == [[]]
    assert first.keys == 1
    assert saved.keys == 2


async def test_a_save_that_fails_leaves_what_was(stores: list[Store], tmp_path: Path) -> None:
    store, behind = stores
    await behind.put("2d", Write("bad", b"1", "{broken"))
    with pytest.raises(StoreError, match='metadata of key "bad" is not JSON'):
        await snapshots.save(store, tmp_path, "s", [ONE, TWO])
    assert list(snapshots.folder(tmp_path).iterdir()) == []
    first = await snapshots.save(store, tmp_path, "s", [ONE])
    with pytest.raises(StoreError):
        await snapshots.save(store, tmp_path, "s", [ONE, TWO], force=True)
    assert snapshots.saved(tmp_path) == ([first], [])
    assert len(list(first.folder.iterdir())) == 2


async def test_a_damaged_key_is_named_and_the_others_are_saved(
    stores: list[Store], tmp_path: Path
) -> None:
    store, behind = stores
    await behind.put("1d", Write("bad", b"1", "{broken"))
    await store.put("1d", Write("good", b"2"))
    damaged: list[DamagedKeyError] = []
    saved = await snapshots.save(store, tmp_path, "s", [ONE], damaged=damaged.append)
    assert ([error.key for error in damaged], saved.keys) == (["bad"], 1)
    await store.delete("1d", ["good"])
    (found,) = await snapshots.compare(store, saved, [ONE], now=NOW)
    await snapshots.restore(store, saved, [found])
    assert [key.name for key in (await store.list("1d")).keys if key.name == "good"] == ["good"]


async def test_a_cancelled_save_leaves_nothing(store: Store, tmp_path: Path) -> None:
    await store.put_many("1d", [Write(f"{n:04}", b"") for n in range(500)])
    steps: list[int] = []
    with pytest.raises(CancelledError, match="canceled after 300 keys; nothing was saved"):
        await snapshots.save(
            store,
            tmp_path,
            "s",
            [ONE],
            progress=lambda done, _: steps.append(done),
            cancelled=lambda: len(steps) == 3,
        )
    assert steps == [100, 200, 300]
    assert list(snapshots.folder(tmp_path).iterdir()) == []


async def test_a_cancelled_restore_changes_nothing(store: Store, tmp_path: Path) -> None:
    await store.put_many("1d", [Write(f"{n:04}", b"") for n in range(1200)])
    saved = await snapshots.save(store, tmp_path, "s", [ONE])
    await store.clear("1d")
    found = await snapshots.compare(store, saved, [ONE], now=NOW)
    answers = iter([False, False, True])
    with pytest.raises(CancelledError, match="canceled after 1,000 keys; nothing was changed"):
        await snapshots.restore(store, saved, found, cancelled=lambda: next(answers))
    assert (await store.stats("1d")).keys == 0


async def test_a_restore_is_of_all_namespaces_or_of_none(store: Store, tmp_path: Path) -> None:
    await store.put_many("1d", [Write(f"{n:04}", b"1") for n in range(600)])
    await store.put_many("2d", [Write(f"{n:04}", b"2") for n in range(600)])
    saved = await snapshots.save(store, tmp_path, "s", [ONE, TWO])
    await store.put_many("1d", [Write(f"{n:04}", b"one") for n in range(300, 900)])
    await store.clear("2d")
    found = await snapshots.compare(store, saved, [ONE, TWO], now=NOW)
    before = [await content(store, ns) for ns in ("1d", "2d")]
    (saved.folder / "TWO.json").write_text("[\n]\n", encoding="utf-8")
    with pytest.raises(SnapshotError, match="0 keys, but 600 were saved"):
        await snapshots.restore(store, saved, found)
    assert [await content(store, ns) for ns in ("1d", "2d")] == before


# -- names and files; no store needed ---------------------------------------------------------

BAD_NAMES = ["", ".", "..", ".x", "-x", "a/b", "a\\b", "../x", "a:b", "x.", "é", "a b", "a" * 65]
BAD_NAMES += ["con", "NUL", "com1", "Lpt9.txt", "a\n", "a\0"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_no_folder_may_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SnapshotError, match="can't be the name of a snapshot"):
        snapshots.load(tmp_path, name)


@pytest.mark.parametrize("name", ["a", "2026-11-23", "v1.2_x", "_", "a" * 64, "console", "com"])
def test_a_name_that_any_folder_may_have(name: str) -> None:
    assert snapshots.check_name(name) == name


BINDINGS = {
    "CON": "_CON.json",
    "manifest": "_manifest.json",
    "Manifest": "_Manifest.json",
    "a/../b": "a____b.json",
    "ŋ": "_.json",
    "B" * 300: "B" * 100 + ".json",
}


@pytest.mark.parametrize(("binding", "file"), BINDINGS.items())
async def test_files_have_names_for_every_system(tmp_path: Path, binding: str, file: str) -> None:
    store = open_store("memory:", tmp_path)
    saved = await snapshots.save(store, tmp_path, "s", [NamespaceRef(binding, None, "id")])
    assert saved.namespaces[0].file == file


async def saved_one(folder: Path) -> Snapshot:
    store = open_store("memory:", folder)
    await store.put_many("1d", [Write("a", b"1"), Write("b", b"2", "[1]", 2_000_000_000)])
    return await snapshots.save(store, folder, "s", [ONE])


async def test_a_half_written_one_does_not_count(tmp_path: Path) -> None:
    saved = await saved_one(tmp_path)
    (saved.folder / "manifest.json").unlink()
    assert snapshots.saved(tmp_path) == ([], [])
    with pytest.raises(SnapshotError, match='no snapshot "s"; none has been saved yet'):
        snapshots.load(tmp_path, "s")
    again = await saved_one(tmp_path)  # no need for `force`
    assert again.namespaces[0].file == "ONE~2.json"
    old = time.time() - 7200
    os.utime(saved.folder / "ONE.json", (old, old))
    store = open_store("memory:", tmp_path)
    await snapshots.save(store, tmp_path, "s", [ONE], force=True)
    assert len(list(saved.folder.iterdir())) == 2


DAMAGES: dict[str, tuple[str, str, str]] = {
    # id: (the text in the file, its replacement, the message)
    "a key taken out": ('{"key":"a","value":"1"},\n', "", "1 keys, but 2 were saved"),
    "cut off": ('{"key":"b"', "", "line 3: not a valid item"),
    "no object": ('{"key":"a","value":"1"}', "5", "line 2: not a valid item"),
    "no value": (',"value":"1"', "", "line 2: not a valid item"),
    "bad base64": ('"value":"1"', '"value":"1","base64":true', "line 2: not a valid item"),
    "a number without end": (',"metadata":[1]', ',"metadata":[1e400]', "line 3: not a valid item"),
    "deep": (',"metadata":[1]', ',"metadata":' + "[" * 100_000, "line 3: not a valid item"),
    "a time without end": ("2000000000", "1" * 400, "line 3: not a valid item"),
    "a time as text": ("2000000000", '"2000000000"', "line 3: not a valid item"),
    "out of order": ('"key":"a"', '"key":"c"', 'line 3: "b" is out of order'),
    "twice": ('"key":"a"', '"key":"b"', 'line 3: "b" is out of order'),
    "another encoding": ('"value":"1"', '"value":"\udcff"', "not UTF-8"),
}


@pytest.mark.parametrize(("old", "new", "says"), DAMAGES.values(), ids=DAMAGES.keys())
async def test_a_damaged_file_changes_nothing(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    saved = await saved_one(tmp_path)
    path = saved.folder / "ONE.json"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_bytes(text.replace(old, new).encode(errors="surrogateescape"))
    store = open_store("memory:", tmp_path)
    with pytest.raises(SnapshotError, match=says) as caught:
        await snapshots.compare(store, saved, [ONE], now=NOW)
    assert str(path) in str(caught.value)


# -- a repository may contain anything ----------------------------------------------------------


def _folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def _link(path: Path) -> None:
    path.unlink(missing_ok=True)
    (path.parents[4] / "victim").write_text("precious", encoding="utf-8")
    path.symlink_to(path.parents[4] / "victim")


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(20 * 1024**3)


def _zero(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/zero")


IN_PLACE: dict[str, Callable[[Path], None]] = {"a folder": _folder, "huge": _huge}
if os.name != "nt":
    IN_PLACE |= {"a pipe": _pipe, "a link": _link, "a link to a device": _zero}


@pytest.mark.parametrize("file", ["manifest.json", "ONE.json"])
@pytest.mark.parametrize("make", IN_PLACE.values(), ids=IN_PLACE)
async def test_something_else_in_place_of_a_file(
    tmp_path: Path, make: Callable[[Path], None], file: str
) -> None:
    """It is refused immediately, in one line; the other snapshots are still listed."""
    saved = await saved_one(tmp_path)
    store = open_store("memory:", tmp_path)
    other = await snapshots.save(store, tmp_path, "other", [ONE])
    make(saved.folder / file)
    if file == "manifest.json":
        found, (line,) = snapshots.saved(tmp_path)
        assert found == [other]
        assert str(saved.folder / file) in line
        assert "\n" not in line
        with pytest.raises((SnapshotError, StoreError), match=re.escape(str(saved.folder / file))):
            snapshots.load(tmp_path, "s")
    else:
        with pytest.raises((SnapshotError, StoreError), match=re.escape(str(saved.folder / file))):
            await snapshots.compare(store, saved, [ONE], now=NOW)
    if (tmp_path / "victim").exists():
        assert (tmp_path / "victim").read_text(encoding="utf-8") == "precious"


NO_LINK = (
    r"doesn't follow links there\. Remove it and save the snapshot again, or .*export -o FILE`\.$"
)
LINKED = ["s", ".", ".."]  # the snapshot's folder, its parent and the next one


@pytest.mark.parametrize("place", LINKED)
@pytest.mark.parametrize("target", ["src", ".git"])
async def test_a_folder_that_is_a_link_is_not_followed(
    tmp_path: Path, place: str, target: str
) -> None:
    victim = tmp_path / target
    link = Path(os.path.normpath(snapshots.folder(tmp_path) / place))
    inside = victim / snapshots.folder(tmp_path).joinpath("s").relative_to(link)
    inside.mkdir(parents=True)
    for name in ("ONE.json", "index.ts", "HEAD", ".manifest.json.0a1b2c3d.tmp"):
        (inside / name).write_text("mine", encoding="utf-8")
        os.utime(inside / name, (1, 1))
    link.parent.mkdir(parents=True)
    try:
        link.symlink_to(victim, target_is_directory=True)
    except OSError:  # Windows without the right to make links has none to fear
        return
    store = open_store("memory:", tmp_path)
    for force in (False, True):
        with pytest.raises(StoreError, match=NO_LINK):
            await snapshots.save(store, tmp_path, "s", [ONE], force=force)
    with pytest.raises(StoreError, match=NO_LINK):
        snapshots.load(tmp_path, "s")
    if place == "s":
        assert len(snapshots.saved(tmp_path)[1]) == 1
    else:
        with pytest.raises(StoreError, match=NO_LINK):
            snapshots.saved(tmp_path)
    assert {path.read_text(encoding="utf-8") for path in inside.iterdir()} == {"mine"}
    assert len(list(inside.iterdir())) == 4
    link.unlink()  # the solution that the error names
    assert (await snapshots.save(store, tmp_path, "s", [ONE])).keys == 0


async def test_only_files_of_ours_are_removed(tmp_path: Path) -> None:
    saved = await saved_one(tmp_path)
    mine = ["notes.txt", "index.ts", "TWO.json", ".manifest.json.tmp", "ONE~x.json", "ONE.json.bak"]
    ours = ["ONE~2.json", "ONE~77.json", ".manifest.json.0a1b2c3d.tmp"]
    for name in [*mine, *ours]:
        (saved.folder / name).write_text("old", encoding="utf-8")
        os.utime(saved.folder / name, (1, 1))
    store = open_store("memory:", tmp_path)
    again = await snapshots.save(store, tmp_path, "s", [ONE], force=True)
    left = {path.name for path in saved.folder.iterdir()}
    assert left == {*mine, "manifest.json", again.namespaces[0].file}


MANIFESTS: dict[str, Any] = {
    "a path": {"file": "../../../../src/index.ts"},
    "an absolute path": {"file": "/etc/passwd"},
    "a foreign file": {"file": "index.ts"},
    "another namespace's file": {"file": "TWO.json"},
    "the manifest": {"file": "manifest.json"},
    "no text": {"file": 5},
    "keys as text": {"keys": "2"},
    "keys without end": {"keys": 10**400},
    "less than none": {"keys": -1},
    "true": {"size": True},
    "an environment that is a list": {"environment": ["prod"]},
    "null as an id": {"id": None},
}


@pytest.mark.parametrize("change", MANIFESTS.values(), ids=MANIFESTS)
async def test_a_manifest_that_is_none_of_ours(tmp_path: Path, change: dict[str, Any]) -> None:
    saved = await saved_one(tmp_path)
    path = saved.folder / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["namespaces"][0].update(change)
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SnapshotError, match="damaged"):
        snapshots.load(tmp_path, "s")
    assert len(snapshots.saved(tmp_path)[1]) == 1


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "5", "[]", "{}", '{"version": 1}', '{"version": 2}', "\udcff", ""]
)
async def test_a_manifest_that_is_no_manifest(tmp_path: Path, text: str) -> None:
    saved = await saved_one(tmp_path)
    (saved.folder / "manifest.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(SnapshotError) as caught:
        snapshots.load(tmp_path, "s")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("created", [10**30, -1, 1.5, "now"])
async def test_a_time_that_no_calendar_has(tmp_path: Path, created: Any) -> None:
    saved = await saved_one(tmp_path)
    path = saved.folder / "manifest.json"
    content = {**json.loads(path.read_text(encoding="utf-8")), "created": created}
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SnapshotError, match="damaged"):
        snapshots.load(tmp_path, "s")


async def test_a_file_with_other_line_ends_is_read(tmp_path: Path) -> None:
    saved = await saved_one(tmp_path)
    path = saved.folder / "ONE.json"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    store = open_store("memory:", tmp_path)
    (found,) = await snapshots.compare(store, saved, [ONE], now=NOW)
    assert found.to_put == ["a", "b"]


FOREIGN_MANIFESTS: dict[str, tuple[Any, str]] = {
    # id: (the manifest, the message)
    "no JSON": ("{", "damaged"),
    "no object": ("[]", "damaged"),
    "a later form": ({"version": 2}, "another version of KV Lens"),
    "nothing in it": ({"version": 1}, "damaged"),
    "a file elsewhere": ("../../x.json", "damaged"),
    "a file on a drive": ("c:x.json", "damaged"),
    "itself": ("manifest.json", "damaged"),
}


@pytest.mark.parametrize(
    ("manifest", "says"), FOREIGN_MANIFESTS.values(), ids=FOREIGN_MANIFESTS.keys()
)
async def test_a_manifest_is_read_with_care(tmp_path: Path, manifest: Any, says: str) -> None:
    saved = await saved_one(tmp_path)
    path = saved.folder / "manifest.json"
    if isinstance(manifest, str) and manifest.endswith(".json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        content["namespaces"][0]["file"] = manifest
        manifest = content
    text = manifest if isinstance(manifest, str) else json.dumps(manifest)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SnapshotError, match=says):
        snapshots.load(tmp_path, "s")
    found, wrong = snapshots.saved(tmp_path)
    assert found == []
    assert len(wrong) == 1


async def test_nothing_is_written_through_a_link_to_elsewhere(tmp_path: Path) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    (project / ".wrangler").mkdir(parents=True)
    elsewhere.mkdir()
    try:
        (project / ".wrangler" / "kvlens").symlink_to(elsewhere, target_is_directory=True)
    except OSError:  # Windows without the right to make links has none to fear
        return
    with pytest.raises(StoreError, match=r"leads to .*elsewhere, and KV Lens doesn't follow links"):
        await saved_one(project)
    assert list(elsewhere.iterdir()) == []
