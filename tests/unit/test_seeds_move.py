"""Keys moved from one namespace to another: all or none, and nobody's work is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from kvlens.kv.clock import ManualClock
from kvlens.kv.records import Entry, Write
from kvlens.operations.namespaces import Unclaimed, unclaimed
from kvlens.seeds import move as moving
from kvlens.seeds.move import Existing, Transferred, move
from kvlens.stores.base import Seen, Store, StoreError
from kvlens.stores.memory import MemoryStore
from kvlens.stores.registry import open_store

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


class Failing(MemoryStore):
    """A store that refuses the second of many writes, or is written to meanwhile."""

    meanwhile: Write | None = None
    left = 99

    async def put_many(self, ns: str, writes: Iterable[Write]) -> None:
        if self.left == 0:
            self.left = 99
            raise StoreError("full")
        self.left -= 1
        await super().put_many(ns, writes)
        if self.meanwhile:
            await self.put("OLD", self.meanwhile)


async def test_a_failure_takes_back_what_was_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "PART_KEYS", 1)
    store = Failing(CLOCK)
    await store.put_many("OLD", [Write("a", b"1"), Write("b", b"2"), Write("c", b"3")])
    await store.put("NEW", Write("a", b"other"))
    store.left = 2
    with pytest.raises(StoreError, match="full"):
        await move(store, "OLD", "NEW", "overwrite")
    assert [e and e.value for e in await entries(store, "OLD")] == [b"1", b"2", b"3"]
    assert await entries(store, "NEW") == [OTHER, None, None]


async def test_what_is_written_meanwhile_stays() -> None:
    store = Failing(CLOCK)
    await store.put_many("OLD", [Write("a", b"1"), Write("b", b"2")])
    store.meanwhile = Write("a", b"newer")
    assert await move(store, "OLD", "NEW") == Transferred(1, [])
    assert [e and e.value for e in await entries(store, "OLD", "ab")] == [b"newer", None]
    assert [e and e.value for e in await entries(store, "NEW", "ab")] == [b"1", b"2"]


LAST: dict[str, tuple[Write, Entry]] = {
    # a Worker's write between the comparison and the delete: (the write, the value afterwards)
    "value": (Write("a", b"2", '{"m":1}', LATER), Entry(b"2", '{"m":1}', LATER)),
    "metadata": (Write("a", b"1", '{"m":2}', LATER), Entry(b"1", '{"m":2}', LATER)),
    "expiration": (Write("a", b"1", '{"m":1}'), Entry(b"1", '{"m":1}')),
}


@pytest.mark.parametrize(("write", "stays"), LAST.values(), ids=LAST.keys())
async def test_what_is_written_right_before_the_delete_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch, write: Write, stays: Entry
) -> None:
    """The Worker writes between the last comparison and the delete."""
    delete = store.delete_unchanged

    async def late(ns: str, seen: Sequence[Seen]) -> Sequence[str]:
        await store.put("OLD", write)
        return await delete(ns, seen)

    monkeypatch.setattr(store, "delete_unchanged", late)
    assert await move(store, "OLD", "NEW") == Transferred(1, [])
    assert await entries(store, "OLD", "ab") == [stays, None]
    assert await entries(store, "NEW", "ab") == [A, B]


async def test_what_a_worker_writes_before_a_failure_is_not_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(moving, "PART_KEYS", 1)
    store = Failing(CLOCK)
    await store.put_many("OLD", [Write(key, b"1") for key in "abcd"])
    await store.put_many("NEW", [Write("a", b"other"), Write("b", b"other")])
    store.left, failing = 3, store.put_many

    async def put_many(ns: str, writes: Iterable[Write]) -> None:
        if store.left == 0:  # a Worker is faster than the undoing
            await store.put("NEW", Write("b", b"worker"))
            await store.put("NEW", Write("c", b"worker"))
        await failing(ns, writes)

    monkeypatch.setattr(store, "put_many", put_many)
    with pytest.raises(StoreError, match="full"):
        await move(store, "OLD", "NEW", "overwrite")
    worker = Entry(b"worker", None, None)
    assert await entries(store, "NEW", "abcd") == [OTHER, worker, worker, None]
    assert len((await store.list("OLD")).keys) == 4


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
