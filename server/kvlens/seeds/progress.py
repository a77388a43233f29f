"""Progress and cancellation of long work: the same two functions everywhere.

`progress(done, total)` is called with numbers of keys, in the event loop's thread; `total` is None
if unknown. Once `cancelled()` is true, the work ends with CancelledError.
"""

from __future__ import annotations

from collections.abc import Callable

from kvlens.errors import KVLensError

Progress = Callable[[int, int | None], None]
Cancelled = Callable[[], bool]

STEP_KEYS = 100  # between two checks of progress and cancel


class CancelledError(KVLensError):
    """The work was canceled. The text says after how many keys, and that nothing was changed."""

    def __init__(self, done: int, left: str) -> None:
        super().__init__(f"canceled after {done:,} keys; {left}")


class Steps:
    """Counts keys; reports progress and checks for a cancel every few keys."""

    def __init__(self, left: str, progress: Progress | None, cancelled: Cancelled | None) -> None:
        """Start at 0 keys. `left` is what canceled work leaves, such as "nothing was written"."""
        self.done = 0
        self._left = left
        self._progress = progress
        self._cancelled = cancelled

    async def add(self, number: int = 1) -> None:
        """Count keys. Raises CancelledError."""
        before, self.done = self.done // STEP_KEYS, self.done + number
        if self.done // STEP_KEYS == before or not (self._progress or self._cancelled):
            return
        if self._progress:
            self._progress(self.done, None)
        await yield_control()
        if self._cancelled and self._cancelled():
            raise CancelledError(self.done, self._left)


async def yield_control() -> None:
    """Let other tasks run, such as the one that cancels."""
    import asyncio  # late: the command line doesn't need it

    await asyncio.sleep(0)
