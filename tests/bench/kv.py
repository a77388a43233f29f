"""KV from a Worker: the same Worker, the same workerd, the same disk.

Ours is `kvlens serve` in a separate process, connected as in `kvlens dev`, once on Miniflare's disk
format (`wrangler:`, like the peer) and once on `memory:`. A call is repeated inside the Worker, one
or 32 at a time; a row is the median of rounds in which all take turns.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.bench.emulator import serve
from tests.bench.report import Row
from tests.interop.runtimes import HERE, Miniflare4, Runtime, Workerd, workerd

TITLE = "A Worker's calls, on workerd"
PEER = "Miniflare 4"
ROUNDS = 3
SECONDS = 0.7  # approximate duration of a measurement
KEYS = 100
LARGE = 64 * 1024
NS = "bench"


class Call(NamedTuple):
    """A repeated call."""

    method: str
    size: int
    together: int
    aim: float

    @property
    def name(self) -> str:
        """Its name in the table."""
        size = f"{self.size} B" if self.size < 1024 else f"{self.size // 1024} KiB"
        return f"{self.method} {size}, {self.together} at once"


CALLS = (
    Call("put", 100, 1, 8),
    Call("put", 100, 32, 8),
    Call("get", 100, 1, 5),
    Call("get", 100, 32, 6),
    Call("put", LARGE, 32, 6),
    Call("get", LARGE, 32, 3),
)


def run() -> list[Row]:
    """Measure every call on all of them in turn."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kvlens-bench-")))
        program = workerd(str(HERE / "node_modules" / "miniflare-4"))
        on = {
            store: stack.enter_context(ours(place / store.strip(":"), store, NS, program))
            for store in ("wrangler:", "memory:")
        }
        on[PEER] = stack.enter_context(stopped(lambda: Miniflare4(place / PEER, NS)))
        rows = []
        for call in CALLS:
            counts = {name: count_for(worker, call) for name, worker in on.items()}
            found: dict[str, list[float]] = {name: [] for name in on}
            for _ in range(ROUNDS):
                for name, worker in on.items():
                    found[name].append(counts[name] / repeat(worker, call, counts[name]))
            theirs = median(found[PEER])
            for store in ("wrangler:", "memory:"):
                aim = call.aim if store == "wrangler:" else None
                name = f"{call.name}, {store}"
                rows.append(Row(name, "/s", median(found[store]), PEER, theirs, ROUNDS, True, aim))
        return rows


def count_for(worker: Runtime, call: Call) -> int:
    """Return how many calls take about SECONDS; finding out also warms up."""
    first = 4 * KEYS
    return max(KEYS, int(first * SECONDS / repeat(worker, call, first)))


def repeat(worker: Runtime, call: Call, count: int) -> float:
    """Repeat a call and return the seconds that it took."""
    return worker.repeat(
        method=call.method,
        size=call.size,
        together=call.together,
        options=["arrayBuffer"],
        keys=KEYS,
        count=count,
    )


@contextmanager
def stopped(start: Callable[[], Runtime]) -> Iterator[Runtime]:
    """Start a runtime, and stop it at the end."""
    worker = start()
    try:
        yield worker
    finally:
        worker.stop()


@contextmanager
def ours(
    folder: Path, store: str, ns: str, program: str, environment: Mapping[str, str] = {}
) -> Iterator[Runtime]:
    """Run the Worker on workerd `program` with KV on an emulator of ours."""
    with serve(folder, store, ns, environment) as emulator:

        def start() -> Runtime:
            return Workerd(folder, emulator.address, emulator.token, {"KV0": ns}, program=program)

        with stopped(start) as worker:
            yield worker
