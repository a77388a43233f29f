"""Finish what a cancel can no longer stop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of work such as a commit, even if the caller is canceled meanwhile.

    The caller goes on then, and so can say what was done. Raises the errors of the work.
    """
    task = asyncio.get_running_loop().create_task(work)
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise
