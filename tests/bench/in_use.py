"""The cost of not reusing files that another process may be reading.

Each of 100 keys is put, one after the other, directly into the store on disk; alternately with and
without another, idle process that has the database open.
"""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from statistics import median

from kvlens.kv.records import Write
from kvlens.stores.registry import open_store
from kvlens.stores.wrangler.disk_format import database_path

from tests.bench.report import Row

TITLE = "Puts of 100 B on disk while another process has the database open"
ROUNDS = 5
SECONDS = 1.0
KEYS = 100
NS = "bench"

_HOLDER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("SELECT count(*) FROM _mf_entries").fetchone()
print("open", flush=True)
sys.stdin.read()
"""


def run() -> list[Row]:
    """Measure both alternately."""
    with tempfile.TemporaryDirectory(prefix="kvlens-bench-") as name:
        folder = Path(name)
        alone, beside = asyncio.run(_measure(folder))
    return [Row("beside another process", "/s", beside, "alone", alone, ROUNDS, True)]


async def _measure(folder: Path) -> tuple[float, float]:
    store = open_store("wrangler:", folder)
    await store.put(NS, Write("k0", b""))
    path = database_path(folder / ".wrangler" / "state" / "v3", NS)
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for times, held in zip(found, (False, True), strict=True):
            with _held(path) if held else nullcontext():
                count = 0
                end = (began := time.perf_counter()) + SECONDS
                while time.perf_counter() < end:
                    await store.put(NS, Write(f"k{count % KEYS}", b"%100d" % count))
                    await asyncio.sleep(0)
                    count += 1
                times.append(count / (time.perf_counter() - began))
    await store.close()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM _mf_entries").fetchone()[0] == KEYS
    return median(found[0]), median(found[1])


@contextmanager
def _held(path: Path) -> Iterator[None]:
    command = [sys.executable, "-c", _HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline()
        yield
        process.stdin.close()
