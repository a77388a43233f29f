"""How much memory the bodies, or the answers, in flight may take together."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
from collections import deque
from typing import Protocol

LARGE_BLOCK = 256 * 1024  # bytes


class Holder(Protocol):
    """What holds memory, or waits for it: a connection."""

    def go_on(self, memory: Memory) -> bool:
        """Continue, since there may be memory again; return False if there isn't enough."""


class Memory:
    """Counts the bytes that connections hold; at the limit, they wait in the order they came.

    Bodies and answers are counted apart: a Worker that copies streams reads an answer only while
    its body is read, so they must not wait for one another.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self.waiting: deque[Holder] = deque()
        self._held: dict[Holder, int] = {}

    @property
    def full(self) -> bool:
        """Return whether nothing more should be taken for now."""
        return self.held >= self.limit

    def holds(self, holder: Holder) -> bool:
        """Return whether a connection holds anything."""
        return holder in self._held

    def reserve(self, holder: Holder, size: int) -> bool:
        """Take memory; if it has to wait, return False and call `go_on` later.

        If nothing is held, one alone may take more than the limit.
        """
        others_first = self.waiting and self.waiting[0] is not holder
        if others_first or (self.held and self.held + size > self.limit):
            self.wait(holder)
            return False
        self.take(holder, size)
        return True

    def take(self, holder: Holder, size: int) -> None:
        """Count bytes that are there already."""
        _give_large_blocks_back()
        self._held[holder] = self._held.get(holder, 0) + size
        self.held += size

    def give_back(self, holder: Holder, size: int) -> None:
        """Stop counting bytes, and let those continue that wait for them."""
        if size:
            left = self._held.pop(holder) - size
            if left:
                self._held[holder] = left
            self.held -= size
            self._call_soon()

    def wait(self, holder: Holder) -> None:
        """Have `go_on` called when there is memory."""
        if holder not in self.waiting:
            self.waiting.append(holder)

    def forget(self, holder: Holder) -> None:
        """Let a connection wait no longer."""
        if self.waiting and holder in self.waiting:
            self.waiting.remove(holder)
            self._call_soon()

    def leave(self, holder: Holder) -> None:
        """Take back all that a connection holds; it waits no longer."""
        self.forget(holder)
        self.held -= self._held.pop(holder, 0)
        self._call_soon()

    def _call_soon(self) -> None:
        if self.waiting:
            asyncio.get_running_loop().call_soon(self._let_go_on)

    def _let_go_on(self) -> None:
        while self.waiting:
            first = self.waiting[0]
            if not first.go_on(self):
                return
            if self.waiting and self.waiting[0] is first:
                self.waiting.popleft()


@functools.cache
def _give_large_blocks_back() -> None:
    """Have glibc return what a large body took: else it keeps up to 32 MiB blocks for later.

    It raises the size from which it returns a block at once to that of the last one returned.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    threshold = -3  # M_MMAP_THRESHOLD
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(threshold, LARGE_BLOCK)
