"""The clock: all code that needs the time gets it from the clock it was given."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Returns seconds since the UNIX epoch."""

system_clock: Clock = time.time


class ManualClock:
    """A clock that only moves on request.

    >>> clock = ManualClock(1000.0)
    >>> clock.advance(60)
    >>> clock()
    1060.0
    """

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Move the clock by `seconds`."""
        self.now += seconds
