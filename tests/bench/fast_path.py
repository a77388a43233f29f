"""The gain of `lsp/fast_pygls`: our server with it and on plain pygls, measured in turn.

The start is measured as in `start`, and typing as in `keys`. The peer runs with
KVLENS_PLAIN_PYGLS=1.
"""

from __future__ import annotations

from statistics import median

from tests.bench import keys, start
from tests.bench.report import Row, percentile
from tests.bench.servers import ours, plain_pygls

TITLE = "Fast path through pygls: with it, without it"


def run() -> list[Row]:
    """Start both servers and type into both, in turn."""
    fast, plain = ours(), plain_pygls()
    times = start.times((fast, plain))
    mine, theirs = (median(times[server.name]) * 1000 for server in (fast, plain))
    rows = [Row("start", "ms", mine, plain.name, theirs, start.ROUNDS)]
    for lines, count in keys.SIZES.items():
        times = keys.times((fast, plain), lines, count)
        for name, share in (("p50", 0.5), ("p95", 0.95)):
            mine, theirs = (
                percentile(times[server.name], share) * 1000 for server in (fast, plain)
            )
            what = f"one key in {lines:,} lines, {name}"
            rows.append(Row(what, "ms", mine, plain.name, theirs, len(times[fast.name])))
    return rows
