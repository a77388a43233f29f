"""Look at a workspace's files and folders through one gate, which can remember what it has seen.

While it remembers, a path is looked at only once, and the record says later whether anything that
was seen has changed: paths that appear or vanish, folders, links, and the contents of files.
"""

from __future__ import annotations

import hashlib
import math
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Literal, NamedTuple, TypeVar

Kind = Literal["", "file", "folder", "other"]  # "" is nothing, or a path that can't be looked at
Place = str | os.PathLike[str]
T = TypeVar("T")
Stamp = list[int]  # what changes with a file's content: size, times in ns, and inode

RACY = 2_000_000_000  # ns; a file can change again within this time and keep its times
_UNKNOWN = ""  # the digest of a file that couldn't be read, or of which only the stamp is known


class Entry(NamedTuple):
    """One file or folder in a folder; a link to a folder is none."""

    name: str
    is_folder: bool


class Seen(NamedTuple):
    """What was looked at, by path, for another process: see the attributes of `Lookups`."""

    kinds: dict[str, Kind]
    links: dict[str, str | None]
    folders: dict[str, list[Entry] | None]
    listed: dict[str, tuple[str, ...]]
    read: dict[str, str]
    until: float


class Lookups:
    """What was looked at: see the functions of this module."""

    def __init__(self) -> None:
        self.kinds: dict[str, Kind] = {}
        self.links: dict[str, str | None] = {}  # path -> where it leads, if it is a link
        self.reals: dict[str, str] = {}  # folder -> its path without links
        self.folders: dict[str, list[Entry] | None] = {}
        self.listed: dict[str, tuple[str, ...]] = {}  # folder -> the endings that mattered
        self.read: dict[str, str] = {}  # path -> digest
        self.made: dict[tuple[object, ...], Any] = {}  # see `once`
        self.until = math.inf  # seconds since the epoch, from when on the answer may differ
        self._here = ""
        with suppress(OSError):  # it can be gone
            self._here = os.getcwd()  # noqa: PTH109

    def name(self, path: Place) -> str:
        """Return the absolute path: what is named in both ways is looked at once."""
        found = os.fspath(path)
        if not found or os.path.isabs(found):  # noqa: PTH117
            return found
        return os.path.join(self._here, found) if found != "." else self._here or found  # noqa: PTH118

    def note_listed(self, name: str, endings: tuple[str, ...]) -> None:
        """Note that a folder was listed, and the endings that mattered; all without any."""
        before = self.listed.get(name)
        if before is None or before == endings:
            self.listed[name] = endings
        elif before:
            self.listed[name] = tuple(sorted({*before, *endings})) if endings else ()

    def seen(self, besides: Seen | None = None) -> Seen:
        """Return what was seen so far, besides what is known to have been."""
        known = besides or Seen({}, {}, {}, {}, {}, math.inf)
        return Seen(
            _without(self.kinds, known.kinds),
            _without(self.links, known.links),
            _without(self.folders, known.folders),
            _without(self.listed, known.listed),
            _without(self.read, known.read),
            self.until,
        )

    def add(self, other: Seen) -> None:
        """Add what a copy of this process has seen; what has changed meanwhile isn't kept."""
        same = [
            _add(self.kinds, other.kinds),
            _add(self.links, other.links),
            _add(self.folders, other.folders),
            _add(self.read, other.read, _UNKNOWN),
        ]
        self.until = min(self.until, other.until) if all(same) else 0
        for folder, endings in other.listed.items():
            self.note_listed(folder, endings)

    def record(self, began: int) -> dict[str, Any] | None:
        """Return all of it as JSON; None if it has changed since `began`, in ns, or can change.

        Stamps of files that may still change within one tick of the clock are left out, so that
        their contents are compared.
        """
        if self.until <= 0:
            return None
        read = {}
        for path, digest in self.read.items():
            found = _stamp(path)
            steady = found is None or max(found[1:3]) < began - RACY
            if not steady and digest == _UNKNOWN:
                return None
            read[path] = [found if steady else [], digest]
        if any(_kind(path) != kind for path, kind in self.kinds.items() if path not in read):
            return None
        folders = {}
        for path, endings in self.listed.items():
            found = _stamp(path)
            steady = found is None or max(found[1:3]) < began - RACY
            digest = _digest_of(self.folders[path], endings)
            folders[path] = [found if steady else [], digest, list(endings)]
        kinds: dict[str, list[str]] = {}
        for path, kind in self.kinds.items():
            if path not in read and path not in folders:
                kinds.setdefault(kind, []).append(path)
        until = None if self.until == math.inf else self.until
        return {
            "read": read,
            "folders": folders,
            "kinds": kinds,
            "links": self.links,
            "until": until,
        }


def _without(all_: dict[str, T], known: dict[str, T]) -> dict[str, T]:
    return {
        path: found for path, found in all_.items() if path not in known or known[path] is not found
    }


def _add(known: dict[str, T], more: dict[str, T], unknown: T | None = None) -> bool:
    """Add what isn't known yet; return whether the rest is what was known."""
    same = True
    for path, found in more.items():
        before = known.setdefault(path, found)
        if before != found:
            if before == unknown:
                known[path] = found
            elif found != unknown:
                same = False
    return same


def is_unchanged(record: dict[str, Any], now: float) -> bool | None:
    """Return whether all of a record is as it was; None if so, but only contents have shown it.

    Raises the errors of a malformed record: KeyError, TypeError, ValueError, AttributeError.
    """
    if record["until"] is not None and not now < record["until"]:
        return False
    compared = False
    for path, (stamp, digest) in record["read"].items():
        if stamp != _stamp(path):
            if digest == _UNKNOWN or digest != _digest_of_file(path):
                return False
            compared = True
    for path, (stamp, digest, endings) in record["folders"].items():
        if stamp != _stamp(path):
            if digest != _digest_of(_entries(path), tuple(endings)):
                return False
            compared = True
    for kind, paths in record["kinds"].items():
        if any(_kind(path) != kind for path in paths):
            return False
    if any(_target(path) != target for path, target in record["links"].items()):
        return False
    return None if compared else True


_current: ContextVar[Lookups | None] = ContextVar("lookups", default=None)


@contextmanager
def remembered() -> Iterator[Lookups]:
    """Remember what is looked at, until the end of the block."""
    found = Lookups()
    token = _current.set(found)
    try:
        yield found
    finally:
        _current.reset(token)


def once(key: tuple[object, ...], make: Callable[[], T]) -> T:
    """Return what `make` finds by looking, which is done once for a key while it is remembered."""
    known = _current.get()
    if known is None:
        return make()
    if key not in known.made:
        known.made[key] = make()
    found: T = known.made[key]
    return found


def nearest(key: tuple[object, ...], folder: str, find: Callable[[str], T | None]) -> T | None:
    """Return what `find` finds in an absolute folder, else in the nearest one above; see `once`."""
    known = _current.get()
    made = {} if known is None else known.made
    passed = []
    while (here := (*key, folder)) not in made:
        passed.append(here)
        made[here] = find(folder)
        above = os.path.dirname(folder)  # noqa: PTH120 - a text: called for every folder
        if made[here] is not None or above == folder:
            break
        folder = above
    found: T | None = made[here]
    made.update(dict.fromkeys(passed, found))
    return found


def kind(path: Place) -> Kind:
    """Return what is at a path, following links. Never fails."""
    known = _current.get()
    if known is None:
        return _kind(path)
    name = known.name(path)
    found = known.kinds.get(name)
    if found is None:
        found = known.kinds[name] = _kind(name)
    return found


def stamp(path: Place) -> Stamp | None:
    """Return what changes with a file's content, for what is kept with it; None if it is missing.

    The content counts as read.
    """
    found, known = _stamp(path), _current.get()
    if known is not None and (name := known.name(path)) not in known.read:
        known.read[name] = _UNKNOWN if found is None else _digest_of_file(path)
    return found


def entries(folder: Place, endings: tuple[str, ...] = ()) -> list[Entry]:
    """Return what is in a folder, by name; nothing if it can't be read.

    With `endings`, only what has one of them.
    """
    known = _current.get()
    if known is None:
        return _with_endings(_entries(os.fspath(folder)) or [], endings)
    name = known.name(folder)
    if name not in known.folders:
        known.folders[name] = _entries(name)
    known.note_listed(name, endings)
    return _with_endings(known.folders[name] or [], endings)


def walk(
    root: Place, skipped: frozenset[str] | set[str]
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each folder below a root with the names of its folders and files, as `os.walk` does.

    Folders with a skipped name are left out; so is what the caller removes from the folders.
    """
    waiting = [os.fspath(root)]
    while waiting:
        folder = waiting.pop()
        found = entries(folder)
        folders = [each.name for each in found if each.is_folder and each.name not in skipped]
        yield folder, folders, [each.name for each in found if not each.is_folder]
        base = "" if folder == "." else folder if folder.endswith(os.sep) else folder + os.sep
        waiting += [base + name for name in reversed(folders)]


def real(path: Place) -> str:
    """Return an absolute path without links, as `os.path.realpath` does."""
    known = _current.get()
    if known is None:
        return os.path.realpath(path)
    return _real(os.path.abspath(path), known)  # noqa: PTH100 - a text: called for every file


def is_link(path: Place) -> bool:
    """Return whether a path is a link itself, wherever its folder is."""
    known = _current.get()
    if known is None:
        return os.path.islink(path)  # noqa: PTH114 - a text: called for every file
    return _link_of(os.path.abspath(path), known) is not None  # noqa: PTH100


def _link_of(path: str, known: Lookups) -> str | None:
    if path not in known.links:
        known.links[path] = _target(path)
    return known.links[path]


def _real(path: str, known: Lookups) -> str:
    """Look at each folder above a path once."""
    head, name = os.path.split(path)
    if not name:
        return path
    target = _link_of(path, known)
    if target is not None:
        return target
    found = known.reals.get(head)
    if found is None:
        found = known.reals[head] = _real(head, known)
    return os.path.join(found, name)  # noqa: PTH118


def note_read(path: Place, data: bytes | None = None) -> None:
    """Note that a file was read, with what; without, changes are seen by its stamp alone."""
    if (known := _current.get()) is not None:
        name = known.name(path)
        if data is not None:
            known.read[name] = _digest(data)
        else:
            known.read.setdefault(name, _UNKNOWN)


def note_until(seconds: float) -> None:
    """Note that from a time on, in seconds since the epoch, something else would be found.

    0: what is found depends on more than files, and isn't worth remembering.
    """
    if (known := _current.get()) is not None:
        known.until = min(known.until, seconds)


# the file system ----------------------------------------------------------------------------


def _kind(path: Place) -> Kind:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - many thousand times
    except (OSError, ValueError):
        return ""
    if stat.S_ISREG(mode):
        return "file"
    return "folder" if stat.S_ISDIR(mode) else "other"


def _stamp(path: Place) -> Stamp | None:
    try:
        state = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]


def _target(path: str) -> str | None:
    """Return where a link leads in the end; None if it isn't one."""
    try:
        is_link = stat.S_ISLNK(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return None
    return os.path.realpath(path) if is_link else None


def _entries(folder: str) -> list[Entry] | None:
    try:
        with os.scandir(folder) as found:
            return sorted(Entry(each.name, each.is_dir(follow_symlinks=False)) for each in found)
    except (OSError, ValueError):
        return None


def _with_endings(found: list[Entry], endings: tuple[str, ...]) -> list[Entry]:
    return [each for each in found if each.name.endswith(endings)] if endings else found


# what has changed ---------------------------------------------------------------------------


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _digest_of(found: list[Entry] | None, endings: tuple[str, ...]) -> str:
    if found is None:
        return _UNKNOWN
    shown = (f"{each.name}{'/' * each.is_folder}" for each in _with_endings(found, endings))
    return _digest("\0".join(shown).encode("utf-8", "surrogateescape"))


def _digest_of_file(path: Place, limit: int = 512 * 1024 * 1024) -> str:
    """Return the digest of a regular file; nothing's for any other one."""
    try:
        handle = os.open(path, _FLAGS)
        with os.fdopen(handle, "rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode) or state.st_size > limit:
                return _UNKNOWN
            return _digest(file.read(limit))
    except (OSError, ValueError):
        return _UNKNOWN


_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
)
