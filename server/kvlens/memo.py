"""Values derived from one object, computed once and kept with it.

The object has an attribute `memos`, an empty dict at first. Each kind of value has a key of its
own, so that what comes out has the type of what went in:

    @memoized
    def bindings(config: Config) -> list[str]: ...

The object must not change in a way that the value depends on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Generic, Protocol, TypeVar

_T = TypeVar("_T")


class HasMemos(Protocol):
    """An object that values are kept with."""

    memos: dict[Memo[Any], Any]


_Holder = TypeVar("_Holder", bound=HasMemos)


class Memo(Generic[_T]):
    """The key of one kind of value, for code that decides itself when to keep it."""

    __slots__ = ()

    def get(self, holder: HasMemos) -> _T | None:
        """Return the value that is kept, or None."""
        found: _T | None = holder.memos.get(self)
        return found

    def set(self, holder: HasMemos, value: _T) -> _T:
        """Keep a value and return it."""
        holder.memos[self] = value
        return value

    def pop(self, holder: HasMemos) -> _T | None:
        """Return the value and stop keeping it, so that no other thread has the same one."""
        found: _T | None = holder.memos.pop(self, None)
        return found


def memoized(compute: Callable[[_Holder], _T]) -> Callable[[_Holder], _T]:
    """Make a function of one object compute its value once per object. None is not kept."""
    memo: Memo[_T] = Memo()

    @wraps(compute)
    def remembered(holder: _Holder) -> _T:
        found: _T | None = holder.memos.get(memo)
        return memo.set(holder, compute(holder)) if found is None else found

    return remembered
