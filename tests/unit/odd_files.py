"""Things that a hostile folder may have in place of a file to read."""

from __future__ import annotations

import os
from pathlib import Path


def pipe(path: Path) -> None:
    """Make a pipe that nobody writes to."""
    os.mkfifo(path)


def endless(path: Path) -> None:
    """Make a link to a device that never ends."""
    path.symlink_to("/dev/zero")


def gigabytes(path: Path, size: int = 5 * 1024**3) -> None:
    """Make a sparse file of this size."""
    with path.open("wb") as file:
        file.truncate(size)
