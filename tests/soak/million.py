"""A million keys: the time and memory of each command.

Each is a separate command, started as from a shell; its memory is the peak of its process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kvlens.process import own_command

from tests.soak.result import Result

KEYS = 1_000_000
MEMORY = 300.0  # MB
CLEAR_SECONDS = 20.0  # for a million keys, if the disk can remove as many files in that time
START = 1.0  # seconds that any command may take to start
SEEDED = 25 * 1024 * 1024  # bytes; the largest seed file
FILES = 100_000  # used to measure the time to remove one

FILL = """
import asyncio, sys
from pathlib import Path
from kvlens.kv.records import Write
from kvlens.stores.registry import open_store

async def main():
    store = open_store("wrangler:", Path(sys.argv[1]))
    count = int(sys.argv[2])
    writes = (Write(f"key:{n:07}", b'{"n": %d}' % n, '{"m":1}') for n in range(count))
    await store.put_many("KV", writes)
    await store.close()

asyncio.run(main())
"""

# The time that a running process needs to count again, after its own puts and another program's.
COUNT = """
import asyncio, sys, sqlite3, time
from pathlib import Path
from kvlens.kv.records import Write
from kvlens.stores.registry import open_store
from kvlens.stores.wrangler.disk_format import database_path

async def timed(store):
    began = time.perf_counter()
    found = await store.stats("KV")
    return time.perf_counter() - began, found.keys

async def main():
    folder = Path(sys.argv[1])
    store = open_store("wrangler:", folder)
    first, keys = await timed(store)
    own = other = 0.0
    for n in range(20):
        await store.put("KV", Write(f"own:{n}", b"12"))
        took, counted = await timed(store)
        own = max(own, took)
        assert counted == keys + n + 1, (counted, keys, n)
    await asyncio.sleep(2.5)
    db = sqlite3.connect(database_path(folder / ".wrangler" / "state" / "v3", "KV"))
    for n in range(20):
        with db:
            db.execute("DELETE FROM _mf_entries WHERE key = ?", (f"own:{n}",))
        took, counted = await timed(store)
        other = max(other, took)
        assert counted == keys + 19 - n, (counted, keys, n)
    db.close()
    await store.close()
    print(first, own, other)

asyncio.run(main())
"""


def run(scale: float, seed: int) -> list[Result]:
    """Fill a namespace, then run each command on it."""
    keys = max(1, round(KEYS * scale))
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="kvlens-soak-") as name:
        folder = Path(name).resolve()
        config = '[[kv_namespaces]]\nbinding = "KV"\nid = "KV"\n'
        (folder / "wrangler.toml").write_text(config, encoding="utf-8")

        def measured(what: str, command: list[str], limit: float | None = None) -> str:
            took, memory, said = _run(command, folder)
            print(f"  … {what}: {took:.1f} s", file=sys.stderr, flush=True)  # it takes a while
            results.append(Result(what, took, "s", limit))
            results.append(Result(f"{what}: memory", memory, "MB", MEMORY))
            return said

        python = [sys.executable, "-c"]
        measured(f"put {keys:,} keys", [*python, FILL, str(folder), str(keys)])
        out = measured("count", own_command("namespace", "list", "--json"))
        assert f'"keys": {keys}' in out, out
        said = measured("count, in a process that stays", [*python, COUNT, str(folder)]).split()
        for what, took, limit in zip(
            ("at first", "after its own put", "after another program's"),
            map(float, said),
            (None, 0.05, 1.0),
            strict=True,
        ):
            results.append(Result(f"  {what}", took, "s", limit))
        measured("list", own_command("key", "list", "--binding", "KV"))
        measured("export", own_command("export", "--binding", "KV", "-o", "out.json"))
        measured("snapshot save", own_command("snapshot", "save", "all"))
        measured("snapshot diff", own_command("snapshot", "diff", "all"))
        removal = keys * _removal(folder / "files", min(keys, FILES))
        results.append(Result("remove as many plain files", removal, "s"))
        limit = START + max(CLEAR_SECONDS * keys / KEYS, removal)
        measured("clear", own_command("clear", "--binding", "KV", "--force"), limit)
        left = sum(len(files) for _, _, files in os.walk(folder / ".wrangler" / "state"))
        results.append(Result("files left after clear", left, "files", limit=3))
        measured("snapshot restore", own_command("snapshot", "restore", "all", "--force"))
        # faster than removing a million files one by one
        _run(own_command("clear", "--binding", "KV", "--force"), folder)
        seeded = _seed(folder / "KV.json", round(SEEDED * scale))
        for what in (f"seed {seeded:,} keys", "seed them again"):
            measured(what, own_command("seed", "KV.json", "--force"))
        _run(own_command("clear", "--binding", "KV", "--force"), folder)
    return results


def _seed(file: Path, size: int) -> int:
    """Write a seed file of about that many bytes, and return how many keys it has."""
    items = [f'{{"key":"{n:07}","value":"v"}}' for n in range(size // 30)]
    file.write_text(f"[{','.join(items)}]", encoding="utf-8")
    return len(items)


def _removal(folder: Path, count: int) -> float:
    """Return the seconds that removing one of many small files takes."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:080x}").write_bytes(b"0123456789")
    began = time.perf_counter()
    shutil.rmtree(folder)
    return (time.perf_counter() - began) / count


_LAUNCHER = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[2:])
memory = 0.0
if hasattr(os, "wait4"):
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    memory = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
with open(sys.argv[1], "w") as file:
    file.write(str(memory))
sys.exit(child.wait())
"""
"""A small process in between: a child's peak memory includes that of its parent."""


def _run(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Run a command; return its seconds, its peak memory in MB, and its output."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        usage = folder / "usage"
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(usage), *command],
            cwd=folder,
            stdout=out,
            stderr=errors,
        )
        process.wait()
        took = time.perf_counter() - began
        memory = float(usage.read_text("ascii"))
        out.seek(0)
        said = out.read(200_000).decode(errors="replace")
        errors.seek(0)
        if process.returncode:
            raise AssertionError(f"{command[-4:]}: {errors.read().decode(errors='replace')}")
    return took, memory, said
