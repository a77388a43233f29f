"""Open folders that a repository may have prepared, and their files, without following links.

A project that somebody else made can contain `.wrangler`, with links to its sources, to `.git` or
to anywhere else. So each folder on the path is opened separately, without following a link, and
files are opened, replaced and removed relative to the open folder, not by their paths. On a system
without such calls (Windows), every step is checked first.

A hard link is the same file under a second name, which may be one of the project's sources. It
can be read, as backup tools make such links, but is never written to.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from kvlens.files import gone
from kvlens.stores.base import StoreError

STORE_WAY_OUT = "Remove it, or choose another store, such as wrangler:PATH."
OWN = ".wrangler"
"""The folder next to a config: the only one that is written to without being named."""

_AT = os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd
_FLAGS = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a pipe would wait for its other end
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_NOT_PLAIN = frozenset("/\\\0" if _AT else "/\\\0:")
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_LINK_ERRORS = {errno.ELOOP, getattr(errno, "EMLINK", errno.ELOOP)}  # the second on FreeBSD
_REPARSE = {getattr(stat, f"IO_REPARSE_TAG_{name}", 0) for name in ("SYMLINK", "MOUNT_POINT")} - {0}


def open_folder(
    base: Path, *parts: str, create: bool = False, way_out: str = STORE_WAY_OUT
) -> Folder:
    """Open the folder `parts` in `base`; links are followed up to `base`, but not below it.

    `create` creates missing folders, but not the project's own; without it, a missing one raises
    FileNotFoundError. Raises StoreError if the project's folder is gone, or if something on the
    path is a link or not a folder; OSError if opening fails. Refusals here and in the folder end
    with `way_out`: what the user can do.
    """
    try:
        handle = _open_base(base, create and parts[:1] != (OWN,))
    except FileNotFoundError as error:
        if parts[:1] == (OWN,):
            raise StoreError(gone(base)) from error
        raise
    except (FileExistsError, NotADirectoryError):
        if base.is_symlink() and not base.exists():
            raise StoreError(f"{base} is a link to a folder that is missing. {way_out}") from None
        _refuse(base, base.stat(), "folder", way_out)
        raise
    folder = Folder(base, handle, way_out)
    for part in parts:
        with folder:
            folder = folder.folder(part, create=create)
    return folder


def _open_base(base: Path, create: bool) -> int | None:
    try:
        if _AT:
            return os.open(base, _FOLDER | getattr(os, "O_CLOEXEC", 0))
        if not stat.S_ISDIR(base.stat().st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(base))
        return None
    except FileNotFoundError:
        if not create and not base.is_symlink():
            raise
        base.mkdir(parents=True, exist_ok=True)  # FileExistsError: a link to a missing folder
        return _open_base(base, create=False)


class Folder:
    """An open folder. Names are single components and name regular files; others are refused.

    Every method raises StoreError, with the path and what to do, for a name with separators, and
    for a link, a pipe, a device or the like; OSError for any other failure.
    """

    def __init__(self, path: Path, handle: int | None, way_out: str) -> None:
        self.path = path
        self._way_out = way_out
        self._handle = handle

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the folder."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def __del__(self) -> None:
        self.close()  # a folder may be dropped while another thread still uses it

    @property
    def handle(self) -> int | None:
        """The open folder as `dir_fd` takes it; None if the system has none."""
        return self._handle

    def at(self, name: str) -> str:
        """Return what to open with `dir_fd=handle`: the name, or the path if there is no handle."""
        return name if _AT else os.path.join(self.path, name)  # noqa: PTH118  quicker

    def folder(self, name: str, *, create: bool = False) -> Folder:
        """Open a folder in this one."""
        check_name(self.path, name)
        path = self.path / name
        try:
            if not _AT:
                _refuse(path, path.lstat(), "folder", self._way_out)
                return Folder(path, None, self._way_out)
            handle = os.open(self.at(name), _FOLDER | _FLAGS, dir_fd=self._handle)
        except FileNotFoundError as error:
            if not create:
                raise _named(error, path) from error
            try:
                os.mkdir(self.at(name), dir_fd=self._handle)
            except FileExistsError:
                pass
            except OSError as refused:
                raise _named(refused, path) from refused
            return self.folder(name)
        except OSError as error:
            if error.errno in (*_LINK_ERRORS, errno.ENOTDIR):
                _refuse(path, self.status(name), "folder", self._way_out)
            raise _named(error, path) from error
        return Folder(path, handle, self._way_out)

    def status(self, name: str) -> os.stat_result:
        """Return the status of a file, or of the link itself."""
        check_name(self.path, name)
        try:
            return os.stat(self.at(name), dir_fd=self._handle, follow_symlinks=False)
        except OSError as error:
            raise _named(error, self.path / name) from error

    def exists(self, name: str, *, written: bool = False) -> bool:
        """Return whether there is a regular file of that name; StoreError for something else.

        With `written`, also raises it for a file that has a second name.
        """
        try:
            status = self.status(name)
        except FileNotFoundError:
            return False
        _refuse(self.path / name, status, "file", self._way_out)
        if written:
            _refuse_shared(self.path / name, status, self._way_out)
        return True

    def open(self, name: str, flags: int = os.O_RDONLY, mode: int = 0o666) -> int:
        """Open or create a regular file with the flags of `os.open`; return its descriptor.

        A file opened for writing must not have a second name. Don't pass O_TRUNC: it would empty
        the file before that is known.
        """
        check_name(self.path, name)
        if flags & os.O_TRUNC:
            raise ValueError("O_TRUNC")
        if not _AT:
            with contextlib.suppress(FileNotFoundError):
                path = self.path / name
                _refuse(path, path.lstat(), "file", self._way_out)
        try:
            handle = os.open(self.at(name), flags | _FLAGS, mode, dir_fd=self._handle)
        except OSError as error:
            # ENXIO: a pipe that nobody reads, or a socket
            if error.errno in (*_LINK_ERRORS, errno.ENXIO, errno.EISDIR, errno.EACCES):
                with contextlib.suppress(OSError):
                    _refuse(self.path / name, self.status(name), "file", self._way_out)
            raise _named(error, self.path / name) from error
        status = os.fstat(handle)
        try:
            _refuse(self.path / name, status, "file", self._way_out)
            if flags & (os.O_WRONLY | os.O_RDWR):
                _refuse_shared(self.path / name, status, self._way_out)
        except StoreError:
            os.close(handle)
            raise
        return handle

    def read_start(self, name: str, most: int) -> tuple[bytes, int] | None:
        """Return the first bytes of a regular file, and its size; None for anything else.

        For many files: it makes no messages, and so takes half the time of `open`.
        """
        check_name(self.path, name)
        try:
            if not _AT and not stat.S_ISREG(self.status(name).st_mode):
                return None
            handle = os.open(self.at(name), os.O_RDONLY | _FLAGS, dir_fd=self._handle)
        except OSError:
            return None
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return None
            data = os.read(handle, min(most, status.st_size)) if status.st_size else b""
            return data, status.st_size
        finally:
            os.close(handle)

    def read_bytes(self, name: str, limit: int) -> bytes:
        """Return the content of a regular file; StoreError if it has more than `limit` bytes."""
        handle = self.open(name)
        with os.fdopen(handle, "rb") as file:
            size = os.fstat(handle).st_size
            data = file.read(limit + 1) if size <= limit else b""
        if max(size, len(data)) > limit:
            raise StoreError(
                f"{self.path / name} is {max(size, len(data)):,} bytes, over the limit of "
                f"{limit:,}. Remove it, or put a file that KV Lens wrote in its place."
            )
        return data

    def names(self) -> Iterator[str]:
        """Yield the names of everything in the folder, in no particular order."""
        for entry in self.entries():
            yield entry.name

    def entries(self) -> Iterator[os.DirEntry[str]]:
        """Yield everything in the folder, in no particular order, without opening it."""
        if self._handle is None or os.scandir not in os.supports_fd:
            with os.scandir(self.path) as found:
                yield from found
            return
        # a descriptor has one position: open the folder again to get a second one
        handle = os.open(".", _FOLDER | _FLAGS, dir_fd=self._handle)
        try:
            with os.scandir(handle) as found:
                yield from found
        finally:
            os.close(handle)

    def remove(self, name: str) -> None:
        """Remove a file, or a link itself. A missing one is fine."""
        check_name(self.path, name)
        try:
            os.unlink(self.at(name), dir_fd=self._handle)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise _named(error, self.path / name) from error

    def remove_folder(self, name: str) -> None:
        """Remove an empty folder in this one; OSError if it isn't empty."""
        check_name(self.path, name)
        try:
            os.rmdir(self.at(name), dir_fd=self._handle)
        except OSError as error:
            raise _named(error, self.path / name) from error

    def replace(self, source: str, target: str) -> None:
        """Rename a file in one step, replacing an existing one."""
        check_name(self.path, source)
        check_name(self.path, target)
        try:
            os.replace(
                self.at(source),
                self.at(target),
                src_dir_fd=self._handle,
                dst_dir_fd=self._handle,
            )
        except OSError as error:
            raise _named(error, self.path / target) from error


def check_name(folder: Path, name: str) -> None:
    """Raise StoreError unless `name` is a single component, which can't lead elsewhere."""
    if name.isalnum():  # quicker for the names of values
        return
    if name in ("", ".", "..") or not _NOT_PLAIN.isdisjoint(name):
        raise StoreError(
            f"{name!r:.200} is not the name of a file in {folder}. Remove what refers to it "
            f"there, or use another folder."
        )


def is_link(path: str) -> bool:
    """Return whether there is a link at the path."""
    try:
        return _is_link(os.lstat(path))
    except OSError:
        return False


def _is_link(status: os.stat_result) -> bool:
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) in _REPARSE


def _refuse(path: Path, status: os.stat_result, wanted: str, way_out: str) -> None:
    """Raise StoreError unless `status` is of the `wanted` kind, a regular file or a folder."""
    mode = status.st_mode
    link = _is_link(status)
    if not link and (stat.S_ISDIR(mode) if wanted == "folder" else stat.S_ISREG(mode)):
        return
    if link:
        target = ""
        with contextlib.suppress(OSError):
            target = f" that leads to {path.readlink()}"
        raise StoreError(
            f"{path} is a link{target}, and KV Lens doesn't follow links there. {way_out}"
        )
    kinds = (
        ("a folder", stat.S_ISDIR),
        ("a named pipe", stat.S_ISFIFO),
        ("a socket", stat.S_ISSOCK),
        ("a device", stat.S_ISCHR),
        ("a device", stat.S_ISBLK),
    )
    kind = next((kind for kind, is_it in kinds if is_it(mode)), "a file")
    raise StoreError(f"{path} is {kind}, not a {wanted}. {way_out}")


def _refuse_shared(path: Path, status: os.stat_result, way_out: str) -> None:
    """Raise StoreError for a file with a second name: writing would change that one, too."""
    if status.st_nlink > 1:
        raise StoreError(
            f"{path} is a hard link: the same file has {status.st_nlink} names, and KV Lens "
            "would overwrite it under all of them. To keep its content, replace it with a copy. "
            f"{way_out}"
        )


def _named(error: OSError, path: Path) -> OSError:
    """Return the error with the whole path, which a folder's descriptor hides."""
    return type(error)(error.errno, error.strerror, str(path))
