"""Values that are computed once for an object and kept with it.

`@memo` on a function of one object makes it remember its result in the object's `memos`. The
result goes when the object goes, and an object that is not changed needs no invalidation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar

Memos = dict[object, Any]  # the results by the function that made them


class Remembering(Protocol):
    """An object that results can be kept with."""

    @property
    def memos(self) -> Memos:
        """What was worked out for it."""


S = TypeVar("S", bound=Remembering)
T = TypeVar("T")


def memo(make: Callable[[S], T]) -> Callable[[S], T]:
    """Return the function that works a result out the first time it is asked for it."""

    @wraps(make)
    def remembered(owner: S) -> T:
        memos = owner.memos
        try:
            found: T = memos[make]
        except KeyError:
            found = memos[make] = make(owner)
        return found

    return remembered
