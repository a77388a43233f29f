"""Edit keys while others use the same files: `wrangler dev`, Miniflare, another KV Lens."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from kvlens.kv.records import Entry, Write
from kvlens.stores.registry import open_store

from tests.interop.paused import KEYS, overwrite, verdict
from tests.interop.runtimes import ROOT, Miniflare, Serving, Thrown, WranglerDev
from tests.interop.sharing import disturb

ID = "0f2ac74b498b48028cb68387c421e279"


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[WranglerDev]:
    worker = WranglerDev(tmp_path, ID)
    worker.call("KV0", "put", "first", "1")
    yield worker
    worker.stop()


def test_edits_do_not_make_a_workers_puts_fail(dev: WranglerDev, tmp_path: Path) -> None:
    """One failed put in a hundred would be far too many; zero can't be guaranteed."""
    soon = int(time.time()) + 30  # wrangler itself rejects less than a minute
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


def test_a_paused_reader_in_another_process_gets_no_wrong_value(tmp_path: Path) -> None:
    """1,000 times 0.25 s between row and file, and between opening the file and reading it."""
    command = [sys.executable, "-m", "tests.interop.paused", str(tmp_path), "0.25", "1000"]

    async def run() -> str:
        store = open_store("wrangler:", tmp_path)
        await overwrite(store, 0)
        reader = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        told = asyncio.ensure_future(reader.communicate())
        number = 1
        while not told.done():
            await overwrite(store, number)
            await asyncio.sleep(0.005)
            number += 1
        await store.close()
        assert number > 20
        return (await told)[0].decode().strip()

    assert asyncio.run(run()) == "{'right': 1000}"


def test_a_paused_reader_in_the_same_process_gets_no_wrong_value(tmp_path: Path) -> None:
    """Files are reused here, since no other process has the database open."""
    command = [sys.executable, "-m", "tests.interop.paused", str(tmp_path), "0.06", "1000", "write"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "{'right': 1000}"


def descendants(pid: int) -> list[int]:
    """Return the descendants of a process."""
    shown = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    parents = {int(pid): int(parent) for pid, parent in map(str.split, shown.stdout.splitlines())}
    found = [pid]
    for parent in found:
        found += [child for child, of in parents.items() if of == parent]
    return found[1:]


@pytest.mark.skipif(os.name == "nt", reason="no process can be stopped there")
def test_a_stopped_workerd_gets_no_wrong_value(tmp_path: Path) -> None:
    """Stopped for 0.25 s at any moment of a read, while we overwrite what it reads."""
    stops = int(os.environ.get("KVLENS_STOPS", "25"))
    chance = random.Random(7)
    with Serving("wrangler:", tmp_path, {}) as serving:
        serving.run(overwrite(serving.store, 0))
        theirs = Miniflare(tmp_path / ".wrangler" / "state" / "v3", "KV")
        ended = threading.Event()
        count: Counter[str] = Counter()

        async def writes() -> None:
            number = 1
            while not ended.is_set():
                await overwrite(serving.store, number)
                await asyncio.sleep(0.002)
                number += 1

        def reads() -> None:
            while not ended.is_set():
                asked = [chance.choice(KEYS) for _ in range(40)]
                calls = (["KV0", "get", key, "arrayBuffer"] for key in asked)
                for key, found in zip(asked, theirs.calls(*calls, together=True), strict=True):
                    count["failed" if isinstance(found, Thrown) else verdict(key, found)] += 1

        reader = threading.Thread(target=reads)
        try:
            theirs.call("KV0", "get", KEYS[0])
            (workerd,) = descendants(theirs.pid)
            writing = asyncio.run_coroutine_threadsafe(writes(), serving.loop)
            reader.start()
            for _ in range(stops):
                time.sleep(chance.uniform(0.01, 0.06))
                os.kill(workerd, signal.SIGSTOP)
                time.sleep(0.25)
                os.kill(workerd, signal.SIGCONT)
            ended.set()
            reader.join()
            writing.result(60)
        finally:
            ended.set()
            theirs.stop()
    assert set(count) == {"right"}, count
    assert count["right"] > 5 * stops
