"""A Worker that writes, while an editor edits the same namespace.

workerd fails a put during another program's write transaction; such puts are counted here.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from tests.interop.runtimes import Runtime, Serving, Thrown

KEYS = 100
_Edit = Callable[[int], Awaitable[object]]


class Outcome(NamedTuple):
    """The results of the Worker's puts."""

    puts: int
    failed: int
    edits: int
    last: dict[str, str]  # key -> the value of the last put that succeeded


def disturb(
    worker: Runtime, serving: Serving, edit: _Edit, *, puts: int, burst: int, every: float
) -> Outcome:
    """Let a Worker put in bursts with pauses, like a developer's requests.

    Meanwhile, `edit(number)` is awaited about every `every` seconds, at random.
    """
    chance = random.Random(7)
    ended = threading.Event()

    async def edits() -> int:
        number = 0
        while not ended.is_set():
            await edit(number)
            number += 1
            await asyncio.sleep(chance.expovariate(1 / every))
        return number

    editing = asyncio.run_coroutine_threadsafe(edits(), serving.loop)
    last: dict[str, str] = {}
    failed = 0
    try:
        for first in range(0, puts, burst):
            numbers = range(first, min(first + burst, puts))
            answers = worker.calls(*(["KV0", "put", f"worker {n % KEYS}", str(n)] for n in numbers))
            for number, answer in zip(numbers, answers, strict=True):
                if isinstance(answer, Thrown):
                    failed += 1
                else:
                    last[f"worker {number % KEYS}"] = str(number)
            time.sleep(chance.uniform(0.01, 0.08))
    finally:
        ended.set()
        count = editing.result(60)
    return Outcome(puts, failed, count, last)
