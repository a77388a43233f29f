"""Entries in a temporary file, so that a namespace doesn't have to fit into memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator

from kvlens.kv.records import Write
from kvlens.stores.base import Seen, StoreError

IN_MEMORY = 16 * 1024 * 1024  # bytes; more goes to the file


class Spool:
    """Writes, in the order in which they were added."""

    def __init__(self) -> None:
        self.count = 0
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  see close

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
            raise StoreError(
                f"Can't keep the values in {tempfile.gettempdir()} ({error.strerror}). Nothing was "
                "changed; free up space there and try again."
            ) from error
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
