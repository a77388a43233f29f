"""Values that nothing names any more, left by a process that ends for another one to remove.

A Worker may have read the row a moment ago and open the file only now, so an overwritten value
stays for a second. A process that ends sooner neither waits nor removes it: it leaves a list
beside the values, and whoever opens the namespace next removes what has lain long enough.

    kv/<id made safe>/kvlens-leftovers/<random>    one name a line
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from .blobs import Blobs

_BLOB_ID = re.compile(r"[0-9a-f]{80}")  # a list may come with a project that somebody else made


class Left(NamedTuple):
    """A list on disk and the values that it names."""

    path: Path
    names: list[str]


def folder_of(blobs: Blobs) -> Path:
    """Return where the lists of a namespace are."""
    return blobs.folder.with_name("kvlens-leftovers")


def leave(blobs: Blobs, names: Iterable[str]) -> None:
    """Leave values to be removed later; where that fails they only take up room."""
    folder = folder_of(blobs)
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True)
        path = folder / os.urandom(8).hex()
        path.write_bytes("".join(f"{name}\n" for name in names).encode())


def found(blobs: Blobs, age: float) -> list[Left]:
    """Return the lists that were left at least `age` seconds ago."""
    lists: list[Left] = []
    with contextlib.suppress(OSError):  # mostly there is no such folder
        for path in folder_of(blobs).iterdir():
            status = path.lstat()  # a link is none of ours
            if stat.S_ISREG(status.st_mode) and time.time() - status.st_mtime >= age:
                words = path.read_bytes().decode("ascii", "replace").split()
                lists.append(Left(path, [word for word in words if _BLOB_ID.fullmatch(word)]))
    return lists


def remove(blobs: Blobs, lists: Sequence[Left]) -> None:
    """Remove the values that these lists name, then the lists."""
    for path, names in lists:
        blobs.remove(names)
        with contextlib.suppress(OSError):
            path.unlink()
    with contextlib.suppress(OSError):
        folder_of(blobs).rmdir()  # where it is empty
