"""Write to a store, all or nothing, with progress and a way to cancel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from kvlens.kv.records import Write
from kvlens.seeds.progress import Cancelled, CancelledError, Progress
from kvlens.stores.base import Batch, Seen, Store

STEP_KEYS = 500  # between two checks of progress and cancel

T = TypeVar("T")


async def apply(
    store: Store,
    ns: str,
    writes: Sequence[Write],
    expected: Iterable[Seen] = (),
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> int:
    """Put all writes or none, and return their number; see `apply_all`."""
    if writes:
        batches = [Batch(ns, writes, expected=expected)]
        await apply_all(store, batches, len(writes), progress=progress, cancelled=cancelled)
    return len(writes)


async def apply_all(
    store: Store,
    batches: Sequence[Batch],
    total: int,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> None:
    """Make all changes or none; `total` is the number of affected keys.

    Raises CancelledError, ChangedError, and StoreError if the store refuses; nothing was changed
    then.
    """
    if progress is None and cancelled is None:
        if len(batches) == 1 and not any(batches[0][2:]):
            await store.put_many(batches[0].ns, batches[0].writes)
        else:
            await store.change_many(batches)
        return
    import asyncio  # late: the command line doesn't need it

    loop = asyncio.get_running_loop()
    done = 0

    def report(number: int) -> None:
        if progress:
            loop.call_soon_threadsafe(progress, number, total)

    def counted(items: Iterable[T]) -> Iterator[T]:
        """Count the items that the store reads, in the thread that reads them."""
        nonlocal done
        for item in items:
            if done % STEP_KEYS == 0 and done:
                report(done)
            if done % STEP_KEYS == 0 and cancelled and cancelled():
                raise CancelledError(done, "nothing was changed")
            yield item
            done += 1

    report(0)
    await store.change_many(
        [
            Batch(ns, counted(writes), counted(deletes), counted(unchanged), expected)
            for ns, writes, deletes, unchanged, expected in batches
        ]
    )
    report(total)
    await asyncio.sleep(0)  # make sure that every report has arrived
