"""The values of one namespace: a file each, written once and never changed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from .diskformat import new_blob_id

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)


class Blobs:
    """The files of a namespace's values. Names are random, so nobody meets a half-written one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._prefix = f"{folder}{os.sep}"

    def path(self, blob_id: str) -> str:
        """Return the file of a value."""
        return self._prefix + blob_id

    def write(self, value: bytes) -> str:
        """Write a value and return its name; OSError where that fails, and nothing is left."""
        blob_id = new_blob_id()
        path = self._prefix + blob_id
        try:
            handle = os.open(path, _WRITE, 0o666)
        except FileNotFoundError:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, _WRITE, 0o666)
        try:
            rest = memoryview(value)
            while rest:
                rest = rest[os.write(handle, rest) :]
        except BaseException:
            os.close(handle)
            self.remove([blob_id])
            raise
        os.close(handle)
        return blob_id

    def read(self, blob_id: str) -> bytes | None:
        """Return a value, or None where its file is gone."""
        try:
            handle = os.open(self._prefix + blob_id, _READ)
        except FileNotFoundError:
            return None
        try:
            size = os.fstat(handle).st_size
            data = os.read(handle, size) if size else b""
            while len(data) < size:  # one read gives at most 2 GiB, and less when interrupted
                more = os.read(handle, size - len(data))
                if not more:
                    break
                data += more
            return data
        finally:
            os.close(handle)

    def remove(self, blob_ids: Iterable[str]) -> None:
        """Remove files; one that is gone, or that another program holds open, is left."""
        for blob_id in blob_ids:
            with contextlib.suppress(OSError):
                os.unlink(self._prefix + blob_id)  # noqa: PTH108  quicker, and there are many

    def total(self, blob_ids: Iterable[str]) -> int:
        """Return the bytes of these values together."""
        size = 0
        for blob_id in blob_ids:
            with contextlib.suppress(OSError):
                size += os.stat(self._prefix + blob_id).st_size  # noqa: PTH116
        return size
