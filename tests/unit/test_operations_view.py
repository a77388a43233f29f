"""Views: pages from any offset, of few keys and of many, while they are found and change."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from kvlens.kv.clock import Shift, system_clock
from kvlens.kv.records import Write
from kvlens.operations import view as module
from kvlens.operations.errors import InvalidError
from kvlens.operations.target import Scope, Target
from kvlens.operations.view import State, View
from kvlens.search.forms import SlowExpressionError
from kvlens.search.language import read
from kvlens.stores.base import Matches, Step, Store, StoreError
from kvlens.stores.memory import MemoryStore
from kvlens.stores.registry import open_store
from kvlens.workspace.project import Project

NAMES = [f"k{number:04}" for number in range(3000)]


class Failing(MemoryStore):
    """A store that can go away."""

    gone = False
    steps = 0

    async def find(self, ns: str, filter: Any, step: Step) -> Matches:
        self.steps += 1
        if self.gone:
            raise StoreError("The store is gone. Start it again.")
        return await super().find(ns, filter, step._replace(seconds=0))


@pytest.fixture
async def store() -> AsyncIterator[Failing]:
    made = Failing(system_clock)
    yield made
    await made.close()


Open = Callable[..., View]


@pytest.fixture
async def make_view(store: Failing, tmp_path: Path) -> AsyncIterator[Open]:
    """Make a view of namespace A whose states are kept in `states`."""
    views: list[View] = []

    async def get() -> Store:
        return store

    def view(
        text: str = "",
        sort: str = "key",
        descending: bool = False,
        report: Callable[[State], None] = lambda state: None,
    ) -> View:
        project = Project(tmp_path / "wrangler.toml", text="")
        target = Target(Scope(project, "wrangler.toml", get), "A")
        views.append(View(target, read(text), sort, descending, report))
        return views[-1]

    yield view
    for one in views:
        one.close()


async def until(true: Callable[[], Any]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


@pytest.mark.parametrize("kept", [10, 1500, 10_000])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("text", ["", "*7*", "/[05]$/"])
async def test_any_page(
    store: Failing,
    make_view: Open,
    monkeypatch: pytest.MonkeyPatch,
    kept: int,
    descending: bool,
    text: str,
) -> None:
    monkeypatch.setattr(module, "SORT_LIMIT", kept)
    monkeypatch.setattr(module, "_MARK_EVERY", 7)
    await store.put_many("A", [Write(name, b"v") for name in NAMES])
    names = [name for name in NAMES if read(text).has_name(name)]
    view = make_view(text, descending=descending)
    await view.start()
    await view.complete()
    state = view.state
    assert (state.matched, state.scanned, state.total) == (len(names), 3000, 3000)
    assert await view.keys(len(names)) == (names[::-1] if descending else names)
    if descending:
        names.reverse()
    source = random.Random(1)
    offsets = [0, 1, 6, 7, 8, len(names) - 1, len(names), len(names) + 5]
    for offset in [*offsets, *source.sample(range(len(names)), 10)]:
        limit = source.choice([1, 3, 100])
        found = [row.name for row in await view.rows(offset, limit)]
        assert found == names[offset : offset + limit]


SORTED: dict[str, tuple[str, list[str]]] = {
    # id: (column, the keys in ascending order; those without a value are last)
    "key": ("key", ["a", "b", "c", "d"]),
    "type": ("type", ["d", "c", "a", "b"]),
    "size": ("size", ["d", "a", "c", "b"]),
    "expires": ("expires", ["c", "b", "a", "d"]),
    "metadata": ("metadata", ["b", "a", "c", "d"]),
    "value": ("value", ["d", "a", "c", "b"]),
}


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("sort", "names"), SORTED.values(), ids=SORTED)
async def test_sorting(
    store: Failing, make_view: Open, sort: str, names: list[str], descending: bool
) -> None:
    writes = [
        Write("a", b"5"),
        Write("b", b"two words", '{"a":1}', 4_000_000_001),
        Write("c", b"[3]", None, 4_000_000_000),
        Write("d", b""),
    ]
    await store.put_many("A", [writes[0]._replace(metadata='{"b":1}'), *writes[1:]])
    view = make_view("", sort, descending)
    await view.start()
    await view.complete()
    if descending:
        unknown = {"expires": 2, "metadata": 2}.get(sort, 0)
        known = names[: len(names) - unknown]
        names = [*reversed(known), *names[len(names) - unknown :]]
    assert [row.name for row in await view.rows(0, 10)] == names
    assert view.state.order == sort


async def test_more_keys_than_can_be_sorted_stay_in_the_order_of_the_keys(
    store: Failing, make_view: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SORT_LIMIT", 2)
    await store.put_many("A", [Write(name, b"v" * (9 - at)) for at, name in enumerate("abc")])
    view = make_view("", "size")
    await view.start()
    await view.complete()
    assert view.state.order == "key"
    assert [row.name for row in await view.rows(0, 10)] == ["a", "b", "c"]


async def test_changes_are_found_and_said(store: Failing, make_view: Open) -> None:
    await store.put_many("A", [Write("a", b"1"), Write("b", b"2")])
    states: list[State] = []
    view = make_view("", report=states.append)
    await view.start()
    await view.complete()
    await store.delete("A", ["a"])
    assert [row.name for row in await view.rows(0, 10)] == ["b"]
    view.keys_changed()
    assert states[-1].stale
    await until(lambda: states[-1].matched == 1)
    assert (states[-1].stale, states[-1].done, states[-1].total) == (True, True, 1)
    view.close()
    steps = store.steps
    view.keys_changed()
    await asyncio.sleep(0.3)
    assert store.steps == steps


async def test_a_key_that_expires_is_not_counted_any_more(store: Failing, make_view: Open) -> None:
    soon = int(store.now()) + 2
    await store.put_many("A", [Write("a", b"v", expiration=soon), Write("b", b"v")])
    view = make_view()
    await view.start()
    assert [row.name for row in await view.rows(0, 10)] == ["a", "b"]
    await until(lambda: view.state.matched == 1)
    assert [row.name for row in await view.rows(0, 10)] == ["b"]
    assert store.now() >= soon


async def test_a_moved_clock_counts_until_a_key_expires(store: Failing, make_view: Open) -> None:
    soon = int(store.now()) + 3600
    await store.put_many("A", [Write("a", b"v", expiration=soon), Write("b", b"v")])
    view = make_view()
    await view.start()
    assert [row.name for row in await view.rows(0, 10)] == ["a", "b"]
    await store.move_clock(Shift(soon - 1 - system_clock()))
    view.keys_changed()
    assert [row.name for row in await view.rows(0, 10)] == ["a", "b"]
    await until(lambda: view.state.matched == 1)
    assert await store.time() >= soon


async def test_a_store_that_goes_away_is_said_and_what_was_found_stays(
    store: Failing, make_view: Open
) -> None:
    await store.put_many("A", [Write(name, b"v") for name in NAMES])
    states: list[State] = []
    view = make_view("", report=states.append)
    await view.start()
    await view.complete()
    store.gone = True
    view.keys_changed()
    await until(lambda: states[-1].message)
    assert states[-1].message == "The store is gone. Start it again."
    assert states[-1].matched == 3000
    store.gone = False
    view.keys_changed()
    await until(lambda: states[-1].done and not states[-1].message)


async def test_a_store_that_is_not_there_fails_the_start(store: Failing, make_view: Open) -> None:
    store.gone = True
    with pytest.raises(StoreError, match="gone"):
        await make_view().start()


async def test_an_internal_error_is_a_message_and_leaves_nobody_waiting(
    store: Failing, make_view: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Failing, "find", None)
    view = make_view()
    with pytest.raises(TypeError):
        await view.start()
    assert "Please report" in (view.state.message or "")


async def test_a_view_that_is_closed_leaves_nobody_waiting(
    store: Failing, make_view: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(store, "find", never)
    view = make_view()
    starting = asyncio.ensure_future(view.start())
    await asyncio.sleep(0.05)
    assert not starting.done()
    view.close()
    await asyncio.wait_for(starting, 5)
    await asyncio.wait_for(view.complete(), 5)


async def test_an_expression_that_is_too_slow_fails(store: Failing, make_view: Open) -> None:
    await store.put_many("A", [Write("a" * 500 + "c", b"")])
    with pytest.raises(SlowExpressionError, match="takes too long"):
        await make_view("/^(a|aa)+$/").start()


@pytest.mark.parametrize(("offset", "limit"), [(-1, 1), (0, 0), (0, 1001)])
async def test_pages_have_limits(store: Failing, make_view: Open, offset: int, limit: int) -> None:
    view = make_view()
    await view.start()
    with pytest.raises(InvalidError, match="it takes"):
        await view.rows(offset, limit)


async def test_a_namespace_that_vanishes_is_empty(tmp_path: Path) -> None:
    store = open_store("wrangler:", tmp_path)
    await store.put_many("A", [Write(name, b"v") for name in NAMES[:50]])

    async def get() -> Store:
        return store

    project = Project(tmp_path / "wrangler.toml", text="")
    states: list[State] = []
    view = View(Target(Scope(project, "x", get), "A"), read(""), "key", False, states.append)
    await view.start()
    await view.complete()
    for path in sorted((tmp_path / ".wrangler").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert store.poll() == ["A"]
    view.keys_changed()
    await until(lambda: states[-1].matched == 0)
    assert await view.rows(0, 10) == []
    view.close()
    await store.close()
