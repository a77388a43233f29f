"""Cache values that are computed once for an object.

`@memo` caches the result of a function of one object in the object's `memos`. It lives as long as
the object, and objects that don't change need no invalidation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar

Memos = dict[object, Any]  # function -> its result


class HasMemos(Protocol):
    """An object that can cache results."""

    @property
    def memos(self) -> Memos:
        """The cached results."""


S = TypeVar("S", bound=HasMemos)
T = TypeVar("T")


def memo(make: Callable[[S], T]) -> Callable[[S], T]:
    """Return a function that computes its result only once for each object."""

    @wraps(make)
    def remembered(owner: S) -> T:
        memos = owner.memos
        try:
            found: T = memos[make]
        except KeyError:
            found = memos[make] = make(owner)
        return found

    return remembered
