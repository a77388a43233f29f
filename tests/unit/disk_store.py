"""Shared by the tests of the store on disk: a store, its folder, and another program using it."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from kvlens.kv.clock import ManualClock
from kvlens.stores.base import Store
from kvlens.stores.registry import open_store
from kvlens.stores.wrangler.disk_format import blobs_path, database_path, new_blob_id

NOW = 1_800_000_000
_READER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("SELECT * FROM _mf_entries").fetchall()
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / ".wrangler" / "state" / "v3"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def store(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Store]:
    opened = open_store("wrangler:", tmp_path, clock)
    yield opened
    await opened.close()


@contextlib.contextmanager
def opened_elsewhere(state: Path, ns: str = "KV") -> Iterator[None]:
    """Keep the database open in another process."""
    command = [sys.executable, "-c", _READER, str(database_path(state, ns))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline()
        yield
        process.stdin.close()


class Other:
    """Another program that uses the same files, like Miniflare."""

    def __init__(self, state: Path, ns: str = "KV") -> None:
        self.folder = blobs_path(state, ns)
        self.database = sqlite3.connect(
            database_path(state, ns), isolation_level=None, check_same_thread=False
        )

    def put(self, key: str, value: bytes) -> None:
        name = new_blob_id()
        (self.folder / name).write_bytes(value)
        self.database.execute(
            "INSERT OR REPLACE INTO _mf_entries VALUES (?, ?, NULL, NULL)", (key, name)
        )
