"""A cancel that comes too late doesn't hide what was done."""

from __future__ import annotations

import asyncio

import pytest
from kvlens.stores.base import StoreError
from kvlens.stores.to_its_end import to_its_end


@pytest.mark.parametrize("cancels", [0, 1, 3])
async def test_a_cancel_is_too_late(cancels: int) -> None:
    free = asyncio.Event()

    async def commit() -> int:
        await free.wait()
        return 7

    task = asyncio.create_task(to_its_end(commit()))
    for _ in range(cancels):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    free.set()
    assert await task == 7


async def test_its_errors_are_raised() -> None:
    async def commit() -> int:
        raise StoreError("full")

    with pytest.raises(StoreError, match="full"):
        await to_its_end(commit())
