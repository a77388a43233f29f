"""Writes into a store, with progress and cancel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from kvlens.kv import Write
from kvlens.stores import Store

CHUNK_KEYS = 500
CHUNK_BYTES = 4 * 1024 * 1024


async def apply(
    store: Store,
    ns: str,
    writes: Sequence[Write],
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> int:
    """Put all writes and return how many were put.

    All or nothing where neither `progress(done, total)` nor `cancelled()` is given. Otherwise in
    chunks, each all or nothing: a cancel between two of them keeps what was put so far.
    Raises StoreError where the store refuses; the chunks before stay.
    """
    if progress is None and cancelled is None:
        if writes:
            await store.put_many(ns, writes)
        return len(writes)
    import asyncio  # late: the command line does without

    done = 0
    if progress:
        progress(0, len(writes))
    for chunk in _chunks(writes):
        if cancelled and cancelled():
            break
        await store.put_many(ns, chunk)
        done += len(chunk)
        if progress:
            progress(done, len(writes))
        await asyncio.sleep(0)  # others have their turn, the one who cancels among them
    return done


def _chunks(writes: Sequence[Write]) -> Iterator[Sequence[Write]]:
    start = size = 0
    for index, write in enumerate(writes):
        size += len(write.value)
        if index + 1 - start >= CHUNK_KEYS or size >= CHUNK_BYTES:
            yield writes[start : index + 1]
            start, size = index + 1, 0
    if start < len(writes):
        yield writes[start:]
