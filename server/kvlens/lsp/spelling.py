"""Write URIs as the client spells them.

`file:///c%3A/a%20(b)` and `file:///C:/a%20%28b%29` are the same file, but a client recognizes only
its own spelling. So a file that it opened keeps that spelling, and other URIs start with the
spelling of their workspace folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pygls.uris import from_fs_path, to_fs_path

_LONGEST = os.pathconf("/", "PC_PATH_MAX") if hasattr(os, "pathconf") else 32_767  # bytes


def file_path(uri: str) -> str | None:
    """Return the path in a file's URI; None for other URIs, and for paths that can't exist."""
    try:
        path = to_fs_path(uri)
    except ValueError:  # such as `file://[::1`
        return None
    return path if path and is_possible(path) else None


def is_possible(path: str) -> bool:
    """Return whether the system accepts a text as a path; using any other raises errors."""
    try:
        return "\0" not in path and 0 < len(os.fsencode(path)) < _LONGEST
    except UnicodeEncodeError:  # half a surrogate pair
        return False


def file_key(uri: str) -> str:
    """Return a key that is the same for all spellings of a file's URI."""
    path = file_path(uri)
    return os.path.normcase(path) if path else uri


class Spelling:
    """The URIs that a client has used."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def remember(self, uri: str) -> None:
        """Remember this spelling of a file's URI."""
        self._known[file_key(uri)] = uri

    def of(self, path: str, folders: Iterable[str]) -> str:
        """Return a path's URI; `folders` are the workspace folders as the client writes them."""
        known = self._known.get(os.path.normcase(path))
        if known is not None:
            return known
        for folder in folders:
            base = file_path(folder)
            if base and Path(path).is_relative_to(base):
                inside = Path(path).relative_to(base).as_posix()
                return f"{folder.rstrip('/')}{(from_fs_path('/' + inside) or '')[len('file://') :]}"
        return from_fs_path(path) or Path(path).as_uri()
