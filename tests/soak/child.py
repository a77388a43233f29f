"""A process to be killed: `python -m tests.soak.child OPERATION FOLDER SEED`, or a Worker's part.

It prints the number of each step once the store has confirmed it.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import time
from itertools import count
from pathlib import Path

from kvlens.stores.registry import open_store
from kvlens.stores.wrangler.disk_format import blobs_path, database_path, new_blob_id

from tests.soak.plan import NAMESPACES, WORKERS, steps

PAUSE = 0.02  # seconds between two writes of the Worker


async def work(operation: str, folder: Path, seed: int) -> None:
    """Do the steps of an operation, endlessly."""
    store = open_store("wrangler:", folder)
    for ns in NAMESPACES:
        await store.list(ns, limit=1)
    print("ready", flush=True)
    for number, step in enumerate(steps(operation, seed)):
        await step.run(store)
        if operation == "expiry":
            await store.list("A")  # which removes expired keys
            await asyncio.sleep(0.1)
        print(number, flush=True)


def write_as_a_worker(folder: Path) -> None:
    """Write like Miniflare: the value, then the row, then remove the old value."""
    state = folder / ".wrangler" / "state" / "v3"
    found = {}
    for ns in NAMESPACES:
        found[ns] = sqlite3.connect(database_path(state, ns), timeout=30, isolation_level=None)
        found[ns].execute("PRAGMA journal_mode = WAL").fetchall()
    print("ready", flush=True)
    for number in count():
        for ns, db in found.items():
            blob_id = new_blob_id()
            (blobs_path(state, ns) / blob_id).write_bytes(b"worker")
            key = f"{WORKERS}{number % 50}"
            db.execute("BEGIN IMMEDIATE")
            old = db.execute("SELECT blob_id FROM _mf_entries WHERE key = ?", (key,)).fetchone()
            db.execute("REPLACE INTO _mf_entries VALUES (?, ?, NULL, NULL)", (key, blob_id))
            db.execute("COMMIT")
            if old is not None:
                (blobs_path(state, ns) / old[0]).unlink(missing_ok=True)
        time.sleep(PAUSE)


if __name__ == "__main__":
    if os.name != "nt":
        os.nice(1)  # leave time for the process that measures and kills
    if sys.argv[1] == "worker":
        write_as_a_worker(Path(sys.argv[2]))
    else:
        asyncio.run(work(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
