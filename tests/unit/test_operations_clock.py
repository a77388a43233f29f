"""What operations do while the clock is moved: nothing that it hides or keeps is lost."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from kvlens.kv.clock import REAL, Shift
from kvlens.kv.records import Entry, Write
from kvlens.operations.compare import Comparison
from kvlens.operations.compare_copy import copy, plan
from kvlens.operations.copy import copy as copy_namespace
from kvlens.operations.errors import NotFoundError
from kvlens.operations.move import move
from kvlens.operations.put import replace
from kvlens.operations.rename import rename
from kvlens.operations.seed import find_conflicts, read_job
from kvlens.operations.sides import of_file, of_snapshot, of_store, of_target
from kvlens.operations.snapshot_diff import diff_snapshot
from kvlens.operations.snapshot_restore import restore_snapshot
from kvlens.operations.snapshot_save import save_snapshot
from kvlens.operations.target import Scope, Target, find_target
from kvlens.operations.update import Expiry, update
from kvlens.stores.base import Batch, Store
from kvlens.stores.origin import UNKNOWN
from kvlens.workspace.project import Project

pytestmark = pytest.mark.asyncio
CONFIG = """\
kv_namespaces = [{ binding = "ONE", id = "1d" }]
[[env.prod.kv_namespaces]]
binding = "ONE"
id = "2d"
"""
HOUR = 3600
NOW = int(time.time())
AHEAD, BEHIND = Shift(HOUR), Shift(-HOUR)
SOON = NOW + HOUR // 2  # a clock that is ahead hides it
OVER = NOW - HOUR // 2  # only a clock that is behind keeps it
HERE, THERE, STAYS = Entry(b"here"), Entry(b"there"), Entry(b"stays")


def until(time: int, value: bytes = b"here") -> Entry:
    return Entry(value, None, time)


Keys = dict[str, Entry]


@pytest.fixture(params=["wrangler:", "memory:"])
async def one(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Target]:
    project = Project(tmp_path / "wrangler.toml", store=request.param, text=CONFIG)
    store = project.open_store()

    async def get_store() -> Store:
        return store

    yield find_target(Scope(project, "wrangler.toml", get_store), binding="ONE")
    await store.close()


async def fill(store: Store, ns: str, keys: Keys) -> None:
    """Put keys, whether or not they have expired."""
    await store.change_many([Batch(ns, [Write(key, *entry) for key, entry in keys.items()])])


async def held(store: Store, ns: str) -> Keys:
    """Return what is there by the moved or the real clock."""
    whole = store.with_hidden()
    names = [info.name for info in (await whole.list(ns)).keys]
    return {name: entry for name in names if (entry := await whole.get(ns, name))}


COPIES: dict[str, tuple[Shift, Keys, Keys, str, dict[str, int], Keys]] = {
    # id: (clock, keys here, keys there, to which side, the plan, what the target has then)
    "not moved": (REAL, {"k": until(SOON)}, {}, "right", {"new": 1}, {"k": until(SOON)}),
    "behind, over another": (
        BEHIND, {"k": until(OVER), "s": STAYS}, {"k": THERE}, "right",
        {"new": 1, "expired": 1}, {"k": THERE, "s": STAYS},
    ),
    "behind, new": (BEHIND, {"k": until(OVER)}, {}, "right", {"expired": 1}, {}),
    "behind, deleted there": (
        BEHIND, {}, {"k": THERE}, "right", {"deleted": 1}, {},
    ),
    "behind, only kept by it": (BEHIND, {"k": until(OVER)}, {}, "left", {"expired": 1}, {"k": until(OVER)}),
    "behind, replaced here": (
        BEHIND, {"k": until(OVER)}, {"k": THERE}, "left", {"overwritten": 1}, {"k": THERE},
    ),
    "ahead, hidden here": (
        AHEAD, {"k": until(SOON)}, {"k": until(SOON)}, "right", {}, {"k": until(SOON)},
    ),
    "ahead, hidden and different": (
        AHEAD, {"k": until(SOON)}, {"k": until(SOON, b"2")}, "right", {"expired": 1}, {"k": until(SOON, b"2")},
    ),
    "ahead, not here": (
        AHEAD, {}, {"k": until(SOON), "s": STAYS}, "right", {"deleted": 1, "expired": 1}, {"k": until(SOON)},
    ),
    "ahead, over what it hides": (
        AHEAD, {"k": until(SOON)}, {"k": THERE}, "left", {"overwritten": 1}, {"k": THERE},
    ),
    "ahead, only hidden": (AHEAD, {"k": until(SOON)}, {}, "left", {}, {"k": until(SOON)}),
    "ahead, new": (AHEAD, {}, {"s": STAYS}, "left", {"new": 1}, {"s": STAYS}),
}  # fmt: skip


@pytest.mark.parametrize(
    ("shift", "here", "there", "to", "counts", "after"), COPIES.values(), ids=COPIES
)
async def test_copies_to_and_from_a_store_with_another_clock(
    one: Target,
    shift: Shift,
    here: Keys,
    there: Keys,
    to: Any,
    counts: dict[str, int],
    after: Keys,
) -> None:
    store = await one.store()
    await store.move_clock(BEHIND)
    await fill(store, "1d", here)
    await store.move_clock(shift)
    right = of_store(one, "wrangler:other", None, UNKNOWN)
    await fill(await right.target.store(), "1d", there)
    comparison = Comparison(of_target(one), right, lambda _: None)
    await comparison.start()
    await comparison.complete()
    made = plan(comparison, to, comparison.shown_numbers(), deletes=True)
    numbers = ("new", "overwritten", "deleted", "expired")
    assert {name: value for name in numbers if (value := getattr(made, name))} == counts
    assert (await comparison.notices() != []) is (shift != REAL)
    done = await copy(comparison, made, origin=UNKNOWN)
    assert (done.written, done.deleted, done.changed) == (
        made.new + made.overwritten,
        made.deleted,
        (),
    )
    assert await held(await comparison.side(to).target.store(), "1d") == after
    await comparison.close()


async def test_the_moved_clock_of_the_other_store_is_named(one: Target) -> None:
    right = of_store(one, "wrangler:other", None, UNKNOWN)
    comparison = Comparison(of_target(one), right, lambda _: None)
    await (await right.target.store()).move_clock(BEHIND)
    (said,) = await comparison.notices()
    way = f"`kvlens clock reset --store wrangler:{one.scope.folder / 'other'}` sets it back"
    assert said == f"the clock is 1 h behind the real time; {way}"
    await comparison.close()


async def test_a_clock_that_is_moved_after_the_plan_stops_the_copy(one: Target) -> None:
    store = await one.store()
    await fill(store, "1d", {"k": until(SOON)})
    right = of_store(one, "wrangler:other", None, UNKNOWN)
    comparison = Comparison(of_target(one), right, lambda _: None)
    await comparison.start()
    await comparison.complete()
    made = plan(comparison, "right", comparison.shown_numbers(), deletes=True)
    await store.move_clock(AHEAD)
    assert (await copy(comparison, made, origin=UNKNOWN)).changed == ["k"]
    assert await held(await right.target.store(), "1d") == {}
    await comparison.close()


BESIDE: dict[str, tuple[Keys, Keys, dict[str, int], Keys]] = {
    # id: (keys here, keys of the other namespace, what copying them here does, keys here then)
    "over what it hides": ({"k": until(SOON)}, {"k": THERE}, {"overwritten": 1}, {"k": THERE}),
    "hidden on both sides": ({"k": until(SOON)}, {"k": until(SOON, b"2")}, {}, {"k": until(SOON)}),
    "hidden only there": ({}, {"k": until(SOON)}, {}, {}),
    "hidden there, and here": ({"k": HERE}, {"k": until(SOON)}, {"expired": 1}, {"k": HERE}),
}


@pytest.mark.parametrize(("here", "there", "counts", "after"), BESIDE.values(), ids=BESIDE)
async def test_copies_in_one_store(
    one: Target, here: Keys, there: Keys, counts: dict[str, int], after: Keys
) -> None:
    store = await one.store()
    await fill(store, "1d", here)
    await fill(store, "2d", there)
    await store.move_clock(AHEAD)
    comparison = Comparison(of_target(one), of_target(one._replace(id="2d")), lambda _: None)
    await comparison.start()
    await comparison.complete()
    made = plan(comparison, "left", comparison.shown_numbers(), deletes=False)
    numbers = ("new", "overwritten", "deleted", "expired")
    assert {name: value for name in numbers if (value := getattr(made, name))} == counts
    assert not (await copy(comparison, made, origin=UNKNOWN)).changed
    assert await held(store, "1d") == after


FILES: dict[str, tuple[Keys, dict[str, int]]] = {
    # id: (keys here, what copying a hidden key "k" of a file does)
    "nothing here": ({}, {"new": 1}),
    "the same, hidden": ({"k": until(SOON)}, {}),
    "another one, hidden": ({"k": until(SOON, b"2")}, {"overwritten": 1}),
    "another one": ({"k": THERE}, {"overwritten": 1}),
}


@pytest.mark.parametrize("kind", ["snapshot", "file"])
@pytest.mark.parametrize(("here", "counts"), FILES.values(), ids=FILES)
async def test_a_file_brings_back_what_the_clock_hides(
    one: Target, kind: str, here: Keys, counts: dict[str, int]
) -> None:
    store = await one.store()
    await fill(store, "1d", {"k": until(SOON)})
    await save_snapshot(one.scope, "base")
    file = one.scope.folder / "seeds.json"
    file.write_text(json.dumps([{"key": "k", "value": "here", "expiration": SOON}]))
    await store.clear("1d")
    await fill(store, "1d", here)
    await store.move_clock(AHEAD)
    right = of_snapshot(one, "base") if kind == "snapshot" else await of_file(one, file)
    comparison = Comparison(of_target(one), right, lambda _: None)
    await comparison.start()
    await comparison.complete()
    made = plan(comparison, "left", comparison.shown_numbers(), deletes=True)
    numbers = ("new", "overwritten", "deleted", "expired")
    assert {name: value for name in numbers if (value := getattr(made, name))} == counts
    assert not (await copy(comparison, made, origin=UNKNOWN)).changed
    assert await held(store, "1d") == {"k": until(SOON)}
    await comparison.close()


async def test_a_ttl_of_a_file_counts_from_the_moved_clock(one: Target) -> None:
    store = await one.store()
    await store.move_clock(AHEAD)
    file = one.scope.folder / "seeds.json"
    file.write_text('[{"key": "k", "value": "v", "expiration_ttl": 60}]')
    before = await store.time()
    side = await of_file(one, file)
    (found,) = (await (await side.target.store()).list("1d")).keys
    assert before + 59 <= (found.expiration or 0) <= await store.time() + 60
    await side.close()


SNAPSHOTS: dict[str, tuple[Keys, tuple[int, int, int], Keys]] = {
    # id: (what is there when it is restored; written, overwritten and deleted; what is there then)
    "nothing": ({}, (2, 0, 0), {"k": until(SOON), "s": STAYS}),
    "the same": ({"k": until(SOON), "s": STAYS}, (0, 0, 0), {"k": until(SOON), "s": STAYS}),
    "another one that stays": (
        {"k": HERE, "s": STAYS},
        (1, 1, 0),
        {"k": until(SOON), "s": STAYS},
    ),
    "another one that it hides": (
        {"k": until(SOON, b"2"), "s": STAYS},
        (1, 1, 0),
        {"k": until(SOON), "s": STAYS},
    ),
    "a new one that it hides": (
        {"k": until(SOON), "s": STAYS, "n": until(SOON)},
        (0, 0, 0),
        {"k": until(SOON), "s": STAYS, "n": until(SOON)},
    ),
    "a new one": (
        {"k": until(SOON), "s": STAYS, "n": HERE},
        (0, 0, 1),
        {"k": until(SOON), "s": STAYS},
    ),
}


@pytest.mark.parametrize("saved_at", [REAL, AHEAD], ids=["saved before", "saved meanwhile"])
@pytest.mark.parametrize(("then", "counts", "after"), SNAPSHOTS.values(), ids=SNAPSHOTS)
async def test_a_snapshot_is_restored_with_what_the_clock_hides(
    one: Target, saved_at: Shift, then: Keys, counts: tuple[int, int, int], after: Keys
) -> None:
    store = await one.store()
    await fill(store, "1d", {"k": until(SOON), "s": STAYS})
    await store.move_clock(saved_at)
    saved = (await save_snapshot(one.scope, "base", only=["ONE"])).snapshot
    assert saved.keys == 2
    await store.move_clock(REAL)
    await store.clear("1d")
    await fill(store, "1d", then)
    await store.move_clock(AHEAD)
    found = await diff_snapshot(one.scope, "base", only=["ONE"])
    first = found.differences[0]
    assert (len(first.to_put), len(first.overwritten), len(first.to_delete)) == counts
    assert first.expired == 0
    await restore_snapshot(found)
    assert await held(store, "1d") == after


async def _rename(one: Target) -> object:
    return await rename(one, "s", "k")


async def _copy(one: Target) -> object:
    return (await copy_namespace(one, "2d")).conflicts


async def _move(one: Target) -> object:
    return (await move(one, "2d")).conflicts


async def _seed(one: Target) -> object:
    job = read_job(one, '[{"key": "k", "value": "seed"}]', await one.scope.time())
    return (await find_conflicts(job)).keys


ASKED: dict[str, Callable[[Target], Awaitable[object]]] = {
    "rename": _rename,
    "copy": _copy,
    "move": _move,
    "seed": _seed,
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
async def test_a_hidden_key_is_asked_about_before_it_is_replaced(
    one: Target, ask: Callable[[Target], Awaitable[object]]
) -> None:
    store = await one.store()
    await fill(store, "1d", {"k": until(SOON), "s": STAYS})
    await fill(store, "2d", {"k": THERE})
    await store.move_clock(AHEAD)
    assert await ask(one)
    assert await held(store, "1d") == {"k": until(SOON), "s": STAYS}


async def test_a_namespace_is_moved_with_what_the_clock_hides(one: Target) -> None:
    store = await one.store()
    await fill(store, "2d", {"k": until(SOON), "s": STAYS})
    await store.move_clock(AHEAD)
    await move(one, "2d")
    assert await held(store, "1d") == {"k": until(SOON), "s": STAYS}


GONE: dict[str, Callable[[Target, str], Awaitable[object]]] = {
    "rename": lambda one, key: rename(one, key, "new"),
    "replace": lambda one, key: replace(one, key, b"2"),
    "update": lambda one, key: update(one, [key], expiry=Expiry()),
}


@pytest.mark.parametrize("change", GONE.values(), ids=GONE)
async def test_a_missing_key_that_the_clock_hides_is_said(
    one: Target, change: Callable[[Target, str], Awaitable[object]]
) -> None:
    store = await one.store()
    await fill(store, "1d", {"k": until(SOON)})
    await store.move_clock(AHEAD)
    why = "it has expired by the moved clock; the clock is 1 h ahead of the real time; `kvlens"
    with pytest.raises(NotFoundError, match=f'key "k" is no longer in ONE: {why}'):
        await change(one, "k")
    with pytest.raises(NotFoundError, match="it was deleted or has expired"):
        await change(one, "none")
    assert await held(store, "1d") == {"k": until(SOON)}
