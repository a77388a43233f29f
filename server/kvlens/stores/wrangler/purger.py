"""Delete expired rows, once for many reads that found them, unless the clock is moved."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from kvlens.kv.clock import MovableClock
from kvlens.stores.wrangler import trash
from kvlens.stores.wrangler.changes import Purge
from kvlens.stores.wrangler.commit import STEP
from kvlens.stores.wrangler.open_namespace import OpenNamespace
from kvlens.stores.wrangler.writer import Writer


class Purger:
    """Deletes the expired rows of namespaces, one step at a time."""

    def __init__(
        self, spaces: Mapping[str, OpenNamespace], writer: Writer, clock: MovableClock
    ) -> None:
        self._spaces = spaces
        self._writer = writer
        self._clock = clock
        self._soon: set[str] = set()

    def purge_soon(self, ns: str) -> None:
        """Schedule the deletion of a namespace's expired rows."""
        space = self._spaces.get(ns)
        if ns not in self._soon and space is not None and space.read_only is None:
            self._soon.add(ns)
            asyncio.get_running_loop().call_later(trash.UNLINK_DELAY, self._purge, ns)

    def _purge(self, ns: str) -> None:
        self._soon.discard(ns)
        space = self._spaces.get(ns)
        if space is None or space.read_only is not None or self._clock.is_moved:
            return
        change = Purge()
        change.now = int(self._clock.real() * 1000)
        done = self._writer.queue(space, change)
        done.add_done_callback(lambda done: self._purged(ns, done))

    def _purged(self, ns: str, done: asyncio.Future[Any]) -> None:
        if done.exception() is None and done.result() == STEP:  # a lock only delays it
            self._purge(ns)
