"""What other programs do to the keys of a namespace, for the history."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from kvlens.kv.clock import Clock
from kvlens.kv.records import Entry, State


class OutsideChange(NamedTuple):
    """A key that is gone, or that another program has put, with what it was at the last look."""

    key: str
    before: State
    after: State

    def size(self) -> int:
        """The bytes of its content in memory, about."""
        size = len(self.key)
        for one in (self.before, self.after):
            if one is not None:
                size += len(one.metadata or "")
                size += len(one.value) if isinstance(one, Entry) else 0
        return size


class Look(NamedTuple):
    """What has changed since the last look; the numbers are of further changes."""

    deleted: list[OutsideChange]
    """Keys that are gone and haven't expired. Who has deleted them isn't known here."""
    put: list[OutsideChange]
    """Keys that another program has put."""
    more_deleted: int = 0
    more_put: int = 0


class OutsideChanges(ABC):
    """Finds the changes of one namespace that another program has made. All methods block."""

    @abstractmethod
    def begin(self) -> None:
        """Take a first look: from now on, `read` returns what changes. Raises StoreError."""

    @abstractmethod
    def read(self, most: int, size: int, clock: Clock) -> Look | None:
        """Return what has changed since the last look; None if it has to be asked again later.

        Of more than `most` changes, or of more bytes of values than `size`, it returns some. Keys
        that have expired by `clock` aren't deleted. Raises StoreError; after that, begin again.
        """

    @abstractmethod
    def stop(self) -> None:
        """Make a call in another thread end soon; it may raise StoreError. Doesn't block."""

    @abstractmethod
    def close(self) -> None:
        """Release the files."""
