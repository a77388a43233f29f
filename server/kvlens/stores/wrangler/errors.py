"""Explain errors of SQLite and the system: the file, and what to do."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from pathlib import Path

from kvlens.stores.base import StoreError
from kvlens.stores.wrangler.commit import BUSY_SECONDS, is_busy
from kvlens.stores.wrangler.database import READ_SECONDS, is_late

LEAST_SPACE = 64 * 1024  # bytes of disk that a write needs: SQLite's index of its log and a page
NEEDED = 10  # most files that are open at the same time for one namespace


def store_error(path: Path, error: Exception) -> StoreError:
    """Return the error to show to the user: what is wrong, where, and what to do."""
    text = str(error)
    if isinstance(error, StoreError):
        return error
    if _no_descriptors(error):
        return StoreError(
            f"This process has no file descriptors left, so {path} can't be opened. "
            "Nothing was changed; close programs that are connected, or raise the limit "
            "(ulimit -n), and try again."
        )
    cannot_open = any(one in text for one in ("readonly", "unable to open", "disk I/O error"))
    if "is full" in text or (cannot_open and _is_full(path)):
        return StoreError(
            f"There is no space left for the KV database {path}. Nothing was changed; free up "
            "space and try again."
        )
    if isinstance(error, OSError):
        place = error.filename or path
        way_out = "free up space or correct the permissions, and try again."
        if isinstance(error, NotADirectoryError):
            way_out = "choose a store whose path leads through folders only."
        return StoreError(f"Can't use {place}: {error.strerror}. Nothing was changed; {way_out}")
    if isinstance(error, sqlite3.Error) and is_busy(error):
        return StoreError(
            f"The KV database {path} has been locked by another program for {BUSY_SECONDS:.0f} s. "
            "Nothing was changed; end that program's transaction and try again."
        )
    if cannot_open and _is_mounted_read_only(path):
        return StoreError(
            f"The KV database {path} is on a disk that is mounted read-only. Nothing was changed; "
            "mount it for writing, or choose another store."
        )
    if cannot_open and "I/O" not in text:
        return StoreError(
            f"The KV database {path} can't be opened for writing ({text}). Nothing was changed; "
            "correct its permissions, or choose another store."
        )
    if isinstance(error, sqlite3.Error) and is_late(error):
        return StoreError(
            f"The KV database {path} took longer than {READ_SECONDS:.0f} s to answer, so it is "
            "damaged or built to hang. Nothing was changed; move the file away to start empty."
        )
    if "malformed" in text or "not a database" in text:
        return StoreError(
            f"The KV database {path} is damaged ({text}). Nothing was changed; move the file "
            "away to start empty, or put a copy back. The values next to it are untouched."
        )
    return StoreError(f"The KV database {path} failed: {text}. Nothing was changed.")


def _no_descriptors(error: Exception) -> bool:
    """Return whether the process has too many files open; SQLite doesn't say."""
    number = getattr(error, "errno", None)
    if "unable to open" in str(error):
        opened: list[int] = []
        try:
            for _ in range(NEEDED):
                opened.append(os.open(os.devnull, os.O_RDONLY))
        except OSError as none:
            number = none.errno
        finally:
            for one in opened:
                os.close(one)
    return number in (errno.EMFILE, errno.ENFILE)


def _is_full(path: Path) -> bool:
    """Return whether the disk has no room for the files that SQLite adds to a database."""
    import shutil  # late: only needed for errors

    with contextlib.suppress(OSError):
        return shutil.disk_usage(path.parent).free < LEAST_SPACE
    return False


def _is_mounted_read_only(path: Path) -> bool:
    if hasattr(os, "statvfs"):
        with contextlib.suppress(OSError):
            return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)
    return False
