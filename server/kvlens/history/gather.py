"""Gathers what a change of several keys is about to do, in memory or, if it is large, on disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import TypeVar

from kvlens.history.ahead import Ahead
from kvlens.history.recorder import Recorder
from kvlens.history.records import Change, LeftOut
from kvlens.kv.records import Entry, State, Unknown
from kvlens.stores.base import ChangedError, Store, StoreError
from kvlens.stores.origin import Origin

FEW_KEYS = 1000  # that are gathered in memory,
FEW_SIZE = 4 * 1024 * 1024  # and their bytes

T = TypeVar("T")


class Gathered:
    """The changes that an action is about to make through a store.

    `whole` is the store that also has what a moved clock hides.
    """

    def __init__(self, recorder: Recorder, origin: Origin, whole: Store) -> None:
        self._recorder = recorder
        self._origin = origin
        self._whole = whole
        self._few: list[Change] = []
        self._size = 0
        self._ahead: Ahead | None = None
        self._lost = False
        self._one: Change | None = None  # whose key shows whether anything was changed

    @property
    def lost(self) -> bool:
        """Whether the changes are too large, so that they are only counted."""
        return self._lost or (self._ahead is not None and self._ahead.lost)

    def lose(self) -> None:
        """Note that not all of it can be read."""
        self._lost = True

    async def add(self, ns: str, states: Iterable[tuple[str, State, State]]) -> None:
        """Add keys with what they are and what they become."""
        if self.lost:
            return
        now, store = time.time(), self._recorder.store
        changes = [
            Change(self._origin, now, store, ns, key, before, after)
            for key, before, after in states
            if before is not None or after is not None
        ]
        if self._one is None:
            self._one = next((one for one in changes if one.before != one.after), None)
        self._few += changes
        self._size += sum(change.cost() for change in changes)
        if self._ahead is not None or len(self._few) > FEW_KEYS or self._size > FEW_SIZE:
            ahead = self._ahead = self._ahead or Ahead(self._recorder)
            changes, self._few = self._few, []
            await _in_thread(lambda: ahead.add(changes))

    async def make(self, change: Awaitable[T]) -> T:
        """Make the change. If it fails, it isn't recorded unless some of it was made."""
        ahead = self._ahead
        if ahead is not None:
            await _in_thread(ahead.keep)
        try:
            return await change
        except StoreError as error:
            if ahead is not None and (
                isinstance(error, ChangedError) or await self._is_as_before()
            ):
                await _in_thread(ahead.drop)
            raise

    async def made(self, count: int, unmade: Collection[tuple[str, str]] = ()) -> None:
        """Record what was made, but the changes with some namespaces and keys.

        `count` is the number of changes if they are only counted.
        """
        ahead = self._ahead
        if self.lost:
            if count:
                left_out = LeftOut(self._origin, time.time(), self._recorder.store, count)
                self._recorder.add(left_out)
        elif ahead is not None:
            await _in_thread(lambda: ahead.made(unmade))
        else:
            now = time.time()
            for one in self._few:
                if (one.ns, one.key) not in unmade:
                    self._recorder.add(one._replace(time=now))

    async def forget(self) -> None:
        """Forget it all: nothing is changed."""
        if self._ahead is not None:
            await _in_thread(self._ahead.drop)

    async def _is_as_before(self) -> bool:
        if self._one is None:
            return True
        try:
            now: State = await self._whole.get(self._one.ns, self._one.key)
        except StoreError:
            now = Unknown()
        return isinstance(now, Entry | None) and now == self._one.before


async def _in_thread(work: Callable[[], object]) -> None:
    """Do it to the end, also if the caller is canceled: the next step needs the connection."""
    done = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.wait([done])
        raise
