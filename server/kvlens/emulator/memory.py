"""A limit on the memory of all bodies, or all responses, in flight."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
from collections import deque
from typing import Protocol

LARGE_BLOCK = 256 * 1024  # bytes


class Holder(Protocol):
    """A connection that holds memory or waits for it."""

    def resume(self, memory: Memory) -> bool:
        """Continue if there is enough memory again; return False if not."""


class Memory:
    """Counts the bytes that connections hold; at the limit, they wait in the order they came.

    Bodies and responses are counted separately: a Worker that copies streams reads a response only
    while its body is read, so they must not wait for each other.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self.waiting: deque[Holder] = deque()
        self._held: dict[Holder, int] = {}

    @property
    def full(self) -> bool:
        """Return whether the limit is reached."""
        return self.held >= self.limit

    def holds(self, holder: Holder) -> bool:
        """Return whether a connection holds any memory."""
        return holder in self._held

    def reserve(self, holder: Holder, size: int) -> bool:
        """Reserve memory; if there isn't enough, return False and call `resume` later.

        If nothing is held, a single holder may exceed the limit.
        """
        others_first = self.waiting and self.waiting[0] is not holder
        if others_first or (self.held and self.held + size > self.limit):
            self.wait(holder)
            return False
        self.take(holder, size)
        return True

    def take(self, holder: Holder, size: int) -> None:
        """Count bytes that are already in memory."""
        _give_large_blocks_back()
        self._held[holder] = self._held.get(holder, 0) + size
        self.held += size

    def release(self, holder: Holder, size: int) -> None:
        """Release bytes, and let waiting holders continue."""
        if size:
            left = self._held.pop(holder) - size
            if left:
                self._held[holder] = left
            self.held -= size
            self._call_soon()

    def wait(self, holder: Holder) -> None:
        """Call the holder's `resume` when there is memory."""
        if holder not in self.waiting:
            self.waiting.append(holder)

    def forget(self, holder: Holder) -> None:
        """Remove a connection from the queue."""
        if self.waiting and holder in self.waiting:
            self.waiting.remove(holder)
            self._call_soon()

    def leave(self, holder: Holder) -> None:
        """Release everything that a connection holds, and remove it from the queue."""
        self.forget(holder)
        self.held -= self._held.pop(holder, 0)
        self._call_soon()

    def _call_soon(self) -> None:
        if self.waiting:
            asyncio.get_running_loop().call_soon(self._resume_waiting)

    def _resume_waiting(self) -> None:
        while self.waiting:
            first = self.waiting[0]
            if not first.resume(self):
                return
            if self.waiting and self.waiting[0] is first:
                self.waiting.popleft()


@functools.cache
def _give_large_blocks_back() -> None:
    """Make glibc return the memory of large bodies; it would keep blocks of up to 32 MiB.

    When a block is freed, glibc raises its threshold for returning blocks to that size.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    threshold = -3  # M_MMAP_THRESHOLD
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(threshold, LARGE_BLOCK)
