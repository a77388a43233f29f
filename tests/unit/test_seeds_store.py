"""Seeds and stores: plan, apply and export, on every store that needs no server."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from kvlens.kv.clock import ManualClock
from kvlens.kv.records import Entry, Write
from kvlens.seeds.apply import STEP_KEYS, apply
from kvlens.seeds.export import export, export_file
from kvlens.seeds.file import SeedItem, check, read
from kvlens.seeds.plan import Change, changed_items, plan, to_writes
from kvlens.seeds.progress import CancelledError
from kvlens.stores.base import Store, StoreError
from kvlens.stores.registry import open_store

NOW = 1_700_000_000.5
CLOCK = ManualClock(NOW)


@pytest_asyncio.fixture(params=["memory:", "wrangler:"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opened = open_store(request.param, tmp_path, CLOCK)
    yield opened
    await opened.close()


def items(*raw: dict[str, Any]) -> list[SeedItem]:
    seed = check(json.dumps(raw), "s.json", NOW)
    assert not seed.errors
    return seed.items


def test_writes_have_absolute_times_and_the_last_of_equal_keys() -> None:
    writes = to_writes(
        items(
            {"key": "a", "value": "1", "expiration_ttl": 60},
            {"key": "b", "value": "2", "expiration": 1_800_000_000},
            {"key": "a", "value": "3", "expiration_ttl": 90, "expiration": 1_800_000_000},
        ),
        NOW,
    )
    assert writes == [
        Write("a", b"3", None, 1_700_000_090),
        Write("b", b"2", None, 1_800_000_000),
    ]


async def test_plan_tells_new_changed_and_same(store: Store) -> None:
    await store.put_many(
        "ns",
        [
            Write("same", b"1", '{"a": 1}', 1_800_000_000),
            Write("value", b"old"),
            Write("metadata", b"1", '{"a":2}'),
            Write("lives", b"1"),
            Write("all", b"1", "1", 1_800_000_000),
        ],
    )
    wanted = to_writes(
        items(
            {"key": "same", "value": "1", "metadata": {"a": 1}, "expiration": 1_800_000_000},
            {"key": "value", "value": "new"},
            {"key": "metadata", "value": "1", "metadata": {"a": 3}},
            {"key": "lives", "value": "1", "expiration_ttl": 60},
            {"key": "all", "value": "2"},
            {"key": "new", "value": ""},
        ),
        NOW,
    )
    assert await plan(store, "ns", wanted) == [
        Change("same", "same"),
        Change("value", "changed", ("value",)),
        Change("metadata", "changed", ("metadata",)),
        Change("lives", "changed", ("expiration",)),
        Change("all", "changed", ("value", "metadata", "expiration")),
        Change("new", "new"),
    ]
    assert await store.get("ns", "new") is None


A1, A2, B = ({"key": k, "value": v} for k, v in (("a", "1"), ("a", "2"), ("b", "1")))
VERSIONS: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]] = {
    # id: (old, new, the keys that changed)
    "nothing": ([A1, B], [B, A1], []),
    "a value": ([A1, B], [A2, B], ["a"]),
    "a new key": ([A1], [A1, B], ["b"]),
    "a key that went": ([A1, B], [A1], []),
    "metadata": ([A1], [{**A1, "metadata": {}}], ["a"]),
    "a time": ([A1], [{**A1, "expiration_ttl": 60}], ["a"]),
    "twice, the last as before": ([A1], [A2, A1], []),
    "from nothing": ([], [A1, B], ["a", "b"]),
}


@pytest.mark.parametrize(("old", "new", "keys"), VERSIONS.values(), ids=VERSIONS.keys())
def test_changed_items(
    old: list[dict[str, Any]], new: list[dict[str, Any]], keys: list[str]
) -> None:
    assert [item.key for item in changed_items(items(*old), items(*new))] == keys


async def test_apply_at_once(store: Store) -> None:
    assert await apply(store, "ns", []) == 0
    assert await apply(store, "ns", [Write("a", b"1"), Write("b", b"2")]) == 2
    assert (await store.stats("ns")).keys == 2


async def test_apply_shows_progress(store: Store) -> None:
    writes = [Write(f"k{n:05}", b"v") for n in range(STEP_KEYS * 2 + 10)]
    steps: list[tuple[int, int]] = []
    done = await apply(store, "ns", writes, progress=lambda *step: steps.append(step))
    total = len(writes)
    assert done == total
    assert steps == [(0, total), (STEP_KEYS, total), (STEP_KEYS * 2, total), (total, total)]


@pytest.mark.parametrize("asked", [1, 2, 3])
async def test_apply_that_is_cancelled_writes_nothing(store: Store, asked: int) -> None:
    await store.put("ns", Write("k00000", b"before"))
    writes = [Write(f"k{n:05}", b"v") for n in range(STEP_KEYS * 2 + 10)]
    answers = iter([False] * (asked - 1) + [True])
    with pytest.raises(CancelledError, match="nothing was changed"):
        await apply(store, "ns", writes, cancelled=lambda: next(answers))
    assert (await store.stats("ns")).keys == 1
    assert await store.get("ns", "k00000") == Entry(b"before")


LOSSLESS = [
    Write("", b"odd, and yet there"),
    Write("binary", bytes(range(256))),
    Write("both", b"1", '{"é":[1,null,2.5,"x"]}', 1_800_000_000),
    Write("empty", b""),
    Write("false", b"1", "false"),
    Write("half", b"1", '["\\ud800"]'),
    Write("lines", b"a\r\nb\0\xef\xbb\xbf"),
    Write("oz\u2028", "é😀".encode()),
]


async def test_export_loses_nothing(store: Store, tmp_path: Path) -> None:
    await store.put_many("ns", LOSSLESS[::-1])
    path = tmp_path / "deep" / "out.json"
    assert await export_file(store, "ns", path) == len(LOSSLESS)
    raw = json.loads(path.read_bytes())
    assert raw == await export(store, "ns")
    assert [item["key"] for item in raw] == [write.key for write in LOSSLESS]
    assert [p.name for p in path.parent.iterdir()] == ["out.json"]
    text = json.dumps(raw[1:])  # the empty key can't be put
    assert to_writes(check(text, "out.json", NOW).items, NOW) == LOSSLESS[1:]


async def test_export_is_stable_and_readable(store: Store, tmp_path: Path) -> None:
    await store.put_many("ns", [Write("b", b"2", '{"n":1}'), Write("a", "é".encode())])
    path = tmp_path / "out.json"
    await export_file(store, "ns", path)
    assert path.read_bytes().decode() == (
        '[\n  {\n    "key": "a",\n    "value": "é"\n  },\n'
        '  {\n    "key": "b",\n    "value": "2",\n    "metadata": {\n      "n": 1\n    }\n  }\n]\n'
    )
    await export_file(store, "none", path)
    assert path.read_bytes() == b"[]\n"


async def test_export_takes_more_than_a_page_and_a_prefix(store: Store, tmp_path: Path) -> None:
    await store.put_many("ns", [Write(f"k{n:04}", b"v") for n in range(2_100)])
    path = tmp_path / "out.json"
    steps: list[int] = []
    assert (
        await export_file(store, "ns", path, progress=lambda done, _: steps.append(done)) == 2_100
    )
    assert steps == list(range(100, 2_101, 100))
    assert len(read(path, NOW).items) == 2_100
    assert await export_file(store, "ns", path, prefix="k20") == 100


async def test_failed_or_cancelled_export_leaves_the_file(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("before", encoding="utf-8")
    await store.put_many("ns", [Write(f"k{n:04}", b"v") for n in range(200)])
    with pytest.raises(CancelledError):
        await export_file(store, "ns", path, cancelled=lambda: True)
    await store.put("ns", Write("k0", b"v", "{broken"))
    with pytest.raises(StoreError, match='ey "k0" is'):
        await export_file(store, "ns", path)
    assert path.read_text(encoding="utf-8") == "before"
    assert not path.with_name(f".out.json.{os.getpid()}.tmp").exists()


async def test_export_goes_through_a_link(store: Store, tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("[]", encoding="utf-8")
    try:
        link.symlink_to(target)
    except OSError:  # Windows without the right to make links: then the plain file will do
        os.link(target, link)
    await store.put("ns", Write("a", b"1"))
    await export_file(store, "ns", link, given=True)
    assert len(json.loads(link.read_bytes())) == 1
