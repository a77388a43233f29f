"""A snapshot as a store that only reads."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from kvlens.kv.records import Entry, KeyInfo, Page, Stats, Write
from kvlens.seeds import snapshots
from kvlens.seeds.snapshot_store import MARK_EVERY, SnapshotStore
from kvlens.seeds.snapshots import NamespaceRef, SnapshotError
from kvlens.stores.base import Batch, Seen, Store, StoreError
from kvlens.stores.memory import MemoryStore

pytestmark = pytest.mark.asyncio
COUNT = 2 * MARK_EVERY + 10
SOON = int(time.time()) + 100_000


def name(number: int) -> str:
    return f"k{number:05}"


def write(number: int) -> Write:
    metadata = '{"n":1}' if number % 3 == 0 else None
    return Write(name(number), b"\xff%d" % number, metadata, SOON if number == 7 else None)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SnapshotStore]:
    memory = MemoryStore(time.time)
    await memory.put_many("ONE", [write(number) for number in range(COUNT)])
    saved = await snapshots.save(memory, tmp_path, "s", [NamespaceRef("ONE", None, "ONE")])
    found = SnapshotStore(saved, saved.namespaces[0])
    yield found
    await found.close()


@pytest.mark.parametrize(
    ("prefix", "limit", "after", "numbers", "complete"),
    [
        pytest.param("", 2, None, [0, 1], False, id="the first"),
        pytest.param("", 3, name(MARK_EVERY - 2), [499, 500, 501], False, id="across a mark"),
        pytest.param("", 5, name(COUNT - 3), [COUNT - 2, COUNT - 1], True, id="the last"),
        pytest.param("k0050", 100, None, list(range(500, 510)), True, id="prefix"),
        pytest.param("k0050", 2, name(503), [504, 505], False, id="prefix and after"),
        pytest.param("", 10, "z", [], True, id="after the end"),
        pytest.param("none", 10, None, [], True, id="prefix of nothing"),
    ],
)
async def test_list(
    store: SnapshotStore,
    prefix: str,
    limit: int,
    after: str | None,
    numbers: list[int],
    complete: bool,
) -> None:
    expected = [KeyInfo(one.key, one.expiration, one.metadata) for one in map(write, numbers)]
    assert await store.list("ONE", prefix=prefix, limit=limit, after=after) == Page(
        expected, complete
    )


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param([0, 1, 2, COUNT - 1], id="in order"),
        pytest.param([COUNT - 1, 0, 600, 7, 7], id="in any order"),
        pytest.param([3, COUNT, 5, -1, 501], id="with missing ones"),
    ],
)
async def test_get_many(store: SnapshotStore, numbers: list[int]) -> None:
    found = await store.get_many("ONE", [name(number) for number in numbers], 1 << 30)
    expected = [Entry(*write(n)[1:]) if 0 <= n < COUNT else None for n in numbers]
    assert list(found) == expected
    assert len(await store.get_many("ONE", [name(number) for number in numbers], 0)) == 1


async def test_expired_entries_and_the_rest(store: SnapshotStore) -> None:
    assert await store.get("ONE", name(7)) == Entry(b"\xff7", None, SOON)
    store._clock = lambda: SOON + 1.0
    assert await store.get("ONE", name(7)) is None
    assert name(7) not in {info.name for info in (await store.list("ONE")).keys}
    assert await store.stats("ONE") == Stats(COUNT, sum(len(write(n).value) for n in range(COUNT)))
    assert store.writable is False


WRITES: dict[str, Callable[[Store], Awaitable[object]]] = {
    "put": lambda store: store.put("ONE", Write("k", b"")),
    "put unchanged": lambda store: store.put_unchanged("ONE", Write("k", b""), ""),
    "put many": lambda store: store.put_many("ONE", [Write("k", b"")]),
    "change many": lambda store: store.change_many([Batch("ONE")]),
    "replace": lambda store: store.replace("ONE", "k", b""),
    "delete": lambda store: store.delete("ONE", ["k"]),
    "delete unchanged": lambda store: store.delete_unchanged("ONE", [Seen("k", "")]),
    "clear": lambda store: store.clear("ONE"),
}


@pytest.mark.parametrize("change", WRITES.values(), ids=WRITES)
async def test_it_refuses_changes(
    store: SnapshotStore, change: Callable[[Store], Awaitable[object]]
) -> None:
    with pytest.raises(StoreError, match='The snapshot "s" can\'t be changed'):
        await change(store)


async def test_a_damaged_file(store: SnapshotStore, tmp_path: Path) -> None:
    file = tmp_path / ".wrangler/kvlens/snapshots/s/ONE.json"
    file.write_text(file.read_text().replace(name(600), name(1)))
    with pytest.raises(SnapshotError, match=r"line 602: .* is out of order"):
        await store.list("ONE")
