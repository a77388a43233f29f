"""A Worker's puts that fail because an editor writes to the same files.

workerd fails a put during another program's transaction. A Worker puts 2,000 keys in bursts of 8
with pauses, like requests; meanwhile, a key is edited about every 0.1 s, and every 20th time 1,000
keys are seeded. The peer makes the same edits in the same format immediately.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from kvlens.kv.records import Write
from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.changes import Put
from kvlens.stores.wrangler.commit import commit
from kvlens.stores.wrangler.database import connect
from kvlens.stores.wrangler.disk_format import blobs_path, database_path

from tests.bench.report import Row
from tests.interop.runtimes import Miniflare, Runtime, Serving, WranglerDev
from tests.interop.sharing import disturb

TITLE = "A Worker's puts that fail beside an editor's"
PUTS = 2_000
NS = "bench"
SEED = [Write(f"seed {number}", b"x" * 100) for number in range(1000)]


def run() -> list[Row]:
    """Count them with wrangler dev and with plain Miniflare."""
    rows = []
    for name, start in (
        ("wrangler dev", lambda folder: WranglerDev(folder, NS)),
        ("Miniflare", lambda folder: Miniflare(folder / ".wrangler" / "state" / "v3", NS)),
    ):
        failed = [_count(start, edits) for edits in (_with_regard, _without)]
        what = f"beside {name}, of {PUTS:,}"
        rows.append(Row(what, "failed", failed[0], "writing at once", failed[1], 1))
    return rows


def _count(
    start: Callable[[Path], Runtime],
    edits: Callable[[Serving, Path], Callable[[list[Write]], Awaitable[object]]],
) -> int:
    with tempfile.TemporaryDirectory(prefix="kvlens-bench-") as name:
        folder = Path(name).resolve()
        (folder / ".wrangler" / "state" / "v3").mkdir(parents=True)
        worker = start(folder)
        try:
            worker.call("KV0", "put", "first", "1")
            with Serving("wrangler:", folder, {}) as serving:
                put = edits(serving, folder)

                async def edit(number: int) -> None:
                    await put(SEED if number % 20 == 19 else [Write(f"k{number % 50}", b"x" * 100)])

                return disturb(worker, serving, edit, puts=PUTS, burst=8, every=0.1).failed
        finally:
            worker.stop()


def _with_regard(serving: Serving, folder: Path) -> Callable[[list[Write]], Awaitable[object]]:
    async def put(writes: list[Write]) -> None:
        if len(writes) == 1:
            await serving.store.put(NS, writes[0])
        else:
            await serving.store.put_many(NS, writes)

    return put


def _without(serving: Serving, folder: Path) -> Callable[[list[Write]], Awaitable[object]]:
    state = folder / ".wrangler" / "state" / "v3"
    database = connect(database_path(state, NS))
    blobs = Blobs(blobs_path(state, NS))

    async def put(writes: list[Write]) -> None:
        change = Put(writes)
        await asyncio.to_thread(commit, database, blobs, [change])

    return put
