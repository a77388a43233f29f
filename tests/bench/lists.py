"""A list page of a rare prefix among a million keys.

Both have the same database file, written in the disk format (without values, which a list doesn't
read). A Worker requests the page repeatedly.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from kvlens.stores.wrangler.disk_format import SCHEMA, database_path, new_blob_id

from tests.bench.kv import ours, stopped
from tests.bench.report import Row
from tests.interop.runtimes import HERE, Miniflare4, Runtime, workerd

TITLE = "A list page of a rare prefix among a million keys"
KEYS = 1_000_000
RARE = 10
ROUNDS = 3
NS = "bench"
AIM = 140.0


def run() -> list[Row]:
    """List both in turn with a prefix of 10 keys, and with one of no keys."""
    with tempfile.TemporaryDirectory(prefix="kvlens-bench-") as name:
        place = Path(name)
        state = place / "ours" / ".wrangler" / "state" / "v3"
        _fill(database_path(state, NS))
        shutil.copytree(state, place / "theirs")
        program = workerd(str(HERE / "node_modules" / "miniflare-4"))
        rows = []
        with (
            ours(place / "ours", "wrangler:", NS, program) as mine,
            stopped(lambda: Miniflare4(place / "theirs", NS)) as theirs,
        ):
            assert len(mine.call("KV0", "list", {"prefix": "rare:"})["keys"]) == RARE
            assert len(theirs.call("KV0", "list", {"prefix": "rare:"})["keys"]) == RARE
            for what, prefix in (("10 keys have it", "rare:"), ("no key has it", "z")):
                times: tuple[list[float], list[float]] = ([], [])
                for _ in range(ROUNDS):
                    times[0].append(_page(mine, prefix, 200))
                    times[1].append(_page(theirs, prefix, 10))
                ms = [median(found) * 1000 for found in times]
                rows.append(Row(what, "ms", ms[0], "Miniflare 4", ms[1], ROUNDS, aim=AIM))
        return rows


def _page(worker: Runtime, prefix: str, count: int) -> float:
    seconds = worker.repeat(method="list", options=[{"prefix": prefix}], count=count, together=1)
    return seconds / count


def _fill(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")
        for statement in SCHEMA:
            database.execute(statement)
        database.execute("BEGIN")
        database.executemany("INSERT INTO _mf_entries VALUES (?, ?, NULL, NULL)", _rows())
        database.execute("COMMIT")


def _rows() -> Iterator[tuple[str, str]]:
    blob_id = new_blob_id()
    for number in range(RARE):
        yield f"rare:{number}", blob_id
    for number in range(KEYS - RARE):
        yield f"user:{number:07}", blob_id
