"""Entries in a temporary file, so that a namespace doesn't have to fit into memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator

from kvlens.kv.records import Write
from kvlens.stores.base import Seen, StoreError

IN_MEMORY = 16 * 1024 * 1024  # bytes of writes; more goes to the file
SEEN_IN_MEMORY = 1024 * 1024  # bytes, likewise


class Spool:
    """Writes, in the order in which they were added."""

    def __init__(self) -> None:
        self.count = 0
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  see close

    def __del__(self) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Write]:
        return self.writes()

    def close(self) -> None:
        """Delete the file."""
        self._file.close()

    def add(self, write: Write) -> None:
        """Add one. Raises StoreError if the disk is full."""
        key, value, metadata, expiration = write
        head = json.dumps([key, metadata, expiration, len(value)]).encode()
        try:
            self._file.write(head + b"\n" + value)
        except OSError as error:
            raise _no_room(error) from error
        self.count += 1

    def writes(self) -> Iterator[Write]:
        """Yield them all; finish this before anything else is added or read."""
        self._file.seek(0)
        for _ in range(self.count):
            key, metadata, expiration, size = json.loads(self._file.readline())
            yield Write(key, self._file.read(size), metadata, expiration)

    def seen(self) -> Iterator[Seen]:
        """Yield them in the form that a store compares with."""
        return (Seen.of(write.key, write) for write in self.writes())


class SeenSpool:
    """Entries as they were read, to compare with later, in the order in which they were added."""

    def __init__(self, seen: Iterable[Seen] = ()) -> None:
        self._count = 0
        self._file = tempfile.SpooledTemporaryFile(SEEN_IN_MEMORY)  # noqa: SIM115  see __del__
        for one in seen:
            self.add(one)

    def __del__(self) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Seen]:
        """Yield them all; finish this before anything else is added or read."""
        self._file.seek(0)
        for _ in range(self._count):
            yield Seen(*json.loads(self._file.readline()))

    def add(self, seen: Seen) -> None:
        """Add one; raise StoreError if there is no room for it."""
        try:
            self._file.write(json.dumps(seen).encode() + b"\n")
        except OSError as error:
            raise _no_room(error) from error
        self._count += 1


def _no_room(error: OSError) -> StoreError:
    return StoreError(
        f"Can't keep the values in {tempfile.gettempdir()} ({error.strerror}). Nothing was "
        "changed; free up space there and try again."
    )
