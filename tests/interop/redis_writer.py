"""Writes to a store until it is killed: redis_writer.py URL.

Every value determines its expected metadata; all keys of a round have the same value.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from kvlens.kv.records import Write
from kvlens.stores.registry import open_store

MANY = 1800  # keys of a round, several parts


async def write_for_ever(url: str) -> None:
    store = open_store(url, Path())
    number = 0
    while True:
        number += 1
        text = str(number)
        await store.put_many("A", [Write(f"m{n}", text.encode(), text) for n in range(MANY)])
        if number == 1:
            print("writing", flush=True)
        for n in range(40):
            await store.put("A", Write(f"s{n % 7}", text.encode() * (n + 1), text))
        await store.delete("A", [f"s{number % 7}"])


if __name__ == "__main__":
    asyncio.run(write_for_ever(sys.argv[1]))
