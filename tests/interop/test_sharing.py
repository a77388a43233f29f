"""Editing keys while `wrangler dev` runs on the same files and its Worker writes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kvlens.kv import Entry, Write

from tests.interop.runtimes import Serving, Thrown, WranglerDev
from tests.interop.sharing import disturb

ID = "0f2ac74b498b48028cb68387c421e279"


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[WranglerDev]:
    worker = WranglerDev(tmp_path, ID)
    worker.call("KV0", "put", "first", "1")
    yield worker
    worker.stop()


def test_edits_do_not_make_a_workers_puts_fail(dev: WranglerDev, tmp_path: Path) -> None:
    """One put in a hundred would be far too many; none at all cannot be promised."""
    soon = int(time.time()) + 30  # wrangler itself refuses less than a minute
    seed = [Write(f"seed {number}", b"\xff" * 10, "[1]", soon + 3600) for number in range(200)]
    with Serving("wrangler:", tmp_path, {}) as serving:
        store = serving.store

        async def edit(number: int) -> None:
            await store.put(ID, Write("edited", b"\x00\xff%d" % number, '{"n":1}', soon))
            if number % 5 == 0:
                await store.put_many(ID, seed)
            if number % 5 == 1:
                await store.replace(ID, "seed 7", b"new")
                await store.delete(ID, [f"seed {number}" for number in range(100, 200)])

        outcome = disturb(dev, serving, edit, puts=400, burst=8, every=0.1)
        assert outcome.edits > 5
        assert outcome.failed <= 4, outcome
        for key, value in outcome.last.items():
            assert dev.call("KV0", "get", key) == value
        entry = serving.run(store.get(ID, "edited"))
        assert entry == Entry(b"\x00\xff%d" % (outcome.edits - 1), '{"n":1}', soon)
        shown = dev.call("KV0", "getWithMetadata", "edited", "arrayBuffer")
        assert not isinstance(shown, Thrown)
        assert (shown["value"], shown["metadata"]) == (entry.value, {"n": 1})
        shown = dev.call("KV0", "getWithMetadata", "seed 99", "arrayBuffer")
        assert (shown["value"], shown["metadata"]) == (b"\xff" * 10, [1])
