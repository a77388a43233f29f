"""Open a workspace's files safely: a repository can put anything in place of a file.

A pipe, a device, a folder or gigabytes in place of a config, a seed or a source are refused
before anything blocks or takes memory. Links are followed: a config may be one. Only what becomes
keys without the user naming the file, a seed file, has to be in its project.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from kvlens import lookups
from kvlens.errors import KVLensError

MAX_SECONDS = 10.0
"""The time limit for reading one file; a network drive can hang between two blocks."""

_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_WAIT_FOR_NOBODY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_BLOCK = 1024 * 1024
_KINDS = (
    (stat.S_ISDIR, "is a folder, not a file"),
    (stat.S_ISFIFO, "is a named pipe, not a file"),
    (stat.S_ISSOCK, "is a socket, not a file"),
    (stat.S_ISCHR, "is a device, not a file"),
    (stat.S_ISBLK, "is a device, not a file"),
)


class FileRefusedError(KVLensError, OSError):
    """A file is refused: it isn't a regular file, is too large or too slow.

    `strerror` says why, in words that follow the file's name; `filename` is the path.
    """

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        super().__init__(errno.EINVAL, reason, str(path))

    def __str__(self) -> str:
        return f"{self.filename}: {self.strerror}"


def open_file(path: str | os.PathLike[str], limit: int, *, within: Path | None = None) -> BinaryIO:
    """Open a regular file of at most `limit` bytes for reading, without ever blocking.

    A path that was found `within` a folder must not lead out of it through a link. Raises
    FileRefusedError for any other file, OSError if it can't be opened. The file may grow while it
    is read: `read_bytes` counts what it reads.
    """
    lookups.note_read(path)
    _check(path, os.stat(path), limit)  # noqa: PTH116 - opening a device can have side effects
    if within is not None and (way := way_out_of(within, Path(path))) is not None:
        link, target = way
        raise FileRefusedError(
            path,
            f"isn't read: {link} is a link to {target}, outside the project "
            f"{within.absolute()}; replace it with a copy, or name the file there yourself",
        )
    handle = os.open(path, _FLAGS | _WAIT_FOR_NOBODY)
    try:
        _check(path, os.fstat(handle), limit)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_bytes(path: str | os.PathLike[str], limit: int, *, within: Path | None = None) -> bytes:
    """Return the content of a regular file of at most `limit` bytes; `within` as in `open_file`.

    Raises FileRefusedError for everything else, also if reading takes longer than `MAX_SECONDS`,
    and OSError if it can't be read.
    """
    deadline = time.monotonic() + MAX_SECONDS
    parts: list[bytes] = []
    size = 0
    with open_file(path, limit, within=within) as file:
        while block := file.read(_BLOCK):
            parts.append(block)
            size += len(block)
            if size > limit:
                raise FileRefusedError(path, _too_large(size, limit))
            if time.monotonic() > deadline:
                raise FileRefusedError(path, f"took longer than {MAX_SECONDS:.0f} s to read")
    data = b"".join(parts)
    lookups.note_read(path, data)
    return data


def read_given(path: str | os.PathLike[str], limit: int) -> bytes:
    """Return the content of a file that the user names, of at most `limit` bytes.

    It may also be a pipe or a device, such as `<(command)` or /dev/stdin, which is waited for.
    Raises the errors of `read_bytes`.
    """
    mode = Path(path).stat().st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return read_bytes(path, limit)
    with Path(path).open("rb") as file:
        return read_stream(file, limit, path)


def read_stream(file: BinaryIO, limit: int, name: str | os.PathLike[str]) -> bytes:
    """Return the content of an open stream; FileRefusedError, with `name`, above `limit` bytes."""
    data = file.read(limit + 1)
    if len(data) > limit:
        raise FileRefusedError(name, f"is over the limit of {limit:,} bytes")
    return data


def read_text(path: str | os.PathLike[str], limit: int, *, errors: str = "strict") -> str:
    """Return a UTF-8 file's text, without a byte order mark and with unchanged line ends.

    Raises the errors of `read_bytes`, and UnicodeDecodeError unless `errors` says otherwise.
    """
    return read_bytes(path, limit).decode("utf-8-sig", errors)


def text_or_empty(path: str | os.PathLike[str], limit: int) -> str:
    """Return the text of a file, replacing what isn't UTF-8; empty if it can't be read."""
    try:
        return read_text(path, limit, errors="replace")
    except OSError:
        return ""


def user_folder(variable: str, windows: Sequence[str], macos: str, other: str) -> Path | None:
    """Return a folder of the user's, for the cache or the configuration; None if there is none.

    `variable` names it on any system. `windows` is the variable that has it there, and folders in
    that; the others are in the home folder.
    """
    named = Path(os.environ.get(variable, ""))
    if named.is_absolute():
        return named
    try:
        if sys.platform == "win32":
            name, *parts = windows
            found = Path(os.environ[name], *parts)
        else:
            found = Path.home() / (macos if sys.platform == "darwin" else other)
    except (KeyError, RuntimeError):
        return None
    return found if found.is_absolute() else None


def absolute(path: str | os.PathLike[str]) -> Path:
    """Return an absolute path without `..`; links stay, and nothing has to be there."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() follows links


def is_regular(path: str | os.PathLike[str]) -> bool:
    """Return whether there is a regular file at `path`, following links."""
    return lookups.kind(path) == "file"


def is_there(path: str | os.PathLike[str]) -> bool:
    """Return whether anything exists at `path`, following links; False if it is too long."""
    return lookups.kind(path) != ""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the path of a temporary file that replaces `path` at the end, keeping its mode.

    A link is followed. Nothing changes if the block fails. Raises OSError.
    """
    target = path.resolve()
    temporary = target.with_name(f".{target.name[:100]}.{os.urandom(8).hex()}.tmp")
    try:
        yield temporary
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        temporary.replace(target)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(temporary)):
            reason = f"{error.strerror or error}; nothing was written"
            raise OSError(error.errno, reason, str(path)) from error
        raise


def replace_bytes(path: Path, data: bytes) -> None:
    """Replace a file's content completely or not at all. Raises OSError."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def create_bytes(path: Path, data: bytes) -> None:
    """Write a file that doesn't exist yet. Raises OSError, FileExistsError if anything is there."""
    with path.open("xb") as file:
        try:
            file.write(data)
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise


def way_out_of(folder: Path, path: Path) -> tuple[Path, Path] | None:
    """Return the link by which a path in a folder leads out of it, and the link's target.

    None if it stays inside, or if the path isn't in the folder.
    """
    top, named = absolute(folder), absolute(path)
    if not named.is_relative_to(top):
        return None
    real = Path(lookups.real(top))
    parts = named.relative_to(top).parts
    for count in range(1, len(parts) + 1):
        link = top.joinpath(*parts[:count])
        target = Path(lookups.real(link))
        if not target.is_relative_to(real):
            return link, target
    return None


def gone(folder: Path) -> str:
    """Return what is said where a project's folder is no longer there."""
    return (
        f"The folder {folder} is gone: it was moved, renamed or removed, and its keys with it. "
        "Open it at its new place, or move it back."
    )


def _check(path: str | os.PathLike[str], status: os.stat_result, limit: int) -> None:
    for is_kind, reason in _KINDS:
        if is_kind(status.st_mode):
            raise FileRefusedError(path, reason)
    if not stat.S_ISREG(status.st_mode):
        raise FileRefusedError(path, "is not a regular file")
    if status.st_size > limit:
        raise FileRefusedError(path, _too_large(status.st_size, limit))


def _too_large(size: int, limit: int) -> str:
    return f"is {size:,} bytes, over the limit of {limit:,}"
