"""The interface of every store: one table of checks for all of them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from kvlens.emulator.server import Emulator
from kvlens.history.store import recording
from kvlens.kv.clock import ManualClock
from kvlens.kv.records import Entry, KeyInfo, Page, Stats, Write
from kvlens.search.language import read
from kvlens.search.rows import Row
from kvlens.stores.base import (
    NOTHING,
    WHOLE,
    Batch,
    ChangedError,
    Children,
    Matches,
    Replaced,
    Seen,
    Step,
    Store,
    digest,
)
from kvlens.stores.batch import each, everything
from kvlens.stores.folders import end_of
from kvlens.stores.memory import MemoryStore
from kvlens.stores.parts import Part
from kvlens.stores.registry import every_store, open_store

NOW = 1_800_000_000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture(params=["memory:", "wrangler:", "wrangler:elsewhere", "recorded", "peer"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock
) -> AsyncIterator[Store]:
    if request.param == "recorded":
        opened = recording(open_store("wrangler:", tmp_path, clock), tmp_path, "here", 1 << 26)
        yield opened
        await opened.close()
        return
    if request.param != "peer":
        opened = open_store(request.param, tmp_path, clock)
        yield opened
        await opened.close()
        return
    async with Emulator(open_store("memory:", tmp_path, clock), {"A": "A"}) as emulator:
        address = emulator.url.replace("http://", f"http://{emulator.token}@")
        opened = open_store(address, tmp_path, clock)
        yield opened
        await opened.close()
        await emulator.store.close()


async def fill(store: Store, *names: str, ns: str = "A") -> None:
    await store.put_many(ns, [Write(name, name.encode()) for name in names])


async def names(store: Store, **options: object) -> list[str]:
    return [info.name for info in (await store.list("A", **options)).keys]  # type: ignore[arg-type]


async def capabilities(store: Store) -> None:
    assert store.info in every_store()
    assert store.writable
    assert (store.shared, store.has_sizes) == (store.info.shared, store.info.has_sizes)
    assert store.local_path is None or store.info.local_path
    await fill(store, "a")
    if store.has_sizes:
        assert (await store.stats("A")).size == 1


async def missing(store: Store) -> None:
    assert await store.get("A", "k") is None
    assert await store.delete("A", ["k"]) == 0
    assert await store.list("A") == Page([], True)
    assert await store.stats("A") == Stats(0, 0)
    assert not await store.count("A")
    assert await store.find("A", read(""), Step()) == Matches([], 0, 0, None, True)
    assert await store.rows("A", ["k"]) == [None]
    assert await store.clear("A") == 0
    assert not await store.replace("A", "k", b"")


async def round_trip(store: Store) -> None:
    for value in (b"", b"v", bytes(range(256)) * 5, b"x" * 300_000):
        await store.put("A", Write("k", value, '{"a":1}', NOW + 60))
        assert await store.get("A", "k") == Entry(value, '{"a":1}', NOW + 60)


async def overwriting_drops_metadata_and_expiration(store: Store) -> None:
    await store.put("A", Write("k", b"1", '"m"', NOW + 60))
    await store.put("A", Write("k", b"2"))
    assert await store.get("A", "k") == Entry(b"2", None, None)
    assert (await store.list("A")).keys == [KeyInfo("k")]


async def odd_keys(store: Store) -> None:
    odd = ["  ", "a/b%2Fc?d#e", "line\nline", "é", "\U0001f600" * 128, "%_\\", "a" * 512, "\0"]
    await fill(store, *odd)
    assert await names(store) == sorted(odd)
    for name in odd:
        assert (await store.get("A", name) or Entry(b"")).value == name.encode()


async def namespaces_are_apart(store: Store) -> None:
    await fill(store, "k", ns="A")
    await fill(store, "k", "l", ns="a/b:c?")
    await store.delete("A", ["k"])
    assert await store.get("A", "k") is None
    assert (await store.list("a/b:c?")).keys == [KeyInfo("k"), KeyInfo("l")]


async def case_matters(store: Store) -> None:
    await fill(store, "key", "KEY")
    await store.delete("A", ["key"])
    assert await names(store) == ["KEY"]


async def ordered_by_bytes(store: Store) -> None:
    order = ["!", ",", "oZ", "oa", "oé", "o\uff5e", "o\U0001f600"]
    await fill(store, *reversed(order))
    assert await names(store) == order


async def prefixes(store: Store) -> None:
    await fill(store, "a", "a%", "a_", "ab", "a\U0010ffff", "a\U0010ffffz", "b", "\ud7ff", "A")
    assert await names(store, prefix="a") == ["a", "a%", "a_", "ab", "a\U0010ffff", "a\U0010ffffz"]
    assert await names(store, prefix="a%") == ["a%"]
    assert await names(store, prefix="a\U0010ffff") == ["a\U0010ffff", "a\U0010ffffz"]
    assert await names(store, prefix="\ud7ff") == ["\ud7ff"]
    assert await names(store, prefix="\U0010ffff") == []


async def paging(store: Store) -> None:
    await fill(store, *(f"p{n:02}" for n in range(10)), "o", "q")
    first = await store.list("A", prefix="p", limit=4)
    assert [info.name for info in first.keys] == ["p00", "p01", "p02", "p03"]
    assert not first.complete
    await store.delete("A", ["p03"])
    second = await store.list("A", prefix="p", limit=6, after="p03")
    assert [info.name for info in second.keys] == ["p04", "p05", "p06", "p07", "p08", "p09"]
    assert second.complete
    assert await names(store, prefix="p", after="a") == [i.name for i in first.keys[:3]] + [
        i.name for i in second.keys
    ]
    assert await names(store, prefix="p", after="z") == []


async def put_many_takes_the_last_of_equal_keys(store: Store) -> None:
    await fill(store, "k0001")
    writes = [Write(f"k{n % 150:04}", str(n).encode(), "0", NOW + 100 + n) for n in range(300)]
    await store.put_many("A", writes)
    assert await store.stats("A") == Stats(150, 450)
    assert await store.get("A", "k0001") == Entry(b"151", "0", NOW + 251)
    assert await store.delete("A", [w.key for w in writes] + ["none"]) == 150
    assert await store.stats("A") == Stats(0, 0)


async def many_changes_at_once(store: Store) -> None:
    """Writes and deletes of several namespaces; no item is requested twice."""
    await fill(store, *(f"old{n:03}" for n in range(120)))
    await fill(store, "b1", "b2", ns="B")
    writes = [Write(f"new{n % 900:03}", str(n).encode(), "[]") for n in range(1200)]
    deletes = [f"old{n:03}" for n in range(100)] + ["none", "old001", "new001"]
    await store.change_many(
        [
            Batch("A", iter(writes), iter(deletes)),
            Batch("B", (), ["b1"]),
            Batch("B", iter([Write("c", b"1")])),
            Batch("B"),
        ]
    )
    assert await names(store) == [f"new{n:03}" for n in range(900)] + [
        f"old{n:03}" for n in range(100, 120)
    ]
    assert await store.get("A", "new299") == Entry(b"1199", "[]")
    assert await store.get("A", "new300") == Entry(b"300", "[]")
    assert [info.name for info in (await store.list("B")).keys] == ["b2", "c"]
    await store.change_many([Batch("A", iter([Write("only", b"")]), iter([]))])
    await store.change_many([])
    await store.change_many([Batch("A", iter([]), ["only", "new000"])])
    assert (await store.stats("A")).keys == 919


class EnoughError(Exception):
    """Raised by a caller to cancel."""


async def many_changes_are_cancelled_from_their_middle(store: Store) -> None:
    await fill(store, "a", "b")

    def some(number: int) -> Iterator[Write]:
        for n in range(number):
            yield Write(f"a{n:05}", b"x")
        raise EnoughError

    for number in (0, 1, 700, 1300):
        with pytest.raises(EnoughError):
            await store.change_many(
                [Batch("B", [Write("k", b"")]), Batch("A", some(number), ["a"])]
            )
        with pytest.raises(EnoughError):
            await store.put_many("A", some(number))
    assert await names(store) == ["a", "b"]
    assert await store.list("B") == Page([], True)


async def replace_keeps_the_rest(store: Store) -> None:
    await store.put("A", Write("k", b"1", "[1]", NOW + 60))
    assert await store.replace("A", "k", b"2" * 100_000)
    assert await store.get("A", "k") == Entry(b"2" * 100_000, "[1]", NOW + 60)


async def replace_compares(store: Store) -> None:
    await store.put("A", Write("k", b"read", "[1]", NOW + 60))
    read = digest(b"read")
    assert await store.replace("A", "k", b"mine", digest(b"more")) is Replaced.CHANGED
    assert await store.get("A", "k") == Entry(b"read", "[1]", NOW + 60)
    assert await store.replace("A", "k", b"mine", read) is Replaced.DONE
    assert await store.get("A", "k") == Entry(b"mine", "[1]", NOW + 60)
    assert await store.replace("A", "k", b"late", read) is Replaced.CHANGED  # of equal size
    assert await store.replace("A", "none", b"", read) is Replaced.GONE
    assert await store.get("A", "k") == Entry(b"mine", "[1]", NOW + 60)
    assert await store.stats("A") in (Stats(1, 4), Stats(1, None))


async def replace_lets_one_of_many_win(store: Store) -> None:
    await store.put("A", Write("k", b"0"))
    tries = (store.replace("A", "k", b"%d" % n, digest(b"0")) for n in range(1, 9))
    results = await asyncio.gather(*tries)
    assert sorted(result.value for result in results) == ["changed"] * 7 + ["done"]
    entry = await store.get("A", "k")
    assert entry == Entry(b"%d" % (results.index(Replaced.DONE) + 1))


async def put_unchanged_compares(store: Store) -> None:
    first = Write("k", b"read", "[1]", NOW + 60)
    assert not await store.put_unchanged("A", first, digest(b"read"))
    assert await store.put_unchanged("A", first, NOTHING)
    assert await store.get("A", "k") == Entry(*first[1:])
    for expected in (NOTHING, digest(b"more")):
        assert not await store.put_unchanged("A", Write("k", b"mine"), expected)
    assert await store.get("A", "k") == Entry(*first[1:])
    assert await store.put_unchanged("A", Write("k", b"later"), digest(b"read"))
    assert await store.get("A", "k") == Entry(b"later")
    assert await store.stats("A") in (Stats(1, 5), Stats(1, None))


async def put_unchanged_lets_one_of_many_win(store: Store) -> None:
    await store.put("A", Write("old", b"0"))
    for key, expected in (("old", digest(b"0")), ("new", NOTHING)):
        tries = (store.put_unchanged("A", Write(key, b"%d" % n), expected) for n in range(1, 9))
        results = await asyncio.gather(*tries)
        assert results.count(True) == 1
        assert await store.get("A", key) == Entry(b"%d" % (results.index(True) + 1))
    assert await store.stats("A") in (Stats(2, 2), Stats(2, None))


async def delete_unchanged_compares(store: Store) -> None:
    old = {
        key: Write(key, b"read", "[1]", NOW + 60)
        for key in ("same", "value", "metadata", "no metadata", "expiration", "for ever", "gone")
    }
    plain = Write("plain", b"")
    await store.put_many("A", [*old.values(), plain])
    seen = [Seen.of(key, write) for key, write in old.items()]
    new = [
        Write("value", b"late", "[1]", NOW + 60),  # of equal size
        Write("metadata", b"read", "[2]", NOW + 60),
        Write("no metadata", b"read", None, NOW + 60),
        Write("expiration", b"read", "[1]", NOW + 61),
        Write("for ever", b"read", "[1]"),
    ]
    await store.put_many("A", new)
    await store.delete("A", ["gone"])
    deleted = await store.delete_unchanged("A", [*seen, Seen.of("plain", plain)])
    assert sorted(deleted) == ["plain", "same"]
    for write in new:
        assert await store.get("A", write.key) == Entry(*write[1:])
    assert await names(store) == sorted(write.key for write in new)
    assert (await store.stats("A")).keys == len(new)
    assert list(await store.delete_unchanged("A", [])) == []
    assert list(await store.delete_unchanged("B", seen)) == []


async def many_changes_compare(store: Store) -> None:
    old = [Write(key, b"read", "[1]", NOW + 60) for key in ("same", "value", "metadata", "gone")]
    more = [Write(f"{number:04}", b"x" * (number % 50)) for number in range(1_300)]
    new = [Write("value", b"late", "[1]", NOW + 60), Write("metadata", b"read", "[2]", NOW + 60)]
    await store.put_many("A", [*old, *more, Write("plain", b"")])
    await store.put_many("A", new)
    await store.delete("A", ["gone"])
    seen = (Seen.of(write.key, write) for write in [*old, *more])
    moved = [Batch("B", iter(more)), Batch("A", (), ["plain"], seen)]
    assert await store.change_many(moved) == 1_302
    assert await names(store) == ["metadata", "value"]
    for write in new:
        assert await store.get("A", write.key) == Entry(*write[1:])
    assert (await store.stats("B")).keys == 1_300
    left = [Seen.of(write.key, write) for write in [*old, *new]]
    assert await store.change_many([Batch("A", unchanged=left)]) == 2
    assert await names(store) == []


OTHERS = {
    "value": Write("k", b"late", "[1]"),
    "metadata": Write("k", b"read", "[2]"),
    "no metadata": Write("k", b"read"),
    "expiration": Write("k", b"read", "[1]", NOW + 9000),
    "gone": None,
}


async def what_a_change_expects(store: Store) -> None:
    """All of it is there, or nothing is changed."""
    read = Write("k", b"read", "[1]")
    there, nothing = Seen.of("k", read), Seen.of("new", None)
    await store.put_many("B", [Write("kept", b"1"), Write("deleted", b"2")])
    for late in OTHERS.values():
        if late is None:
            await store.delete("A", ["k"])
        else:
            await store.put("A", late)
        with pytest.raises(ChangedError, match=r"'k' has changed since it was read\. Nothing was"):
            await store.change_many(
                [Batch("A", [Write("new", b"")], expected=[nothing, there]),
                 Batch("B", [Write("kept", b"")], ["deleted"])]
            )  # fmt: skip
    await store.put_many("A", [read, Write("new", b"late")])
    with pytest.raises(ChangedError, match="'new'"):
        await store.change_many(
            [Batch("B", (), ["deleted"]), Batch("A", [Write("k", b"")], (), (), [there, nothing])]
        )
    assert await store.get("A", "k") == Entry(b"read", "[1]")
    assert await store.get("B", "kept") == Entry(b"1")
    assert await store.get("B", "deleted") == Entry(b"2")
    await store.delete("A", ["new"])
    changes = [Batch("A", [Write("new", b"3")], ["k"], expected=iter([there, nothing]))]
    assert await store.change_many([*changes, Batch("B", [Write("kept", b"4")])]) == 1
    assert await names(store) == ["new"]
    assert await store.get("B", "kept") == Entry(b"4")


async def a_change_expects_many(store: Store) -> None:
    old = [Write(f"{number:04}", b"x" * (number % 50)) for number in range(1_300)]
    new = [Write(write.key, b"new") for write in old]
    seen = [Seen.of(write.key, write) for write in old]
    none = [Seen(write.key, NOTHING) for write in old]
    assert await store.change_many([Batch("A", iter(old), expected=iter(none))]) == 0
    with pytest.raises(ChangedError):
        await store.change_many([Batch("A", iter(new), expected=iter(none))])
    assert await store.change_many([Batch("A", iter(new), expected=iter(seen))]) == 0
    assert await store.get("A", "1299") == Entry(b"new")


async def no_write_is_lost_to_a_change(store: Store) -> None:
    """Many count up in one key: each reads it, and writes only over what it has read."""

    async def count_up() -> None:
        while True:
            entry = await store.get("A", "count")
            number = int(entry.value) + 1 if entry else 1
            seen = [Seen.of("count", entry)]
            try:
                write = Write("count", b"%d" % number)
                await store.change_many([Batch("A", [write], expected=seen)])
                return
            except ChangedError:
                pass

    await asyncio.gather(*(count_up() for _ in range(12)))
    assert await store.get("A", "count") == Entry(b"12")


async def delete_unchanged_takes_many(store: Store) -> None:
    writes = [Write(f"{number:04}", b"x" * (number % 50)) for number in range(1_300)]
    await store.put_many("A", writes)
    await store.put_many("A", [Write(f"{number:04}", b"new") for number in range(0, 1_300, 100)])
    deleted = await store.delete_unchanged("A", [Seen.of(write.key, write) for write in writes])
    assert len(deleted) == 1_287
    assert await names(store) == [f"{number:04}" for number in range(0, 1_300, 100)]
    assert await store.stats("A") in (Stats(13, 39), Stats(13, None))


async def delete_unchanged_loses_no_write(store: Store) -> None:
    """A write and the delete in either order: the write is there afterwards."""
    old = [Write(str(number), b"old") for number in range(40)]
    await store.put_many("A", old)
    seen = [Seen.of(write.key, write) for write in old]
    await asyncio.gather(
        *(store.put("A", Write(write.key, b"new")) for write in old[::2]),
        store.delete_unchanged("A", seen),
        *(store.put("A", Write(write.key, b"new")) for write in old[1::2]),
    )
    for write in old:
        assert await store.get("A", write.key) == Entry(b"new")


async def many_at_once(store: Store) -> None:
    keys = [f"k{n:03}" for n in range(700)]
    writes = [
        Write(key, key.encode() * (n % 3), f"[{n}]", NOW + n) for n, key in enumerate(keys, 1)
    ]
    await store.put_many("A", writes)
    assert [pair async for pair in each(store, "A", ["none", *keys, "k001"])] == [
        ("none", None),
        *((write.key, Entry(*write[1:])) for write in writes),
        ("k001", Entry(*writes[1][1:])),
    ]
    assert [key async for key, _ in everything(store, "A")] == keys
    assert [key async for key, _ in everything(store, "A", prefix="k01")] == keys[10:20]
    assert [pair async for pair in each(store, "B", ["k"])] == [("k", None)]
    assert [pair async for pair in everything(store, "B")] == []


async def digests_compare_keys_without_their_values(store: Store) -> None:
    writes = [Write("a", b"1" * 1000, '{"n":1}'), Write("b", b"\xff", None, NOW + 1000)]
    await store.put_many("A", writes)
    expected = [Seen.of("a", writes[0]), Seen("gone", NOTHING), Seen.of("b", writes[1])]
    found = await store.digests("A", ["a", "gone", "b"], 10_000)
    assert [one if isinstance(one, Seen) else None for one in found] == expected
    assert len(await store.digests("A", ["a", "b"], 0)) >= 1


async def many_at_once_stop_at_a_size(store: Store) -> None:
    keys = ["a", "b", "gone", "c"]
    await store.put_many("A", [Write(key, key.encode() * 1000) for key in keys if key != "gone"])
    entries = await store.get_many("A", keys, 1_500)
    found = [len(entry.value) if isinstance(entry, Entry) else entry for entry in entries]
    assert (
        found == [1000, 1000, None, 1000][: len(found)]
    )  # a store may return more if it costs nothing
    assert len(found) >= 2
    assert len(await store.get_many("A", keys, 0)) >= 1
    assert [key async for key, _ in each(store, "A", keys)] == keys


async def folders(store: Store) -> None:
    inside = [f"user:{number}" for number in range(3000)]
    await fill(store, "a", "b/1", "b/2", "b:1", "user", *inside, "user;", "\U0010ffff:x", "\u202e")
    both = [":", "/"]
    whole = await store.children("A", "", both, None, 100)
    names = ["a", "b/", "b:", "user", "user:", "user;", "\u202e", "\U0010ffff:"]
    are_folders = [False, True, True, False, True, False, False, True]
    assert whole == Children(names, are_folders, True)
    part = await store.children("A", "", both, None, 5)
    assert (part.names, part.complete) == (names[:5], False)
    rest = await store.children("A", "", both, end_of("user:"), 100)
    assert (rest.names, rest.complete) == (names[5:], True)
    flat = await store.children("A", "user:", [], "user:998", 100)
    assert flat == Children(["user:999"], [False], True)
    assert (await store.children("A", "user:", both, None, 700)).names == sorted(inside)[:700]
    assert list(await store.count_prefixes("A", ["user:", "b", "none"], 2000)) == [2000, 3, 0]
    assert await store.children("B", "", both, None, 10) == Children([], [], True)


async def counts(store: Store) -> None:
    await fill(store, "a", "bb", "ccc")
    await store.put("A", Write("a", b"12345"))
    await store.delete("A", ["bb"])
    assert await store.stats("A") == Stats(2, 8)
    assert await store.delete("A", ["a", "a", "x", "ccc"]) == 2
    assert await store.stats("A") == Stats(0, 0)


async def clearing(store: Store) -> None:
    await fill(store, *map(str, range(200)))
    await fill(store, "other", ns="B")
    assert await store.clear("A") == 200
    assert await store.list("A") == Page([], True)
    assert await store.stats("B") == Stats(1, 5)
    await fill(store, "again")
    assert await names(store) == ["again"]


async def own_changes_are_not_polled(store: Store) -> None:
    await fill(store, "a", "b")
    await store.get("A", "a")
    assert list(store.poll()) in ([], ["A"])  # the file was made
    await store.put("A", Write("a", b"2"))
    await store.get("A", "a")
    assert list(store.poll()) == []


async def random_program(store: Store) -> None:
    """Compare with a dictionary over a random program of operations."""
    rng = random.Random(7)
    model: dict[str, bytes] = {}
    for step in range(600):
        key = rng.choice("abcdé\U0001f600") * rng.randint(1, 3)
        choice = rng.random()
        if choice < 0.4:
            model[key] = value = str(step).encode()
            await store.put("A", Write(key, value))
        elif choice < 0.5:
            many = {f"{key}{n}": b"m" for n in range(rng.choice([2, 70]))}
            model.update(many)
            await store.put_many("A", [Write(k, v) for k, v in many.items()])
        elif choice < 0.65:
            gone = [k for k in model if k.startswith(key)]
            for k in gone:
                del model[k]
            assert await store.delete("A", gone) == len(gone)
        elif choice < 0.75:
            found = await store.get("A", key)
            assert (found and found.value) == model.get(key)
        elif choice < 0.8:
            assert bool(await store.replace("A", key, b"r")) == (key in model)
            if key in model:
                model[key] = b"r"
        elif choice < 0.82:
            assert await store.clear("A") == len(model)
            model.clear()
        else:
            limit = rng.randint(1, 20)
            page = await store.list("A", prefix=key[:1], limit=limit, after=key)
            expected = sorted(k for k in model if k.startswith(key[0]) and k > key)
            assert [i.name for i in page.keys] == expected[:limit]
            assert page.complete == (len(expected) <= limit)
    assert await store.stats("A") == Stats(len(model), sum(map(len, model.values())))


async def parts_of_a_value(store: Store) -> None:
    value = "aŋ".encode() * 1000
    await store.put("A", Write("k", value, '{"a":1}', NOW + 60))
    whole = Part(value, 0, 3000, digest(value), True, '{"a":1}', NOW + 60)
    assert await store.part("A", "k", 0, WHOLE) == whole
    assert await store.part("A", "k", 1, 4) == whole._replace(data=value[1:4], start=1)
    assert await store.part("A", "k", 5, 1) == whole._replace(data=value[4:6], start=4)
    assert await store.part("A", "k", 9999, 1) == whole._replace(data=b"", start=3000)
    await store.put("A", Write("k", b"\xff\xfe"))
    assert await store.part("A", "k", 1, 1) == Part(b"\xfe", 1, 2, digest(b"\xff\xfe"), False)
    assert await store.part("A", "none", 0, 1) is None


async def found(store: Store, text: str, **options: object) -> list[str]:
    """Return the keys that a filter matches, found step by step."""
    result: list[str] = []
    step = Step(**options)  # type: ignore[arg-type]
    while True:
        part = await store.find("A", read(text), step)
        assert len(part.names) <= part.matched <= part.scanned
        result += part.names
        if part.complete:
            return result
        assert part.last is not None and (step.after is None or step.after < part.last)
        step = step._replace(after=part.last)


FOUND: dict[str, list[str]] = {
    # filter: the keys that match
    "": ["a:1", "a:2", "b", "bin", "gone", 'q"\\\u202e'],
    "a:*": ["a:1", "a:2"],
    "*:2": ["a:2"],
    "/^[ab]:?1?$/": ["a:1", "b"],
    "-a": ["b", "bin", "gone", 'q"\\\u202e'],
    "meta.n>1": ["a:2"],
    "meta:n": ["a:1", "a:2"],
    "ttl<9999w": ["gone"],
    "ttl:none b": ["b", "bin"],
    "size>3": ["a:2", "bin"],
    "size<=0": ["b"],
    "type:image": ["bin"],
    "value:ada": ["a:1", "a:2"],
    "value:/ADA$/": ["a:1"],
    "-value:ada a": [],
    "value:ŋ": ['q"\\\u202e'],
    "nothing": [],
}


async def finding_keys(store: Store) -> None:
    png = b"\x89PNG\r\n\x1a\n"
    await store.put("A", Write("a:1", b"ADA", '{"n":1}'))
    await store.put("A", Write("a:2", b"Ada L.", '{"n":2}'))
    await store.put("A", Write("b", b""))
    await store.put("A", Write("bin", png))
    await store.put("A", Write("gone", b"g", None, NOW + 60))
    await store.put("A", Write('q"\\\u202e', "ŋ".encode()))
    for text, names in FOUND.items():
        for seconds in (0.0, 5.0):
            assert await found(store, text, seconds=seconds) == names, text
        part = await store.find("A", read(text), Step(seconds=5.0))
        if len(part.names) > 1:
            one = await store.find("A", read(text), Step(limit=1))
            assert (one.names, one.matched, one.complete) == (names[:1], 1, False)
            assert await found(store, text, after=names[0]) == names[1:]
    assert await store.rows("A", ["a:2", "none", "bin", "gone"]) == [
        Row("a:2", None, '{"n":2}', None, False, 6, "text", "Ada L."),
        None,
        Row("bin", None, None, None, False, 8, "image", None),
        Row("gone", NOW + 60, None, None, False, 1, "text", "g"),
    ]
    assert await store.count("A") == (6 if store.info.has_sizes else None)
    assert await store.rows("A", []) == []


async def finding_some_of_many_keys(store: Store) -> None:
    await fill(store, *(f"k{number:04}" for number in range(2500)))
    every = await store.find("A", read("k"), Step(every=1000, skip=999, seconds=5.0))
    assert (every.names, every.matched, every.complete) == (["k0999", "k1999"], 2500, True)
    assert await found(store, "k", every=1000, skip=2499, seconds=5.0) == ["k2499"]
    skipped = Step("k0999", skip=1200, limit=1203, seconds=5.0)
    part = await store.find("A", read("*"), skipped)
    assert (part.names, part.matched) == (["k2200", "k2201", "k2202"], 1203)
    last = await store.find("A", read("*"), Step("k2489", limit=10, seconds=5.0))
    assert last.last == "k2499"


CHECKS: list[Callable[[Store], Awaitable[None]]] = [
    capabilities,
    missing,
    round_trip,
    overwriting_drops_metadata_and_expiration,
    odd_keys,
    namespaces_are_apart,
    case_matters,
    ordered_by_bytes,
    prefixes,
    paging,
    put_many_takes_the_last_of_equal_keys,
    many_changes_at_once,
    parts_of_a_value,
    finding_keys,
    finding_some_of_many_keys,
    many_changes_are_cancelled_from_their_middle,
    replace_keeps_the_rest,
    replace_compares,
    replace_lets_one_of_many_win,
    put_unchanged_compares,
    put_unchanged_lets_one_of_many_win,
    delete_unchanged_compares,
    many_changes_compare,
    what_a_change_expects,
    a_change_expects_many,
    no_write_is_lost_to_a_change,
    delete_unchanged_takes_many,
    delete_unchanged_loses_no_write,
    many_at_once,
    many_at_once_stop_at_a_size,
    digests_compare_keys_without_their_values,
    folders,
    counts,
    clearing,
    own_changes_are_not_polled,
    random_program,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_store(store: Store, check: Callable[[Store], Awaitable[None]]) -> None:
    await check(store)


async def test_expired_keys_are_never_returned(store: Store, clock: ManualClock) -> None:
    await store.put_many(
        "A", [Write(str(n), b"v", None, NOW + 10 if n % 2 else None) for n in range(10)]
    )
    clock.advance(9.9)
    assert len(await names(store)) == 10
    assert (len(await found(store, "")), await store.count("A")) == (10, 10)
    clock.advance(0.1)
    assert await found(store, "") == await found(store, "ttl:none") == [*"02468"]
    assert (await store.rows("A", ["1"]), await store.count("A")) == ([None], 5)
    assert await store.get("A", "1") is None
    assert await names(store) == ["0", "2", "4", "6", "8"]
    assert await names(store, limit=2, after="0") == ["2", "4"]
    assert await store.stats("A") == Stats(5, 5)
    assert not await store.replace("A", "3", b"")
    assert not await store.put_unchanged("A", Write("3", b""), digest(b"v"))
    expired = Seen("3", digest(b"v"), None, NOW + 10)
    assert list(await store.delete_unchanged("A", [expired])) == []
    assert await store.delete("A", ["5", "0"]) == 1
    assert await store.clear("A") == 4


class Limited(MemoryStore):
    """A store like Cloudflare's API, without leave to write."""

    atomic = writable = has_sizes = False


@pytest.mark.parametrize("kind", [Limited, MemoryStore])
async def test_an_emulator_has_the_capabilities_of_its_store(
    kind: type[MemoryStore], tmp_path: Path, clock: ManualClock
) -> None:
    async with Emulator(kind(clock), {"A": "A"}) as emulator:
        address = emulator.url.replace("http://", f"http://{emulator.token}@")
        store = open_store(address, tmp_path, clock)
        assert await store.get("A", "k") is None
        expected = kind is MemoryStore
        assert (store.atomic, store.writable, store.has_sizes) == (expected, expected, expected)
        await store.close()
