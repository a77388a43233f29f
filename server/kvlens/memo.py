"""Values that are computed once for an object and kept with it.

`@memo` on a function of one object makes it remember its result in the object's `memos`. The
result goes when the object goes, and an object that is not changed needs no invalidation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, Protocol, TypeVar

Memos = dict[object, Any]  # the results by the memo that made them


class Remembering(Protocol):
    """An object that results can be kept with."""

    @property
    def memos(self) -> Memos:
        """What was worked out for it."""


S = TypeVar("S", bound=Remembering)
T = TypeVar("T")


class memo(Generic[S, T]):  # noqa: N801 - a decorator
    """A function of one object whose result is kept with the object."""

    def __init__(self, make: Callable[[S], T]) -> None:
        self._make = make
        update_wrapper(self, make)

    def __call__(self, owner: S) -> T:
        """Return the result for an object, worked out the first time."""
        memos = owner.memos
        try:
            found: T = memos[self]
        except KeyError:
            found = memos[self] = self._make(owner)
        return found
