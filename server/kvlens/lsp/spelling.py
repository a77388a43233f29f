"""Write URIs as the client spells them.

`file:///c%3A/a%20(b)` and `file:///C:/a%20%28b%29` are the same file, but a client recognizes only
its own spelling. So a file that it opened keeps that spelling, and other URIs start with the
spelling of their workspace folder, and continue with the characters that the client leaves as they
are. A file that was found behind a link has the path that the client uses.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePath
from urllib.parse import quote

from pygls.uris import from_fs_path, to_fs_path

_LOCALHOST = re.compile(r"(file://)localhost/", re.IGNORECASE)  # RFC 8089: the same as no host
_HAS_DOTS = re.compile(r"[/\\]\.\.?(?:[/\\]|\Z)")  # RFC 3986: a client may not have removed them
_MAY_BE_PLAIN = frozenset("!$&'()*+,;=:@[]")  # in a path, without another meaning
_LONGEST = os.pathconf("/", "PC_PATH_MAX") if hasattr(os, "pathconf") else 32_767  # bytes


def file_path(uri: str) -> str | None:
    """Return the path in a file's URI; None for other URIs, and for paths that can't exist."""
    try:
        path = to_fs_path(_LOCALHOST.sub(r"\1/", uri))
    except ValueError:  # such as `file://[::1`
        return None
    if not path or not is_possible(path):
        return None
    return os.path.normpath(path) if _HAS_DOTS.search(path) else path


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
        self._linked: dict[str, str] = {}  # the same by paths without links
        self._real: dict[str, str] = {}  # folder -> its path without links
        self._plain: set[str] = set()  # characters that the client doesn't encode

    def remember(self, uri: str) -> None:
        """Remember this spelling of a file's URI."""
        self._known[file_key(uri)] = uri
        self._learn(uri)
        if (path := file_path(uri)) is not None:
            self._linked[os.path.normcase(os.path.realpath(path))] = uri

    def _learn(self, uri: str) -> None:
        """Look at which characters a client leaves as they are: `(` or `%28`."""
        inside = uri.partition("://")[2]
        self._plain |= _MAY_BE_PLAIN.intersection(inside)
        self._plain -= {one for one in self._plain if f"%{ord(one):02X}" in inside.upper()}

    def of(self, path: str, folders: Iterable[str]) -> str:
        """Return a path's URI; `folders` are the workspace folders as the client writes them."""
        known = self._known.get(os.path.normcase(path))
        if known is not None:
            return known
        bases = [(folder, base) for folder in folders if (base := file_path(folder))]
        for folder, base in bases:
            if Path(path).is_relative_to(base):
                return self._below(folder, Path(path).relative_to(base))
        if known := self._linked.get(os.path.normcase(path)):
            return known
        for folder, base in bases:
            if base not in self._real:
                self._real[base] = os.path.realpath(base)
            if Path(path).is_relative_to(self._real[base]):
                return self._below(folder, Path(path).relative_to(self._real[base]))
        return from_fs_path(path) or Path(path).as_uri()

    def _below(self, folder: str, inside: PurePath) -> str:
        self._learn(folder)
        parts = quote(inside.as_posix(), safe="/" + "".join(sorted(self._plain)))
        return folder.rstrip("/") + (f"/{parts}" if inside.parts else "")
