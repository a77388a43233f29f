"""The steps of a process that will be killed, also known to the process that kills it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from kvlens.kv.records import Write
from kvlens.stores.base import Batch, Store

NAMESPACES = ("A", "B", "C")
KEYS = 3000  # per namespace that the plans write to
EXPIRING = "x:"  # keys that have expired when they are checked
WORKERS = "w:"  # keys of a Worker that writes at the same time

Contents = dict[str, dict[str, tuple[bytes, "str | None"]]]
"""Namespace -> key -> value and metadata."""


class Step(NamedTuple):
    """One call of the store, which must be done completely or not at all."""

    kind: str
    ns: str = "A"
    writes: Sequence[Write] = ()
    deletes: Sequence[str] = ()
    others: Sequence[Batch] = ()

    async def run(self, store: Store) -> None:
        """Do it."""
        if self.kind == "put":
            await store.put(self.ns, self.writes[0])
        elif self.kind == "replace":
            await store.replace(self.ns, self.writes[0].key, self.writes[0].value)
        elif self.kind == "delete":
            await store.delete(self.ns, self.deletes)
        elif self.kind == "clear":
            await store.clear(self.ns)
        elif self.kind == "together":
            await store.change_many([Batch(self.ns, iter(self.writes)), *self.others])
        else:
            await store.put_many(self.ns, self.writes)

    def note(self, contents: Contents) -> None:
        """Apply it to the expected contents."""
        space = contents[self.ns]
        if self.kind == "replace":
            key, value, _, _ = self.writes[0]
            if key in space:
                space[key] = (value, space[key][1])
            return
        if self.kind == "clear":
            space.clear()
        for ns, writes, deletes, *_ in (Batch(self.ns, self.writes, self.deletes), *self.others):
            for key in deletes:
                contents[ns].pop(key, None)
            for write in writes:
                if not write.key.startswith(EXPIRING):
                    contents[ns][write.key] = (write.value, write.metadata)


def _writes(rng: random.Random, count: int, text: str) -> list[Write]:
    keys = rng.sample(range(KEYS), count)
    pad = b"." * rng.choice((0, 50, 5000 if count < 500 else 200))
    return [Write(f"k{n:05}", f"{text}:{n}".encode() + pad, f'"{text}"') for n in keys]


def _put(rng: random.Random, text: str) -> Step:
    return Step("put", writes=_writes(rng, 1, text))


def _replace(rng: random.Random, text: str) -> Step:
    return Step("replace", writes=_writes(rng, 1, text))


def _bulk_put(rng: random.Random, text: str) -> Step:
    return Step("put_many", writes=_writes(rng, rng.choice((100, 1000, KEYS)), text))


def _bulk_delete(rng: random.Random, text: str) -> Step:
    if rng.random() < 0.5:
        return _bulk_put(rng, text)
    return Step("delete", deletes=[f"k{n:05}" for n in rng.sample(range(KEYS), 1000)])


def _clear(rng: random.Random, text: str) -> Step:
    if rng.random() < 0.5:
        return _bulk_put(rng, text)
    return Step("clear")


def _together(rng: random.Random, text: str) -> Step:
    others = [
        Batch(ns, _writes(rng, 300, text), [f"k{n:05}" for n in rng.sample(range(KEYS), 50)])
        for ns in NAMESPACES[1:]
    ]
    others = [
        Batch(ns, writes, [key for key in deletes if key not in {w.key for w in writes}])
        for ns, writes, deletes, *_ in others
    ]
    return Step("together", "A", _writes(rng, 500, text), (), others)


def _expire(rng: random.Random, text: str) -> Step:
    if rng.random() < 0.3:
        return _put(rng, text)
    soon = int(time.time()) + 1
    return Step(
        "put_many", writes=[Write(f"{EXPIRING}{n:05}", b"x", None, soon) for n in range(200)]
    )


OPERATIONS: dict[str, Callable[[random.Random, str], Step]] = {
    "put": _put,
    "replace": _replace,
    "bulk put": _bulk_put,
    "bulk delete": _bulk_delete,
    "clear": _clear,
    "several namespaces": _together,
    "expiry": _expire,
}


def steps(operation: str, seed: int) -> Iterator[Step]:
    """Yield the steps, endlessly."""
    rng = random.Random(f"{operation} {seed}")
    number = 0
    while True:
        yield OPERATIONS[operation](rng, f"{operation}:{seed}:{number}")
        number += 1
