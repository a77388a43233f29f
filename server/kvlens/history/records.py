"""What the history records: changes of keys, and those that are only counted."""

from __future__ import annotations

from typing import NamedTuple

from kvlens.history.size import ROW_COST, cost
from kvlens.kv.records import Entry, State
from kvlens.stores.origin import Origin

IN_MEMORY = 280  # bytes of a change in memory beyond its cost on disk


class Change(NamedTuple):
    """A change of one key, to be recorded."""

    origin: Origin
    time: float
    store: str
    ns: str
    key: str
    before: State
    after: State

    def cost(self) -> int:
        """The bytes that it takes on disk, about."""
        size = len(self.key)
        if isinstance(before := self.before, Entry):
            size += len(before.value) + len(before.metadata or "")
        if isinstance(after := self.after, Entry):
            size += len(after.value) + len(after.metadata or "")
        return cost(1, size)


class LeftOut(NamedTuple):
    """A number of changes that are too large to be recorded."""

    origin: Origin
    time: float
    store: str
    keys: int

    def cost(self) -> int:
        """The bytes that it takes on disk, about."""
        return ROW_COST


Record = Change | LeftOut
