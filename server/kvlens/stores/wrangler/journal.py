"""Journals of changes that don't fit into one transaction, written before the first row changes.

Such a change is made in steps while a Worker runs, or in several databases. A journal has the old
and new content of each row; the values are written to disk first. Once the journal is sealed, the
change is final: any process that finds it without its writer finishes it.

    kvlens/journal/<32 hex>.journal    in the state folder, one JSON array per line:

    ["kvlens journal", 1]
    ["namespace", ID]                 the rows after it are in this one
    ["row", KEY, OLD, NEW]            OLD and NEW are null or [BLOB ID, EXPIRATION, METADATA]
    ["sealed", ROWS, SHA-256]         of everything before: without it, nothing is changed
    ["done", ROWS]                    that many rows, from the first on, have their new content
    ["back"]                          the change failed and is being undone

Its writer holds a lock on the file, which ends with the process. A journal is checked before use: a
repository could contain one, and it must not name anything but blob ids.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from kvlens.stores.base import StoreError
from kvlens.stores.wrangler.disk_format import blobs_path
from kvlens.stores.wrangler.lock_file import lock_file
from kvlens.stores.wrangler.safe_paths import Folder, open_folder

SIZE_LIMIT = 2 * 1024 * 1024 * 1024  # bytes
LINE_LIMIT = 1024 * 1024
MARKS_SIZE = 16 * 1024 * 1024  # bytes; a step has a mark of 20
FIRST = ["kvlens journal", 1]
_SEAL = b'["sealed",'

_PLACE = ("kvlens", "journal")
_NAME = re.compile(r"[0-9a-f]{32}\.journal")
_BLOB_ID = re.compile(r"[0-9a-f]{80}")
_ANY = re.compile(r".*", re.DOTALL)
_LIMIT = 2**63
_TRIES = 50
_MOST_IGNORED = 100
_LOG = logging.getLogger(__name__)

Value = tuple[str, "int | None", "str | None"]
"""The content of a row: blob id, expiration in milliseconds, metadata."""


class Row(NamedTuple):
    """The old and new content of one key; None for a missing key."""

    key: str
    old: Value | None
    new: Value | None


class DamagedError(StoreError):
    """A journal doesn't have the expected format."""


class Journals:
    """The journals of the state folder `parts` in `base`. Links are followed only up to `base`."""

    def __init__(self, base: Path, parts: Sequence[str] = ()) -> None:
        self._base = base
        self._parts = (*parts, *_PLACE)
        self._state = base.joinpath(*parts)
        self.path = self._state.joinpath(*_PLACE)
        self._name = str(self.path)
        self.logged: set[Path] = set()  # those whose errors have been logged
        self._ignored: set[str] = set()  # paths that aren't journals

    def is_used(self) -> bool:
        """Return whether there may be a journal. Fast, as it is called often.

        Files that aren't named like one are said once, and ignored.
        """
        try:
            with os.scandir(self._name) as found:
                for one in found:
                    if one.path in self._ignored:
                        continue
                    if _NAME.fullmatch(one.name):
                        return True
                    self._ignore(one.path)
            return False
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True  # opening it reports what is wrong

    def _ignore(self, path: str) -> None:
        if len(self._ignored) < _MOST_IGNORED:
            self._ignored.add(path)
            _LOG.warning("%s is not a journal of KV Lens and is ignored; remove it", path)

    def begin(self) -> Journal:
        """Open a new journal. Raises OSError and StoreError."""
        for _ in range(_TRIES):
            with contextlib.suppress(
                FileNotFoundError, BlockingIOError
            ):  # another process took it for an abandoned one
                return self._begin()
        return self._begin()

    def _begin(self) -> Journal:
        folder = open_folder(self._base, *self._parts, create=True)
        try:
            return Journal(folder, f"{os.urandom(16).hex()}.journal", new=True)
        except BaseException:
            folder.close()
            raise

    def left(self) -> Iterator[Journal]:
        """Yield the journals whose writer is gone, each locked; close or remove them."""
        with contextlib.suppress(FileNotFoundError):
            with open_folder(self._base, *self._parts) as folder:
                names = sorted(name for name in folder.names() if _NAME.fullmatch(name))
            for name in names:
                journal = None
                folder = open_folder(self._base, *self._parts)
                try:
                    journal = Journal(folder, name)
                except (FileNotFoundError, BlockingIOError, PermissionError):  # gone, or in use
                    folder.close()
                except (OSError, StoreError):  # a folder, a link or the like
                    folder.close()
                    self._ignore(f"{self._name}{os.sep}{name}")
                if journal is not None:
                    yield journal

    def values(self, blobs: Path, among: Collection[str]) -> set[str]:
        """Return those of the values in the folder `blobs` that any process's journals refer to.

        Raises OSError, StoreError and DamagedError if one of them can't be read, or isn't ours.
        """
        found: set[str] = set()
        wanted = set(among)
        with (
            contextlib.suppress(FileNotFoundError),
            open_folder(self._base, *self._parts) as folder,
        ):
            for name in folder.names():
                if not _NAME.fullmatch(name):
                    continue
                concerned = False
                with contextlib.suppress(FileNotFoundError):  # it was just finished
                    for _, line in _lines(folder, name):
                        row = _row(line) if concerned or line[0] == "namespace" else None
                        if line[0] == "namespace":
                            concerned = blobs_path(self._state, line[1]) == blobs
                        if row is not None:
                            named = (value[0] for value in row[1:] if value is not None)
                            found.update(wanted.intersection(named))
        return found


class Journal:
    """One journal, locked while it is open."""

    def __init__(self, folder: Folder, name: str, *, new: bool = False) -> None:
        self.path = folder.path / name
        self.rows = 0
        self.done = 0
        self.back = False
        self._folder = folder
        self._name = name
        self._hash = hashlib.sha256()
        flags = os.O_RDWR | os.O_APPEND | ((os.O_CREAT | os.O_EXCL) if new else 0)
        handle = folder.open(name, flags, 0o600)
        try:
            if not lock_file(handle):
                raise BlockingIOError(f"{self.path} is in use")
            folder.status(name)  # FileNotFoundError: it was removed before it was locked
            self._out: BinaryIO = os.fdopen(handle, "ab")
        except BaseException:
            os.close(handle)
            raise
        if new:
            try:
                self._add(FIRST)
            except BaseException:
                self.remove()
                raise

    # -- writing ---------------------------------------------------------------------------

    def add(self, ns: str, rows: Iterable[Row]) -> None:
        """Add the old and new content of rows of a namespace."""
        self._add(["namespace", ns])
        for row in rows:
            self._add(["row", *row])
            self.rows += 1
            if self._out.tell() > SIZE_LIMIT:
                raise StoreError(
                    f"A change of more than {self.rows:,} keys is too large while another program "
                    f"writes. Nothing was changed; stop that program, or change fewer keys at once."
                )

    def seal(self) -> None:
        """Seal the journal: the change is final."""
        self._mark("sealed", self.rows, self._hash.hexdigest())

    def mark(self, rows: int) -> None:
        """Record that this many rows are done, if there is room on the disk."""
        self.done = rows
        with contextlib.suppress(OSError):
            self._mark("done", rows)

    def roll_back(self) -> None:
        """Record that the change is being undone."""
        self._mark("back")
        self.back = True

    def _add(self, line: list[Any]) -> None:
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        if len(data) > LINE_LIMIT:
            raise StoreError(
                f"Key {line[1]!r:.80} has {len(data):,} bytes of metadata, too large to be "
                f"written in steps. Nothing was changed."
            )
        self._hash.update(data)
        self._out.write(data)

    def _mark(self, *line: Any) -> None:
        """Add a line completely or not at all. Raises OSError."""
        self._out.flush()
        handle = self._out.fileno()
        size = os.fstat(handle).st_size
        data = json.dumps(line).encode() + b"\n"
        try:
            if os.write(handle, data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        except OSError:
            os.ftruncate(handle, size)
            raise

    # -- reading ---------------------------------------------------------------------------

    def check(self) -> bool:
        """Read all of it; return whether it is sealed. Raises DamagedError, OSError."""
        if not _may_be_sealed(self._folder, self._name):
            next(self._lines(), None)  # raises for another version's
            return False
        sealed = False
        rows = 0
        hashed = hashlib.sha256()
        for number, (data, line) in enumerate(self._lines()):
            kind = line[0]
            if not data.endswith(b"\n"):
                if sealed:  # a mark that was cut off: its rows are checked again
                    break
                return False
            if not sealed:
                if kind == "sealed":
                    if line[1:] != [rows, hashed.hexdigest()]:
                        raise DamagedError("its content has changed since it was written")
                    sealed = True
                elif number:
                    rows += _row(line) is not None
                hashed.update(data)
            elif kind == "done" and len(line) == 2 and _is_count(line[1], rows):
                self.done = line[1]
            elif line == ["back"]:
                self.back = True
            else:
                raise DamagedError(f"{kind!r:.40} behind the seal")
        self.rows = rows
        return sealed

    def namespaces(self) -> Iterator[tuple[str, Iterator[Row]]]:
        """Yield each namespace with its rows, which must be read before the next one."""
        lines = self._lines()
        ns: str | None = None

        def rows() -> Iterator[Row]:
            nonlocal ns
            ns = None
            for _, line in lines:
                row = _row(line)
                if row is None:
                    ns = line[1] if line[0] == "namespace" else None
                    return
                yield row

        for _ in rows():  # the first line
            pass
        first = next(lines, None)
        if first is not None and first[1][0] == "namespace":
            ns = first[1][1]
        while ns is not None:
            yield ns, rows()

    def _lines(self) -> Iterator[tuple[bytes, list[Any]]]:
        self._out.flush()
        return _lines(self._folder, self._name)

    # -- the end ---------------------------------------------------------------------------

    def remove(self) -> None:
        """Remove it: everything in it is done."""
        if os.name == "nt":  # which can't remove open files
            self._out.close()
        with contextlib.suppress(OSError):
            self._folder.remove(self._name)
        self.close()

    def close(self) -> None:
        """Close it; any process that finds it will finish it."""
        with contextlib.suppress(OSError):  # the disk is full: the rest of a mark
            self._out.close()
        self._folder.close()


def _lines(folder: Folder, name: str) -> Iterator[tuple[bytes, list[Any]]]:
    """Yield the lines of a journal; a line that is cut off is [""].

    Raises DamagedError, and StoreError if another version of KV Lens has written it.
    """
    handle = folder.open(name)
    first = True
    with os.fdopen(handle, "rb") as file:
        if os.fstat(handle).st_size > SIZE_LIMIT + LINE_LIMIT:
            raise DamagedError(f"larger than {SIZE_LIMIT:,} bytes")
        while data := file.readline(LINE_LIMIT + 1):
            if not data.endswith(b"\n"):
                if len(data) > LINE_LIMIT:
                    raise DamagedError(f"a line of more than {LINE_LIMIT:,} bytes")
                yield data, [""]
                return
            try:
                line = json.loads(data)
            except (ValueError, RecursionError) as error:
                raise DamagedError(f"not JSON: {error!r:.80}") from error
            if not isinstance(line, list) or not line:
                raise DamagedError("not a line of a journal")
            if first and line != FIRST:
                if line[0] != FIRST[0]:
                    raise DamagedError("not a journal")
                raise StoreError(
                    f"its format is {line[1:]!r:.40}, not {FIRST[1:]}: another version of KV Lens "
                    "has written it. Open the project with that version once, or remove the file "
                    "to keep the keys as they are"
                )
            first = False
            yield data, line


def _may_be_sealed(folder: Folder, name: str) -> bool:
    """Return whether there is a seal near the end: else a large journal need not be read."""
    with os.fdopen(folder.open(name), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - MARKS_SIZE))
        return _SEAL in file.read(MARKS_SIZE)


def _row(line: list[Any]) -> Row | None:
    """Return the row of a line, None for a line without one; DamagedError for any other line."""
    if line[0] == "row" and len(line) == 4 and is_text(line[1]):
        if line[2] is None and line[3] is None:
            raise DamagedError(f"{line!r:.80} changes nothing")
        # the old content need not be UTF-8, as it comes from a database
        return Row(line[1], _value(line[2], _ANY, "surrogateescape"), _value(line[3], _BLOB_ID))
    if line[0] == "namespace" and len(line) == 2 and is_text(line[1]):
        return None
    if line == FIRST or line[0] == "sealed":
        return None
    raise DamagedError(f"{line!r:.80} is not a line of a journal")


def _value(raw: Any, ours: re.Pattern[str], errors: str = "strict") -> Value | None:
    if raw is None:
        return None
    if isinstance(raw, list) and len(raw) == 3:
        blob_id, expiration, metadata = raw
        if (
            isinstance(blob_id, str)
            and ours.fullmatch(blob_id)  # the old content may be another program's
            and (expiration is None or (type(expiration) is int and -_LIMIT <= expiration < _LIMIT))
            and is_text(blob_id, errors)
            and (metadata is None or is_text(metadata, errors))
        ):
            return blob_id, expiration, metadata
    raise DamagedError(f"{raw!r:.120} is nothing that a row names")


def is_text(value: Any, errors: str = "strict") -> bool:
    """Return whether this is text that SQLite accepts; JSON may have half of a surrogate pair."""
    if not isinstance(value, str):
        return False
    try:
        value.encode(errors=errors)
    except UnicodeEncodeError:
        return False
    return True


def _is_count(value: Any, most: int) -> bool:
    return type(value) is int and 0 <= value <= most
