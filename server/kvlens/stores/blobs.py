"""The values of one namespace: a file each, written once and not changed while a row names it.

To make a file costs 300-1000 µs on ext4, to give one a new name and content 25-50 µs. So the
files of small values that were overwritten are used again; not at once, for a Worker of a dev
server may have read the row and be about to open the file.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from .diskformat import new_blob_id

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_REWRITE = os.O_WRONLY | getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)

RECYCLED_SIZE = 4096  # bytes; workerd reads as much as soon as it has opened the file
REST = 0.1  # seconds before a file is used again, where nobody else is known to read


class Blobs:
    """The files of a namespace's values. Names are random, so nobody meets a half-written one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rest = REST
        self._retired: deque[tuple[float, str]] = deque()  # no row names them any more
        self._prefix = f"{folder}{os.sep}"

    def path(self, blob_id: str) -> str:
        """Return the file of a value."""
        return self._prefix + blob_id

    def write(self, value: bytes) -> str:
        """Write a value and return its name; OSError where that fails, and nothing is left."""
        if len(value) <= RECYCLED_SIZE and self._retired:
            recycled = self._recycle(value)
            if recycled is not None:
                return recycled
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

    def _recycle(self, value: bytes) -> str | None:
        """Write a value into a file that has lain long enough; None where there is none."""
        try:
            if self._retired[0][0] > time.monotonic() - self.rest:
                return None
            _, old = self._retired.popleft()
        except IndexError:  # another thread has taken it
            return None
        path = self._prefix + old
        try:
            handle = os.open(path, _REWRITE)
            try:
                size = os.fstat(handle).st_size
                fits = size <= RECYCLED_SIZE and os.write(handle, value) == len(value)
                if fits and size > len(value):
                    os.ftruncate(handle, len(value))
            finally:
                os.close(handle)
            if fits:
                blob_id = new_blob_id()
                os.rename(path, self._prefix + blob_id)  # noqa: PTH104  quicker
                return blob_id
        except OSError:
            pass  # then a new file may do, or tells what is wrong
        self.remove([old])
        return None

    def retire(self, blob_ids: Iterable[str]) -> None:
        """Set files aside that no row names any more, to be used again or removed."""
        now = time.monotonic()
        self._retired.extend((now, blob_id) for blob_id in blob_ids)

    def retired(self, age: float = 0.0) -> list[str]:
        """Take out the names of those that were set aside at least `age` seconds ago."""
        due: list[str] = []
        latest = time.monotonic() - age
        with contextlib.suppress(IndexError):  # another thread may take some meanwhile
            while self._retired[0][0] <= latest:
                due.append(self._retired.popleft()[1])
        return due

    @property
    def has_retired(self) -> bool:
        """Tell whether any file is set aside."""
        return bool(self._retired)

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
