"""Writes into a store, all or nothing, with progress and cancel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from kvlens.errors import KVLensError
from kvlens.kv.records import Write
from kvlens.stores.base import Batch, Store

STEP_KEYS = 500  # between two looks at progress and cancel

T = TypeVar("T")


class CancelledError(KVLensError):
    """The work was cancelled, and nothing was changed."""


async def apply(
    store: Store,
    ns: str,
    writes: Sequence[Write],
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> int:
    """Put all writes or none, and return how many were put; see `apply_all`."""
    if writes:
        batches = [Batch(ns, writes)]
        await apply_all(store, batches, len(writes), progress=progress, cancelled=cancelled)
    return len(writes)


async def apply_all(
    store: Store,
    batches: Sequence[Batch],
    total: int,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Make all changes or none; `total` is how many keys they concern.

    `progress(done, total)` is called in the loop's thread. Once `cancelled()` is true, it raises
    CancelledError, and nothing was changed. Raises StoreError where the store refuses, with the
    same effect.
    """
    if progress is None and cancelled is None:
        if len(batches) == 1 and not batches[0].deletes:
            await store.put_many(batches[0].ns, batches[0].writes)
        else:
            await store.change_many(batches)
        return
    import asyncio  # late: the command line does without

    loop = asyncio.get_running_loop()
    done = 0

    def told(number: int) -> None:
        if progress:
            loop.call_soon_threadsafe(progress, number, total)

    def counted(items: Iterable[T]) -> Iterator[T]:
        """Count what the store takes, in the thread where it does."""
        nonlocal done
        for item in items:
            if done % STEP_KEYS == 0 and done:
                told(done)
            if done % STEP_KEYS == 0 and cancelled and cancelled():
                raise CancelledError(f"cancelled after {done:,} keys; nothing was changed")
            yield item
            done += 1

    told(0)
    await store.change_many(
        [Batch(ns, counted(writes), counted(deletes)) for ns, writes, deletes in batches]
    )
    told(total)
    await asyncio.sleep(0)  # what was told has arrived when this returns
