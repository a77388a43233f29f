"""Split an iterable into lists of limited length."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

_T = TypeVar("_T")


def chunks(items: Iterable[_T], count: int) -> Iterator[list[_T]]:
    """Yield lists of `count` items; the last one may be shorter.

    >>> list(chunks("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    rest = iter(items)
    while chunk := list(islice(rest, count)):
        yield chunk


def sized_chunks(
    items: Iterable[_T], count: int, size: int, size_of: Callable[[_T], int]
) -> Iterator[list[_T]]:
    """Yield lists of at most `count` items whose sizes add up to at most `size`.

    An item that is larger than `size` gets its own list.

    >>> list(sized_chunks(["a", "bb", "cccc", "d"], 3, 3, len))
    [['a', 'bb'], ['cccc'], ['d']]
    """
    chunk: list[_T] = []
    total = 0
    for item in items:
        added = size_of(item)
        if chunk and (len(chunk) == count or total + added > size):
            yield chunk
            chunk, total = [], 0
        chunk.append(item)
        total += added
    if chunk:
        yield chunk
