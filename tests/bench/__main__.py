"""Run the benchmarks: `python -m tests.bench [TOPIC…]`; all topics by default."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Sequence

from scripts.toolchain import BUILD, ToolError
from tests.bench.report import Row, save, table

RESULTS = BUILD / "bench.json"

TOPICS: dict[str, str] = {
    # topic: module, which has TITLE, run() -> rows, and a docstring that explains the measurement
    "start": "tests.bench.start",
    "keys": "tests.bench.keys",
    "fast-path": "tests.bench.fast_path",
    "features": "tests.bench.features",
    "hover": "tests.bench.hover",
    "sources": "tests.bench.sources",
    "check": "tests.bench.check",
    "memory": "tests.bench.memory",
    "kv": "tests.bench.kv",
    "history": "tests.bench.history",
    "lists": "tests.bench.lists",
    "browse": "tests.bench.browse",
    "compare": "tests.bench.compare",
    "large-value": "tests.bench.large_value",
    "command-line": "tests.bench.command_line",
    "sharing": "tests.bench.sharing",
    "in-use": "tests.bench.in_use",
}


def main() -> int:
    """Run the topics, print their tables and write them to build/bench.json."""
    parser = argparse.ArgumentParser(prog="bench", description="Run the benchmarks.")
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"of: {', '.join(TOPICS)}")
    chosen: list[str] = parser.parse_args().topics or list(TOPICS)
    unknown = [topic for topic in chosen if topic not in TOPICS]
    if unknown:
        parser.error(f"no topic {unknown[0]!r}; there are: {', '.join(TOPICS)}")
    found: dict[str, Sequence[Row]] = {}
    print("ratio: how many times better ours is than the peer's; above 1x is better\n")
    for topic in chosen:
        began = time.monotonic()
        module = importlib.import_module(TOPICS[topic])
        try:
            rows = module.run()
        except ToolError as error:
            print(f"bench: {topic}: {error}", file=sys.stderr)
            return 1
        found[topic] = rows
        notes = [] if rows else ["not measured on this system"]
        print(table(f"{module.TITLE} ({time.monotonic() - began:.0f} s)", rows, notes), "\n")
    save(RESULTS, found)
    print(f"written: {RESULTS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
