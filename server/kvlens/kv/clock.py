"""The clock: all code that needs the time gets it from the clock it was given."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from kvlens.formatting import span

Clock = Callable[[], float]
"""Returns seconds since the UNIX epoch."""

system_clock: Clock = time.time


LATEST = 253_402_300_799
"""The latest time of a moved clock: the end of the year 9999."""


class Shift(NamedTuple):
    """How a clock differs from the real time: it is ahead of it, or frozen.

    >>> Shift(seconds=60).time(1000.0), Shift(frozen=990.0).time(1000.0)
    (1060.0, 990.0)
    """

    seconds: float = 0.0
    """How far it is ahead; negative if it is behind."""
    frozen: float | None = None
    """The time at which it is frozen, in seconds since the epoch."""

    def time(self, real: float) -> float:
        """Return the time of the moved clock when the real time is `real`."""
        return real + self.seconds if self.frozen is None else self.frozen

    @classmethod
    def read(cls, value: object) -> Shift:
        """Return the shift in JSON that anybody may have written. Raises ValueError."""
        if not isinstance(value, dict) or value.keys() - {"seconds", "frozen"}:
            raise ValueError('must be an object with "seconds" or "frozen"')
        frozen, seconds = value.get("frozen"), value.get("seconds")
        if (frozen is None) == (seconds is None):
            raise ValueError('must have either "seconds" or "frozen"')
        if frozen is not None:
            return cls(frozen=_number("frozen", frozen, 0))
        return cls(_number("seconds", seconds, -LATEST))

    def notice(self, real: float, options: str = "") -> str:
        """Return how far it is from the real time and the way back, to follow other text.

        `options` are those of the command that goes back, after a space.

        >>> Shift(7200).notice(0.0)
        'the clock is 2 h ahead of the real time; `kvlens clock reset` sets it back'
        """
        seconds = self.time(real) - real
        side = "ahead of" if seconds >= 0 else "behind"
        frozen = "" if self.frozen is None else "frozen, "
        away = f"{frozen}{span(seconds)} {side} the real time"
        return f"the clock is {away}; `kvlens clock reset{options}` sets it back"

    def json(self) -> dict[str, float]:
        """Return what `read` takes."""
        return {"seconds": self.seconds} if self.frozen is None else {"frozen": self.frozen}


REAL = Shift()
"""The clock isn't moved."""


def _number(name: str, value: object, least: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= LATEST:  # type: ignore[operator]
        raise ValueError(f"{name} must be a number from {least:,} to {LATEST:,}")
    return float(value)  # type: ignore[arg-type]


class MovableClock:
    """A clock that can be moved away from the `real` one. It expires keys, and nothing else."""

    def __init__(self, real: Clock) -> None:
        self.real = real
        self._shift = REAL

    def __call__(self) -> float:
        return self.shift.time(self.real())

    @property
    def shift(self) -> Shift:
        """How it is moved now."""
        return self._shift

    @property
    def is_moved(self) -> bool:
        """Whether it is moved. Then nothing that has expired is removed: it may come back."""
        return self.shift != REAL

    def look(self) -> tuple[float, bool]:
        """Return its time, and whether it is moved."""
        shift = self.shift
        return shift.time(self.real()), shift != REAL

    def earliest(self) -> float:
        """Return its own or the real time, the earlier one: keys that it hides exist by that."""
        return min(self(), self.real())

    def move(self, shift: Shift, expected: Shift | None = None) -> bool:
        """Move it, or only if it is still moved as `expected`; return whether it was moved."""
        if expected not in (None, self.shift):
            return False
        self._shift = shift
        return True


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
