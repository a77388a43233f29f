"""Readers that are paused deliberately between reading a row, opening its file and reading it.

    python -m tests.interop.paused FOLDER SECONDS PAUSES [write]

reads keys of the store in FOLDER in threads, pausing each time, and prints how many reads gave
another key's value, one cut short, or none. With `write` this process overwrites them meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kvlens.kv.records import Write
from kvlens.stores.base import Store, StoreError
from kvlens.stores.registry import open_store

KEYS = [f"k{number}" for number in range(8)]
THREADS = 50
_BLOB = re.compile(r"(.*[/\\])?[0-9a-f]{80}")


def value(key: str, number: int) -> bytes:
    """Return a value with its key and an end mark, small enough for its file to be reused."""
    return f"{key}:{number}:{'x' * (number % 300)}:end".encode()


async def overwrite(store: Store, number: int) -> None:
    """Overwrite every key in random order: otherwise each would get its own files again."""
    for key in random.sample(KEYS, len(KEYS)):
        await store.put("KV", Write(key, value(key, number)))


def verdict(key: str, found: bytes | None) -> str:
    """Return the verdict on a value that was read."""
    if found is None:
        return "none"
    if not found.startswith(f"{key}:".encode()):
        return "another key's"
    return "right" if found.endswith(b":end") else "cut short"


@contextlib.contextmanager
def pausing(seconds: float) -> Iterator[None]:
    """Pause this process's readers before they open a value's file and after."""
    opened = os.open

    def slow(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        reads = not flags & (os.O_WRONLY | os.O_RDWR) and _BLOB.fullmatch(str(path))
        if not reads:
            return opened(path, flags, *rest, **more)
        time.sleep(seconds)
        handle = opened(path, flags, *rest, **more)
        time.sleep(seconds)
        return handle

    os.open = slow
    try:
        yield
    finally:
        os.open = opened


def read(folder: Path, seconds: float, pauses: int) -> Counter[str]:
    """Read in threads until there were this many pauses; return the verdicts."""
    count: Counter[str] = Counter()

    async def reads(number: int) -> None:
        store = open_store("wrangler:", folder)
        for at in range(pauses // THREADS):
            key = KEYS[(number + at) % len(KEYS)]
            try:
                entry = await store.get("KV", key)
                count[verdict(key, None if entry is None else entry.value)] += 1
            except StoreError as error:
                print(error, file=sys.stderr)
                count["failed"] += 1
        await store.close()

    with pausing(seconds):
        threads = [
            threading.Thread(target=lambda number=number: asyncio.run(reads(number)))
            for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return count


def main() -> None:
    """Read, and print the results."""
    folder, seconds, pauses = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    begun, ended = threading.Event(), threading.Event()

    async def write() -> None:
        store = open_store("wrangler:", folder)
        number = 0
        while not ended.is_set():
            await overwrite(store, number)
            begun.set()
            await asyncio.sleep(0.01)
            number += 1
        await store.close()

    writer = threading.Thread(target=lambda: asyncio.run(write()))
    if "write" in sys.argv[4:]:
        writer.start()
        begun.wait()
    count = read(folder, seconds, pauses)
    ended.set()
    if writer.ident is not None:
        writer.join()
    print(dict(count), flush=True)


if __name__ == "__main__":
    main()
