"""Locks that hold between processes, and end with the process."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from kvlens.stores.base import StoreError
from kvlens.stores.wrangler.safe_paths import open_folder

_LOCKED_AT = 0x7FFF_0000  # a byte after all content, for systems whose locks forbid reading

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

    def lock_file(handle: int) -> bool:
        """Take the lock; return False if another process has it."""
        os.lseek(handle, _LOCKED_AT, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
else:

    def lock_file(handle: int) -> bool:
        """Take the lock; return False if another process has it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


class LockFile:
    """The file `name` in the folder `parts` of `base`, which one process at a time locks."""

    def __init__(self, base: Path, parts: Sequence[str], name: str) -> None:
        self._base = base
        self._parts = parts
        self._name = name
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Whether this process has locked it."""
        return self._file is not None

    def hold(self) -> bool:
        """Lock the file, unless another process has; return whether it is locked.

        Raises OSError and StoreError.
        """
        if self._file is not None and self._is_there():
            return True
        self.release()
        with open_folder(self._base, *self._parts, create=True) as folder:
            file = folder.open(self._name, os.O_RDWR | os.O_CREAT, 0o600)
        if lock_file(file):
            self._file = file
        else:
            os.close(file)
        return self.held

    def release(self) -> None:
        """Let another process lock it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _is_there(self) -> bool:
        """Return whether the file is still there: else another process could lock a new one."""
        assert self._file is not None
        with (
            contextlib.suppress(OSError, StoreError),
            open_folder(self._base, *self._parts) as folder,
        ):
            return os.path.samestat(folder.status(self._name), os.fstat(self._file))
        return False
