"""The cached stats of a namespace are kept up to date, and equal a full count."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Any

import pytest
from kvlens.kv.clock import ManualClock
from kvlens.kv.records import Stats, Write
from kvlens.stores.base import Batch, Store
from kvlens.stores.registry import open_store
from kvlens.stores.wrangler import stats_cache
from kvlens.stores.wrangler import store as module
from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.disk_format import blobs_path

from tests.unit.disk_store import Other, clock, state, store

__all__ = ["clock", "state", "store"]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Records every count of all files."""
    counts: list[int] = []
    count = stats_cache.count

    def noted(*given: Any) -> stats_cache.StatsCache:
        counts.append(1)
        return count(*given)

    monkeypatch.setattr(module, "count", noted)
    return counts


async def test_what_this_process_changes_is_not_counted_again(
    store: Store, clock: ManualClock, counted: list[int]
) -> None:
    rng = random.Random(3)
    model: dict[str, tuple[int, int | None]] = {}

    def live() -> Stats:
        sizes = [size for size, end in model.values() if end is None or end > clock()]
        return Stats(len(sizes), sum(sizes))

    await store.put("KV", Write("first", b"1"))
    model["first"] = (1, None)
    assert await store.stats("KV") == live()
    for _ in range(400):
        key, size = f"k{rng.randrange(30)}", rng.randrange(50)
        choice = rng.random()
        if choice < 0.4:
            end = None if rng.random() < 0.5 else int(clock()) + rng.randint(1, 40)
            await store.put("KV", Write(key, b"x" * size, None, end))
            model[key] = (size, end)
        elif choice < 0.5:
            some = {f"k{rng.randrange(30)}" for _ in range(5)}
            await store.put_many("KV", [Write(name, b"x" * size) for name in some])
            model.update(dict.fromkeys(some, (size, None)))
        elif choice < 0.6:
            found = await store.replace("KV", key, b"x" * size)
            if found:
                model[key] = (size, model[key][1])
        elif choice < 0.75:
            some = {f"k{rng.randrange(30)}" for _ in range(4)}
            await store.delete("KV", sorted(some))
            for name in some:
                model.pop(name, None)
        elif choice < 0.77:
            await store.clear("KV")
            model.clear()
        elif choice < 0.85:
            clock.advance(rng.randint(1, 20))
        elif choice < 0.9:
            await store.list("KV")
        assert await store.stats("KV") == live()
    assert counted == [1]


async def test_a_count_takes_longer_than_a_statement_may(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million files take longer than SQLite is given for one statement."""
    monkeypatch.setattr(stats_cache, "AT_ONCE", 50)
    monkeypatch.setattr("kvlens.stores.wrangler.database.READ_SECONDS", 0.5)
    monkeypatch.setattr("kvlens.stores.wrangler.database._OPERATIONS", 100)
    await store.put_many("KV", [Write(f"k{n:05}", b"12") for n in range(400)])
    total = Blobs.total

    def slow(blobs: Blobs, names: Any) -> int:
        time.sleep(0.1)
        return total(blobs, names)

    monkeypatch.setattr(Blobs, "total", slow)
    assert await store.stats("KV") == Stats(400, 800)


async def test_a_large_change_is_counted_in_the_end(store: Store) -> None:
    await store.put_many("KV", [Write(f"k{n}", b"12") for n in range(10)])
    assert await store.stats("KV") == Stats(10, 20)
    await store.change_many([Batch("KV", (Write(f"k{n}", b"1") for n in range(5, 100)), ["k0"])])
    assert await store.stats("KV") == Stats(99, 95 + 8)


async def test_what_others_change_has_no_dear_count_each_time(
    store: Store, state: Path, monkeypatch: pytest.MonkeyPatch, counted: list[int]
) -> None:
    """The number of keys is correct immediately; the size follows, and is then reported."""
    monkeypatch.setattr(stats_cache, "CHEAP", 0.0)
    monkeypatch.setattr(stats_cache, "SHARE", 0.4 / 0.001)
    await store.put_many("KV", [Write(f"k{n:03}", b"12") for n in range(100)])
    assert await store.stats("KV") == Stats(100, 200)
    space = store._spaces["KV"]  # type: ignore[attr-defined]
    space.stats_cache._took = 0.001  # on machines of any speed
    store.poll()
    other = Other(state)
    for n in range(20):
        other.put(f"o{n}", b"123")
        assert (await store.stats("KV")).keys == 101 + n
    assert counted == [1]
    other.database.close()
    assert list(store.poll()) == ["KV"]
    async with asyncio.timeout(20) if hasattr(asyncio, "timeout") else _forever():
        while not store.poll():
            await asyncio.sleep(0.05)
    assert await store.stats("KV") == Stats(120, 260)
    assert counted == [1, 1]


class _forever:  # noqa: N801  for Python 3.10
    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


# -- clear ---------------------------------------------------------------------------------------


async def test_clear_leaves_no_file_and_takes_no_newer_one(
    store: Store, tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = blobs_path(state, "KV")
    for _ in range(5):
        await store.put_many("KV", [Write(f"k{n:03}", b"1") for n in range(300)])
        await store.put("KV", Write("k000", b"2"))
        foreign = folder / "notes.txt"
        foreign.write_text("mine", encoding="utf-8")
        assert await store.clear("KV") == 300
        fresh = [Write(f"f{n:03}", b"%d" % n) for n in range(100)]
        await asyncio.gather(*(store.put("KV", write) for write in fresh))
        for write in fresh:
            found = await store.get("KV", write.key)
            assert found and found.value == write.value
        await store.close()
        assert len(list(folder.iterdir())) == 101
        assert foreign.exists()
        store = open_store("wrangler:", tmp_path)
        assert (await store.stats("KV")).keys == 100
        await store.clear("KV")
    await store.close()


async def test_clear_while_values_are_staged_takes_none_of_them(
    store: Store, tmp_path: Path, state: Path
) -> None:
    import threading
    from collections.abc import Iterator

    await store.put_many("KV", [Write(f"k{n:03}", b"1") for n in range(100)])
    half, go = threading.Event(), threading.Event()

    def writes() -> Iterator[Write]:
        for n in range(100):
            yield Write(f"s{n:03}", b"staged")
        half.set()
        go.wait(30)
        yield Write("last", b"staged")

    staging = asyncio.ensure_future(store.put_many("KV", writes()))
    await asyncio.to_thread(half.wait, 30)
    await asyncio.sleep(0.1)  # the files must be older than the clear
    assert await store.clear("KV") == 100
    go.set()
    await staging
    await store.close()
    again = open_store("wrangler:", tmp_path)
    for n in range(100):
        found = await again.get("KV", f"s{n:03}")
        assert found and found.value == b"staged"
    await again.close()
    folder = blobs_path(state, "KV")
    assert len(list(folder.iterdir())) == 101


async def test_clear_together_with_a_put(store: Store) -> None:
    await store.put_many("KV", [Write(f"k{n:03}", b"1") for n in range(100)])
    large = b"x" * 100_000  # goes to the thread, as a clear does
    for _ in range(5):
        results = await asyncio.gather(
            store.put("KV", Write("a", large)),
            store.clear("KV"),
            store.put("KV", Write("b", large)),
        )
        assert results[1] is not None
        found = await store.get("KV", "b")
        assert found and found.value == large
        assert (await store.stats("KV")).keys in (1, 2)
