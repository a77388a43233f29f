"""The values of one namespace: one file each, not changed while a row refers to it.

A database that somebody else made can name any file as a value. So every method accepts only the
names that Miniflare makes, 80 hexadecimal digits, and looks them up in the one open folder, without
following links. Other files that a row names are neither read nor removed.

Creating a file takes 300-1000 µs on ext4, giving one a new name and content 25-50 µs. So the
files of small values that were overwritten are used again, but only if no other row can name them
and nobody can be reading:

- Miniflare gives each value one row, but a damaged or hostile database can name a value in two.
  The name of a value written here begins with random bytes, which are new after each write of
  another program: no row that was there before can have it. For any other value, the trash looks
  at all rows first.
- A reader in another process has read the row before it was overwritten, and has had the database
  open since. If any other process has it open when the file is set aside, or when it would be
  used again, the file is only removed. A process that opens the database later reads another name.
  (workerd closes a database after 10 s without a call, long after it has read such a file.)
- A reader in this process, in another thread, checks afterwards whether the name still exists,
  and reads the row again if not: a file gets its new name before its new content.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kvlens.chunks import chunks
from kvlens.stores.base import StoreError
from kvlens.stores.wrangler.blob_ids import BlobIds
from kvlens.stores.wrangler.disk_format import OWN, is_blob_id, new_blob_id
from kvlens.stores.wrangler.safe_paths import Folder, is_link, open_folder

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL

MAX_SIZE = 26 * 1024 * 1024  # bytes; KV allows 25 MiB
RECYCLED_SIZE = 4096  # bytes; workerd reads this much as soon as it has opened the file
RECYCLED_AT_MOST = 10_000  # files that are kept for new values
UNLINK_THREADS = 32
UNLINKED_AT_ONCE = 200  # names that one of them takes
SWEPT_AT_ONCE = 50_000  # names that memory holds while a folder is emptied
START = 16  # random bytes that distinguish values written here from those that rows named before
REST = 0.1  # seconds before a file is used again

_FileId = tuple[int, int]


class Blobs:
    """The files of a namespace's values. Names are random, so nobody finds a half-written one.

    The folder is `parts` in `base`; links are followed up to `base`. `is_alone` returns whether no
    other process has the database open.
    """

    def __init__(
        self, base: Path, *parts: str, is_alone: Callable[[], bool] = lambda: False
    ) -> None:
        self.folder = base.joinpath(*parts)
        self._place = base, parts
        self._name = str(self.folder)
        self._is_alone = is_alone
        self._open: tuple[Folder, _FileId] | None = None
        self._start = os.urandom(START)
        self._retired: deque[tuple[float, BlobIds]] = deque()  # rows no longer refer to them
        self.reused = 0  # files that got a new name and value
        self._free: deque[tuple[float, str]] = deque()  # the same, and nobody else is reading them

    def path(self, blob_id: object) -> str:
        """Return the path of a value's file, for messages."""
        return f"{self.folder}{os.sep}{blob_id}"

    def write(self, value: bytes) -> str:
        """Write a value and return its name. Raises OSError if that fails, leaving no file."""
        if len(value) > MAX_SIZE:
            raise StoreError(
                f"A value is {len(value):,} bytes; the limit is {MAX_SIZE:,}. Split it into "
                f"several keys."
            )
        if self._free and len(value) <= RECYCLED_SIZE:
            recycled = self._recycle(value)
            if recycled is not None:
                return recycled
        blob_id = new_blob_id(self._start)
        folder = self.current(create=True)
        try:
            handle = folder.open(blob_id, _WRITE)
        except FileNotFoundError:  # the folder was just removed
            folder = self.current(create=True)
            handle = folder.open(blob_id, _WRITE)
        try:
            rest = memoryview(value)
            while rest:
                rest = rest[os.write(handle, rest) :]
        except BaseException:
            os.close(handle)
            self.remove([blob_id])
            raise
        os.close(handle)
        return blob_id

    def _recycle(self, value: bytes) -> str | None:
        """Write a value into a file that was set aside long enough; None if there is none."""
        try:
            if self._free[0][0] > time.monotonic() - REST or not self._is_alone():
                return None
            _, old = self._free.popleft()
        except IndexError:  # another thread has taken it
            return None
        blob_id = new_blob_id(self._start)
        try:
            folder = self.current()
            handle = folder.open(old, os.O_WRONLY)
            try:
                status = os.fstat(handle)
                if status.st_size <= RECYCLED_SIZE and status.st_nlink == 1:
                    if not value:  # nothing is written, so the file would keep its old time
                        os.utime(handle)
                    self.reused += 1
                    folder.replace(old, blob_id)
                    old = blob_id
                    if os.write(handle, value) == len(value):
                        if status.st_size > len(value):
                            os.ftruncate(handle, len(value))
                        return blob_id
            finally:
                os.close(handle)
        except (OSError, StoreError):
            pass  # a new file may work, or raise the error
        self.remove([old])
        return None

    def retire(self, blob_ids: Iterable[str]) -> None:
        """Set aside files that rows no longer refer to, to reuse or remove them."""
        now = time.monotonic()
        rest = blob_ids if isinstance(blob_ids, BlobIds) else BlobIds(blob_ids)
        if len(self._free) + len(rest) <= RECYCLED_AT_MOST and self._is_alone():
            self._free.extend((now, name) for name in rest if self.is_own(name))
            rest = BlobIds(name for name in rest if not self.is_own(name))
        if rest:
            self._retired.append((now, rest))

    def is_own(self, blob_id: str) -> bool:
        """Return whether no row but the one it was written for can name a value."""
        return blob_id.startswith((OWN + self._start).hex())

    def note_foreign_rows(self) -> None:
        """Note that another program has written rows, which may name any of the values so far."""
        self._start = os.urandom(START)
        with contextlib.suppress(IndexError):  # another thread may take some meanwhile
            while self._free:
                since, name = self._free.popleft()
                self._retired.append((since, BlobIds([name])))

    def take_uncertain(self) -> tuple[BlobIds, bytes]:
        """Take out some values that another row may name; return the arguments of `reuse`."""
        taken = BlobIds()
        with contextlib.suppress(IndexError):
            while len(taken) + len(self._retired[0][1]) <= RECYCLED_AT_MOST:
                taken += self._retired.popleft()[1]
        return taken, self._start

    def reuse(self, blob_ids: BlobIds, start: bytes) -> None:
        """Keep files that no row names for new values, or remove them if that isn't safe."""
        if start == self._start and self._is_alone():
            now = time.monotonic()
            self._free.extend((now, blob_id) for blob_id in blob_ids)
        else:
            self.remove(blob_ids)

    def retired(self, age: float = 0.0) -> BlobIds:
        """Take out the names of the values that were set aside at least `age` seconds ago.

        A row can still name a value that isn't `is_own`.
        """
        due = BlobIds()
        latest = time.monotonic() - age
        with contextlib.suppress(IndexError):  # another thread may take some
            while self._retired[0][0] <= latest:
                some = self._retired.popleft()[1]
                due, some = (due, some) if len(due) >= len(some) else (some, due)
                due += some  # into the larger one: neither is copied again and again
        with contextlib.suppress(IndexError):
            while self._free[0][0] <= latest:
                due += [self._free.popleft()[1]]
        return due

    @property
    def has_retired(self) -> bool:
        """Return whether any file is set aside."""
        return bool(self._retired or self._free)

    def read(self, blob_id: object) -> bytes | None:
        """Return a value, or None if its file is gone or was removed while it was read.

        Raises StoreError if the name isn't a value's, or isn't that of a regular file.
        """
        if not isinstance(blob_id, str) or not is_blob_id(blob_id):
            raise StoreError(not_a_value(blob_id))
        try:
            folder = self._open[0] if self._open else self.current()
            try:
                handle = folder.open(blob_id)
            except FileNotFoundError:  # it may be in a folder that was created since
                folder = self.current()
                handle = folder.open(blob_id)
        except FileNotFoundError:
            return None
        try:
            status = os.fstat(handle)
            size = status.st_size
            if size > MAX_SIZE:
                raise StoreError(
                    f"{self.path(blob_id)} is {size:,} bytes, over the limit of {MAX_SIZE:,}"
                )
            data = os.read(handle, size) if size else b""
            while len(data) < size:  # a read returns less if it is interrupted
                more = os.read(handle, size - len(data))
                if not more:
                    return None
                data += more
        finally:
            os.close(handle)
        if size <= RECYCLED_SIZE:
            try:
                now = folder.status(blob_id)
            except FileNotFoundError:  # reused meanwhile, or removed
                return None
            if (now.st_dev, now.st_ino) != (status.st_dev, status.st_ino):
                return None
        return data

    def start(self, blob_id: object, most: int) -> tuple[bytes, int] | None:
        """Return the first bytes of a value, and its size; None if it can't be read.

        A file that is reused meanwhile can have another value: if `reused` has grown, ask `has`.
        """
        if not isinstance(blob_id, str) or not is_blob_id(blob_id):
            return None
        try:
            folder = self._open[0] if self._open else self.current()
            return folder.read_start(blob_id, most) or self.current().read_start(blob_id, most)
        except (OSError, StoreError):
            return None

    def has(self, blob_id: str) -> bool:
        """Return whether a value's file exists."""
        try:
            self.current().status(blob_id)
        except (OSError, StoreError):
            return False
        return True

    def remove(self, blob_ids: Iterable[str]) -> None:
        """Remove files, ignoring missing ones and those that another program holds open."""
        with contextlib.suppress(OSError, StoreError):
            folder = self.current()
            _unlink(folder, (blob_id for blob_id in blob_ids if is_blob_id(blob_id)))

    def remove_older(self, limit: float) -> None:
        """Remove the values whose files are older than `limit`, in their order on disk."""
        with contextlib.suppress(OSError, StoreError):
            folder = self.current()
            entries = (entry for entry in folder.entries() if is_blob_id(entry.name))
            for some in chunks(entries, SWEPT_AT_ONCE):
                in_order = sorted((entry.inode(), entry.name) for entry in some)
                _unlink(folder, (name for _, name in in_order), limit)

    def now(self) -> float:
        """Return the time of the clock that dates the files, which may be another machine's."""
        folder = self.current(create=True)
        name = new_blob_id()
        handle = folder.open(name, _WRITE)
        try:
            return os.fstat(handle).st_mtime
        finally:
            os.close(handle)
            folder.remove(name)

    def total(self, blob_ids: Iterable[object]) -> int:
        """Return the total size of these values in bytes."""
        size = 0
        with contextlib.suppress(OSError, StoreError):
            folder = self.current()
            at = folder.handle
            for blob_id in blob_ids:
                if is_blob_id(blob_id):
                    with contextlib.suppress(OSError):
                        place = folder.at(str(blob_id))
                        size += os.stat(place, dir_fd=at, follow_symlinks=False).st_size
        return size

    def current(self, create: bool = False) -> Folder:
        """Return the folder, reopened if it was removed or replaced.

        Raises FileNotFoundError if there is none, StoreError if it is a link.
        """
        known = self._open
        if known is not None:
            with contextlib.suppress(OSError):
                if _file_id(self._name) == known[1]:
                    return known[0]
        base, parts = self._place
        folder = open_folder(base, *parts, create=create)
        self._open = folder, _file_id(self._name if folder.handle is None else folder.handle)
        return folder

    def is_behind_link(self) -> bool:
        """Return whether the folder, or the namespace's folder around it, is a link now."""
        return is_link(self._name) or is_link(os.path.dirname(self._name))  # noqa: PTH120  quicker

    def close(self) -> None:
        """Close the folder."""
        self._open = None


def not_a_value(blob_id: object) -> str:
    """Return what is wrong with a row whose blob id isn't one."""
    return f"{blob_id!r:.120} is not the name of a value's file"


def _unlink(folder: Folder, names: Iterable[str], limit: float | None = None) -> None:
    """Remove files, all or those older than `limit`, ignoring those that can't be removed.

    Freeing a file's disk space takes 20 µs, or 2 ms if the system passes it on to the disk
    (`discard`). Many files can be removed in parallel.
    """
    at = folder.handle

    def unlink(some: Sequence[str]) -> None:
        for name in some:
            place = folder.at(name)
            with contextlib.suppress(OSError):
                if limit is not None:
                    found = os.stat(place, dir_fd=at, follow_symlinks=False)
                    if not stat.S_ISREG(found.st_mode) or found.st_mtime >= limit:
                        continue
                os.unlink(place, dir_fd=at)

    parts = chunks(names, UNLINKED_AT_ONCE)
    first, second = next(parts, []), next(parts, [])
    if not second:
        unlink(first)
        return
    with ThreadPoolExecutor(UNLINK_THREADS, "kv-unlink") as threads:
        under_way = deque((threads.submit(unlink, first), threads.submit(unlink, second)))
        for some in parts:
            if len(under_way) > UNLINK_THREADS:
                under_way.popleft().result()  # don't hold all names in memory
            under_way.append(threads.submit(unlink, some))


def _file_id(place: str | int) -> _FileId:
    status = os.stat(place)  # noqa: PTH116  before every write, so it has to be quick
    return status.st_dev, status.st_ino
