"""What the history costs: a Worker's puts per second with it, against those without it.

Both are `kvlens serve` on Miniflare's disk format, with workerd in front, as in the topic `kv`. The
keys are put again and again, so each change has a value before and after. A row is the median of
many short rounds in which both take turns, as the machine may be busy with something else.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from kvlens.history.size import DEFAULT_SIZE

from tests.bench.kv import KEYS, LARGE, Call, count_for, ours, repeat
from tests.bench.report import Row
from tests.interop.runtimes import HERE, Runtime, workerd

TITLE = "A Worker's puts with a history"
PEER = "without"
ROUNDS = 41
WARM_UP = 5  # rounds before them: the history is made, and keys are new
AIM = 0.9
CALLS = (Call("put", 100, 1, AIM), Call("put", 100, 32, AIM), Call("put", LARGE, 32, AIM))


def run() -> list[Row]:
    """Measure every call on both in turn."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kvlens-bench-")))
        program = workerd(str(HERE / "node_modules" / "miniflare-4"))
        on, off = (
            stack.enter_context(
                ours(place / size, "wrangler:", "bench", program, {"KVLENS_HISTORY": size})
            )
            for size in (str(DEFAULT_SIZE), "0")
        )
        rows = []
        for call in CALLS:
            count = max(KEYS, count_for(off, call) // 2)
            rates: dict[Runtime, list[float]] = {on: [], off: []}
            for number in range(WARM_UP + ROUNDS):
                for worker in (on, off) if number % 2 else (off, on):
                    rates[worker].append(count / repeat(worker, call, count))
            ours_, theirs = (median(rates[worker][WARM_UP:]) for worker in (on, off))
            rows.append(Row(call.name, "/s", ours_, PEER, theirs, ROUNDS, True, AIM))
        return rows
