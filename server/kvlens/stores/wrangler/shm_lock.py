"""Find out whether another process has an SQLite database open, without asking SQLite.

In WAL mode, every process that has a database open holds a shared POSIX lock on one byte of its
`-shm` file, which SQLite calls the dead man's switch. Testing for an exclusive lock there shows the
locks of other processes; a process's own locks don't count.

POSIX drops all of a process's locks on a file as soon as it closes any descriptor of that file. So
this opens no descriptor, but uses SQLite's own.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_DESCRIPTORS = "/dev/fd"
_DEAD_MANS_SWITCH = 128  # UNIX_SHM_DMS in SQLite's os_unix.c
_FORMS: dict[str, tuple[str, tuple[int, ...]]] = {
    # platform: struct flock, and the indexes in it of l_type, l_whence, l_start and l_len
    "linux": ("hhqqi", (0, 1, 2, 3)),
    "darwin": ("qqihh", (3, 4, 0, 1)),
}
_FORM, _PLACES = _FORMS.get(sys.platform, ("", ()))


def _question() -> bytes:
    fields = [0] * 5
    for place, value in zip(_PLACES, (fcntl.F_WRLCK, 0, _DEAD_MANS_SWITCH, 1), strict=True):
        fields[place] = value
    return struct.pack(_FORM, *fields)


_QUESTION = _question() if fcntl is not None and _FORM else None


class ShmLock:
    """The `-shm` file of a database that this process has open."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}-shm")
        self._handle = -1
        self._file: tuple[int, int] | None = None

    def is_alone(self) -> bool:
        """Return whether no other process has the database open; False if unknown."""
        if _QUESTION is None:
            return False
        try:
            if self._file is None or _identity(os.fstat(self._handle)) != self._file:
                self._handle = self._find()
            answer = fcntl.fcntl(self._handle, fcntl.F_GETLK, _QUESTION)
        except OSError:
            self._file = None
            return False
        return bool(struct.unpack(_FORM, answer)[_PLACES[0]] == fcntl.F_UNLCK)

    def _find(self) -> int:
        """Return SQLite's own descriptor. Raises OSError if there is none."""
        self._file = _identity(self._path.stat())
        for name in os.listdir(_DESCRIPTORS):  # noqa: PTH208
            try:
                if _identity(os.fstat(int(name))) == self._file:
                    return int(name)
            except (OSError, ValueError):
                continue
        raise FileNotFoundError(self._path)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
