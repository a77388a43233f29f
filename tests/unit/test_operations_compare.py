"""Two namespaces compared, and keys copied across."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from kvlens.kv.records import Entry, Write
from kvlens.operations import compare as comparing
from kvlens.operations.compare import Comparison, State
from kvlens.operations.compare_copy import Copied, Plan, copy, plan
from kvlens.operations.compared import DIFFERENT, KINDS, Results, difference
from kvlens.operations.errors import InvalidError, NotFoundError, OperationError
from kvlens.operations.sides import Side, of_file, of_snapshot, of_store, of_target
from kvlens.operations.snapshot_save import save_snapshot
from kvlens.operations.target import Scope, Target, find_target
from kvlens.search.language import read
from kvlens.seeds.array import FileError
from kvlens.seeds.progress import CancelledError
from kvlens.stores.base import Batch, DamagedKeyError, Found, Seen, StoreError
from kvlens.stores.memory import MemoryStore
from kvlens.stores.origin import UNKNOWN
from kvlens.workspace.project import Project

pytestmark = pytest.mark.asyncio
CONFIG = """\
kv_namespaces = [{ binding = "ONE", id = "1d" }, { binding = "TWO", id = "2d", preview_id = "p" }]
[[env.prod.kv_namespaces]]
binding = "ONE"
id = "3d"
"""
LATER = 4_000_000_000


class OddStore(MemoryStore):
    """A store in which keys can be damaged, and which can go away."""

    def __init__(self) -> None:
        super().__init__(time.time)
        self.damaged: set[str] = set()
        self.gone = False
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def get_many(self, ns: str, keys: Sequence[str], size: int) -> Sequence[Found]:
        if self.gone:
            raise StoreError("The store is gone.")
        found = await super().get_many(ns, keys, size)
        return [
            DamagedKeyError(key, f"{key} is damaged") if key in self.damaged else one
            for key, one in zip(keys, found, strict=False)
        ]

    async def change_many(self, batches: Sequence[Batch]) -> int:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            await meanwhile()
        return await super().change_many(batches)


@pytest.fixture
def store() -> OddStore:
    return OddStore()


@pytest.fixture
def one(store: OddStore, tmp_path: Path) -> Target:
    project = Project(tmp_path / "wrangler.toml", store="memory:", text=CONFIG)

    async def get_store() -> Any:
        return store

    return find_target(Scope(project, "wrangler.toml", get_store), binding="ONE")


@pytest.fixture
async def comparison(one: Target) -> AsyncIterator[Comparison]:
    found = Comparison(of_target(one), of_target(one._replace(id="3d")), lambda _: None)
    yield found
    await found.close()


async def compared(comparison: Comparison) -> list[tuple[str, str]]:
    """Compare, and return the rows that differ."""
    await comparison.start()
    await comparison.complete()
    return await rows(comparison)


async def rows(comparison: Comparison) -> list[tuple[str, str]]:
    pairs = await comparison.rows(0, 1000)
    return [(one.name, " ".join([one.difference.kind, *one.difference.parts])) for one in pairs]


E0 = Entry(b"v")
ODD = "a\u202e\n\x1b[31m"
CASES: dict[str, tuple[dict[str, Entry], dict[str, Entry], list[tuple[str, str]]]] = {
    "nothing": ({}, {}, []),
    "the same": ({"a": E0}, {"a": E0}, []),
    "only left": ({"a": E0, "b": E0}, {"a": E0}, [("b", "left")]),
    "only right": ({"b": E0}, {"a": E0, "b": E0, "c": E0}, [("a", "right"), ("c", "right")]),
    "nothing in common": ({"a": E0, "c": E0}, {"b": E0}, [("a", "left"), ("b", "right"), ("c", "left")]),
    "value": ({"a": Entry(b"1")}, {"a": Entry(b"2")}, [("a", "changed value")]),
    "value of another size": ({"a": Entry(b"")}, {"a": Entry(b"2")}, [("a", "changed value")]),
    "metadata": ({"a": Entry(b"", "[1]")}, {"a": Entry(b"", "[2]")}, [("a", "changed metadata")]),
    "metadata, written otherwise": (
        {"a": Entry(b"", '{"a":1, "b":2}')}, {"a": Entry(b"", '{"b":2,"a":1}')}, [],
    ),
    "metadata that is not JSON": (
        {"a": Entry(b"", "not {"), "b": Entry(b"", "not {")}, {"a": Entry(b"", "not ["), "b": Entry(b"", "not {")},
        [("a", "changed metadata")],
    ),
    "expiration": ({"a": Entry(b"", None, LATER)}, {"a": E0._replace(value=b"")}, [("a", "changed expiration")]),
    "everything": (
        {"a": Entry(b"1", "1", LATER)}, {"a": Entry(b"2", "2", LATER + 1)},
        [("a", "changed value metadata expiration")],
    ),
    "odd names": ({ODD: E0}, {"\U0001f600": E0}, [(ODD, "left"), ("\U0001f600", "right")]),
    "code points above surrogates": ({"\uffff": E0}, {"\U00010000": E0}, [("\uffff", "left"), ("\U00010000", "right")]),
}  # fmt: skip


@pytest.mark.parametrize(("left", "right", "expected"), CASES.values(), ids=CASES)
async def test_what_differs(
    comparison: Comparison,
    store: OddStore,
    left: dict[str, Entry],
    right: dict[str, Entry],
    expected: list[tuple[str, str]],
) -> None:
    await store.put_many("1d", [Write(key, *entry) for key, entry in left.items()])
    await store.put_many("3d", [Write(key, *entry) for key, entry in right.items()])
    assert await compared(comparison) == expected
    assert sum(comparison.state.counts.values()) == len(left.keys() | right.keys())
    assert comparison.state._replace(counts={}, time=0) == State({}, len(expected), True, 0)


async def test_many_pages_and_what_is_shown(comparison: Comparison, store: OddStore) -> None:
    names = [f"user:{number:05}" for number in range(2500)]
    await store.put_many("1d", [Write(name, b"1") for name in [*names, "x"]])
    await store.put_many("3d", [Write(name, b"1") for name in names[1000:]])
    await compared(comparison)
    assert comparison.state.shown == 1001
    await comparison.show(read("user:*"), DIFFERENT)
    assert comparison.state.shown == 1000
    await comparison.show(read("*0?499"), KINDS[:1])
    assert [one.name for one in await comparison.rows(0, 10)] == ["user:01499", "user:02499"]
    await comparison.show(read(""), ("same", "left"))
    assert [one.name for one in await comparison.rows(2498, 10)] == [
        "user:02498",
        "user:02499",
        "x",
    ]
    with pytest.raises(InvalidError, match="filtered by key only"):
        await comparison.show(read("ttl<1h"), DIFFERENT)


async def test_damaged_keys_are_shown_and_never_equal(
    comparison: Comparison, store: OddStore
) -> None:
    for ns in ("1d", "3d"):
        await store.put_many(ns, [Write("a", b""), Write("b", b"")])
    store.damaged = {"a"}
    assert await compared(comparison) == [("a", "damaged")]
    (pair,) = await comparison.rows(0, 1)
    assert pair.left and pair.left.damaged == "a is damaged"
    assert planned(comparison)[:3] == (0, 0, 0)
    assert plan(comparison, "right", comparison.shown_numbers(), deletes=True).unreadable == 1


async def test_a_store_that_goes_away_keeps_what_was_found(
    comparison: Comparison, store: OddStore
) -> None:
    await store.put("1d", Write("a", b""))
    assert await compared(comparison) == [("a", "left")]
    store.gone = True
    await comparison.start()
    with pytest.raises(StoreError, match="gone"):
        await comparison.complete()
    assert (comparison.state.shown, comparison.state.message) == (1, "The store is gone.")
    store.gone = False
    assert await compared(comparison) == [("a", "left")]
    assert comparison.state.message is None


async def test_it_follows_changes_while_that_is_quick(
    comparison: Comparison, store: OddStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "_REST", 0.0)
    await compared(comparison)
    await store.put("3d", Write("b", b""))
    comparison.keys_changed()
    assert comparison.state.stale
    for _ in range(500):
        if not comparison.state.stale and comparison.state.shown:
            break
        await asyncio.sleep(0.01)
    assert await rows(comparison) == [("b", "right")]
    monkeypatch.setattr(comparing, "_FOLLOW", -1.0)
    comparison.keys_changed()
    await asyncio.sleep(0.05)
    assert comparison.state.stale, "a slow one is repeated on request only"


async def test_a_canceled_comparison_keeps_what_was_found(
    comparison: Comparison, store: OddStore
) -> None:
    await store.put_many("1d", [Write(f"{number:06}", b"") for number in range(20_000)])
    task = asyncio.ensure_future(comparison.start())
    while not comparison.results.counts["left"]:
        await asyncio.sleep(0)
    comparison.cancel()
    await task
    assert comparison.state.done
    assert 0 < comparison.state.shown < 20_000
    await compared(comparison)
    assert comparison.state.shown == 20_000


# -- copying ----------------------------------------------------------------------------------

LEFT = {"new": Entry(b"n", "[1]", LATER), "over": Entry(b"1", "not JSON {"), "same": E0}
RIGHT = {"over": Entry(b"2"), "same": E0, "there": Entry(b"t", "2", LATER)}


@pytest.fixture
async def ready(comparison: Comparison, store: OddStore) -> Comparison:
    """A comparison of two namespaces with keys of every kind."""
    await store.put_many("1d", [Write(key, *entry) for key, entry in LEFT.items()])
    await store.put_many("3d", [Write(key, *entry) for key, entry in RIGHT.items()])
    await compared(comparison)
    return comparison


def planned(comparison: Comparison, *, deletes: bool = False, to: Any = "right") -> tuple[int, ...]:
    made = plan(comparison, to, comparison.shown_numbers(), deletes=deletes)
    return made.new, made.overwritten, made.deleted, made.only_there, made.unreadable


async def held(store: OddStore, ns: str) -> dict[str, Entry]:
    names = [info.name for info in (await store.list(ns)).keys]
    return {name: entry for name in names if (entry := await store.get(ns, name))}


@pytest.mark.parametrize(
    ("to", "keys", "deletes", "counts", "after"),
    [
        pytest.param("right", None, False, (1, 1, 0, 1, 0), {**RIGHT, **LEFT}, id="right"),
        pytest.param("right", None, True, (1, 1, 1, 1, 0), LEFT, id="right with deletes"),
        pytest.param("left", None, True, (1, 1, 1, 1, 0), RIGHT, id="left with deletes"),
        pytest.param("left", ["there"], False, (1, 0, 0, 0, 0), {**LEFT, "there": RIGHT["there"]}, id="one key"),
        pytest.param("right", ["there"], False, (0, 0, 0, 1, 0), RIGHT, id="only there"),
        pytest.param("right", ["same", "none"], True, (0, 0, 0, 0, 0), RIGHT, id="nothing to do"),
    ],
)  # fmt: skip
async def test_copy(
    ready: Comparison,
    store: OddStore,
    to: Any,
    keys: list[str] | None,
    deletes: bool,
    counts: tuple[int, ...],
    after: dict[str, Entry],
) -> None:
    numbers = ready.shown_numbers() if keys is None else ready.numbers_of(keys)
    made = plan(ready, to, numbers, deletes=deletes)
    assert (made.new, made.overwritten, made.deleted, made.only_there, made.unreadable) == counts
    listed = await ready.rows(0, 10, (made.results, made.numbers))
    assert len(listed) == sum(counts[:3])
    assert await copy(ready, made, origin=UNKNOWN) == Copied(counts[0] + counts[1], counts[2])
    assert await held(store, "3d" if to == "right" else "1d") == after
    left, right = await held(store, "1d"), await held(store, "3d")
    kinds = ready.state.counts
    assert kinds["same"] == sum(left.get(key) == right[key] for key in right)
    assert kinds["left"] == len(left.keys() - right.keys())
    assert kinds["right"] == len(right.keys() - left.keys())


CHANGES: dict[str, tuple[str, Callable[[OddStore], Awaitable[object]]]] = {
    "the source": ("new", lambda store: store.put("1d", Write("new", b"other"))),
    "the target": ("over", lambda store: store.put("3d", Write("over", b"other"))),
    "the target's metadata": ("over", lambda store: store.put("3d", Write("over", b"2", "3"))),
    "a new one in the target": ("new", lambda store: store.put("3d", Write("new", b"n"))),
    "a deleted one of the source": ("over", lambda store: store.delete("1d", ["over"])),
    "what would be deleted": ("there", lambda store: store.put("3d", Write("there", b"other"))),
}


@pytest.mark.parametrize("when", ["before", "at the last moment"])
@pytest.mark.parametrize(("key", "change"), CHANGES.values(), ids=CHANGES)
async def test_nothing_is_written_over_what_has_changed_since(
    ready: Comparison,
    store: OddStore,
    key: str,
    change: Callable[[OddStore], Awaitable[object]],
    when: str,
) -> None:
    made = plan(ready, "right", ready.shown_numbers(), deletes=True)
    if when == "before" or change in (
        CHANGES["the source"][1],
        CHANGES["a deleted one of the source"][1],
    ):
        await change(store)
    else:
        store.meanwhile = lambda: change(store)
    assert await copy(ready, made, origin=UNKNOWN) == Copied(0, 0, [key])
    kept = await held(store, "3d")
    assert {name: kept.get(name) for name in RIGHT if name != key} == {
        name: entry for name, entry in RIGHT.items() if name != key
    }


async def test_a_plan_is_about_what_was_compared_when_it_was_made(
    ready: Comparison, store: OddStore
) -> None:
    made: Plan = plan(ready, "right", ready.shown_numbers(), deletes=False)
    await store.put("3d", Write("over", b"other"))
    await compared(ready)
    assert isinstance(made.results, Results) and made.results is not ready.results
    assert (await copy(ready, made, origin=UNKNOWN)).changed == ["over"]


async def test_a_damaged_key_of_the_target_is_overwritten(
    comparison: Comparison, store: OddStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.put("1d", Write("a", b"1"))
    await store.put("3d", Write("a", b"2"))
    right = of_target(comparison.right.target)
    read_many = OddStore.get_many

    async def get_many(self: OddStore, ns: str, keys: Sequence[str], size: int) -> Any:
        self.damaged = {"a"} if ns == "3d" else set()
        return await read_many(self, ns, keys, size)

    monkeypatch.setattr(OddStore, "get_many", get_many)
    assert right.title == "prod"
    assert await compared(comparison) == [("a", "damaged")]
    assert planned(comparison) == (0, 1, 0, 0, 0)
    made = plan(comparison, "right", comparison.shown_numbers(), deletes=False)
    assert await copy(comparison, made, origin=UNKNOWN) == Copied(1, 0)


async def test_copying_is_canceled_before_anything_is_written(
    comparison: Comparison, store: OddStore
) -> None:
    await store.put_many("1d", [Write(f"{number}", b"") for number in range(500)])
    await compared(comparison)
    made = plan(comparison, "right", comparison.shown_numbers(), deletes=False)
    with pytest.raises(CancelledError, match="nothing was written"):
        await copy(comparison, made, origin=UNKNOWN, cancelled=lambda: True)
    assert await held(store, "3d") == {}


async def test_a_store_that_goes_away_while_keys_are_copied(
    ready: Comparison, store: OddStore
) -> None:
    made = plan(ready, "right", ready.shown_numbers(), deletes=True)

    async def vanish() -> None:
        store.gone = True
        raise StoreError("The store is gone; 1 of 2 keys are written.")

    store.meanwhile = vanish
    with pytest.raises(StoreError, match="1 of 2 keys are written"):
        await copy(ready, made, origin=UNKNOWN)
    assert ready.state.shown == 3


# -- sides ------------------------------------------------------------------------------------


async def side_of(comparison: Comparison, right: Side) -> list[tuple[str, str]]:
    other = Comparison(comparison.left, right, lambda _: None)
    try:
        found = await compared(other)
        if right.is_file:
            made = plan(other, "right", other.shown_numbers(), deletes=True)
            with pytest.raises(OperationError, match="takes no changes; nothing was written"):
                await copy(other, made, origin=UNKNOWN)
        return found
    finally:
        await other.close()


async def test_a_snapshot_is_a_side(ready: Comparison, store: OddStore, one: Target) -> None:
    await save_snapshot(one.scope, "base")
    await store.put("1d", Write("new", b"2"))
    side = of_snapshot(one, "base")
    assert (side.title, side.place) == ("snapshot base", "snapshot")
    assert await side_of(ready, side) == [
        ("new", "changed value metadata expiration"),
        ("over", "left"),  # its metadata isn't JSON, so the snapshot doesn't have it
    ]
    with pytest.raises(NotFoundError, match='no snapshot "other"; the snapshots are: base'):
        of_snapshot(one, "other")
    with pytest.raises(NotFoundError, match='snapshot "base" has no X; it has ONE, TWO'):
        of_snapshot(one._replace(id="x", binding="X"), "base")


async def test_a_file_is_a_side(ready: Comparison, one: Target, tmp_path: Path) -> None:
    file = tmp_path / "seeds.json"
    file.write_text('[{"key": "same", "value": "v"}, {"key": "b", "value": "1"}]')
    side = await of_file(one, file)
    assert (side.title, side.place) == ("seeds.json", "file")
    assert await side_of(ready, side) == [("b", "right"), ("new", "left"), ("over", "left")]
    file.write_text("[{}]")
    with pytest.raises(FileError, match="key"):
        await of_file(one, file)


async def test_another_store_is_a_side(ready: Comparison, one: Target, tmp_path: Path) -> None:
    other = one._replace(
        scope=one.scope._replace(project=Project(tmp_path / "wrangler.toml", text=CONFIG))
    )
    side = of_store(other, "wrangler:elsewhere", None, UNKNOWN)
    assert (side.title, side.place) == (f"wrangler:{tmp_path / 'elsewhere'}", "local")
    assert await side_of(ready, side) == [("new", "left"), ("over", "left"), ("same", "left")]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param("redis:/x", 'redis', id="malformed"),
        pytest.param("ftp://me:secret@host", '"ftp://host" can\'t be compared with: no store', id="unknown"),
        pytest.param("memory:", "in the memory of another process", id="memory"),
        pytest.param("wrangler:", "the same namespace of the store", id="the same"),
    ],
)  # fmt: skip
async def test_stores_that_cannot_be_a_side(
    ready: Comparison, one: Target, tmp_path: Path, url: str, says: str
) -> None:
    project = Project(tmp_path / "wrangler.toml", text=CONFIG)
    other = one._replace(scope=one.scope._replace(project=project))
    with pytest.raises((InvalidError, StoreError), match=says):
        await side_of(ready, of_store(other, url, None, UNKNOWN))


async def test_cloudflare_has_the_real_id(one: Target) -> None:
    two = one._replace(id="p", binding="TWO")
    assert of_store(two, "cloudflare:acc", None, UNKNOWN).target.id == "2d"
    assert of_store(two, "redis://localhost:1", None, UNKNOWN).target.id == "p"
    assert of_store(two, "cloudflare:acc", "x", UNKNOWN).title == "cloudflare:acc, id x"


async def test_a_difference_of_damaged_keys() -> None:
    damaged = DamagedKeyError("a", "damaged")
    assert difference(damaged, None).kind == "damaged"
    assert difference(Seen("a", "1"), damaged).kind == "damaged"
