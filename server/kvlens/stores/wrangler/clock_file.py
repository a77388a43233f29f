"""The clock by which the keys on disk expire: the real one, unless a file in the state says more.

    kvlens/clock.json    in the state folder: {"seconds": 86400} or {"frozen": 1800000000.5}
    kvlens/clock.lock    locked by the process that moves the clock

Every process that uses the state looks at the file whenever it needs the time, so all of them see a
moved clock at once. A repository may contain such a file: it is opened like all others there, and
one of another form is ignored.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path

from kvlens.kv.clock import REAL, Clock, MovableClock, Shift
from kvlens.stores.base import StoreError
from kvlens.stores.wrangler.errors import store_error
from kvlens.stores.wrangler.lock_file import LockFile
from kvlens.stores.wrangler.safe_paths import Folder, open_folder

NAME = "clock.json"
LIMIT = 1024  # bytes
LOCK = "clock.lock"
LOCK_SECONDS = 5.0  # to wait for another process that moves the clock
LEFT_OVER = 60.0  # seconds after which a file that nobody finished is removed

_PLACE = "kvlens"
_LOCK_PAUSE = 0.005  # seconds
_NEW = ".clock"  # the ending of a file that is being written
_LOG = logging.getLogger(__name__)


class ClockFile(MovableClock):
    """The clock of the state folder `parts` in `base`."""

    def __init__(self, base: Path, parts: Sequence[str], real: Clock) -> None:
        super().__init__(real)
        self._base = base
        self._parts = (*parts, _PLACE)
        self.path = base.joinpath(*self._parts, NAME)
        self._name = str(self.path)
        self._problem = ""
        self._seen: tuple[int, ...] | None = None  # the file as it was last read
        self._reported: tuple[int, ...] | None = None

    @property
    def shift(self) -> Shift:
        """What the file says now. It is read only if it has changed."""
        try:
            status = os.lstat(self._name)
        except (OSError, ValueError):
            self._seen, self._shift, self._problem = None, REAL, ""
            return REAL
        seen = (status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size)
        if seen != self._seen:
            self._shift, self._problem = self._read()
            self._seen = seen
            if self._problem:
                _LOG.warning("%s", self._problem)
        return self._shift

    @property
    def problem(self) -> str:
        """Why the file is ignored; "" if it isn't."""
        _ = self.shift
        return self._problem

    def move(self, shift: Shift, expected: Shift | None = None) -> bool:
        """Write the file, for the real time too: `has_moved` sees a new one.

        Blocks while another process does so. Raises StoreError.
        """
        lock = LockFile(self._base, self._parts, LOCK)
        try:
            self._hold(lock)
            if expected not in (None, self._read()[0]):
                return False
            with open_folder(self._base, *self._parts, create=True) as folder:
                self._check_place(folder)
                _write(folder, shift)
                _remove_leftovers(folder)
        except OSError as error:
            raise store_error(self.path, error) from error
        finally:
            lock.release()
        return True

    def _check_place(self, folder: Folder) -> None:
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISDIR(folder.status(NAME).st_mode):
                raise StoreError(f"The clock can't be moved: {self.path} is a folder. Remove it.")

    def _hold(self, lock: LockFile) -> None:
        until = time.monotonic() + LOCK_SECONDS
        while not lock.hold():
            if time.monotonic() > until:
                raise StoreError(
                    f"The clock can't be moved: another process has held the lock "
                    f"{self.path.with_name(LOCK)} for {LOCK_SECONDS:.0f} s. Try again, or end it."
                )
            time.sleep(_LOCK_PAUSE)

    def has_moved(self) -> bool:
        """Return whether any process moved it since the last call, even there and back."""
        before, _ = self._reported, self.shift
        self._reported = self._seen
        return before != self._reported

    def _read(self) -> tuple[Shift, str]:
        """Return what the file says, and why it is ignored."""
        try:
            with open_folder(self._base, *self._parts) as folder:
                return Shift.read(json.loads(folder.read_bytes(NAME, LIMIT))), ""
        except FileNotFoundError:
            return REAL, ""
        except (OSError, StoreError, ValueError, RecursionError) as error:
            why = f"{self.path} is ignored, so the clock isn't moved: {error}"
            is_text = not isinstance(error, OSError | StoreError)
            return REAL, f"{why}; `kvlens clock reset` replaces it" if is_text else why


def _write(folder: Folder, shift: Shift) -> None:
    """Write a new file and put it in place in one step: a reader never sees half of it."""
    new = f"{os.urandom(8).hex()}{_NEW}"
    try:
        with os.fdopen(folder.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            file.write(json.dumps(shift.json()).encode())
        folder.replace(new, NAME)
    except BaseException:
        folder.remove(new)
        raise


def _remove_leftovers(folder: Folder) -> None:
    """Remove what a process has left that was killed while it wrote."""
    for name in folder.names():
        if name.endswith(_NEW):
            with contextlib.suppress(OSError):
                if folder.status(name).st_mtime < time.time() - LEFT_OVER:
                    folder.remove(name)
