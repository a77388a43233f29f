"""The state folder and its content. Links below the folder that the user named aren't followed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple

from kvlens.stores.base import StoreError
from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.disk_format import (
    UNIQUE_KEY,
    blobs_path,
    database_name,
    database_path,
)
from kvlens.stores.wrangler.errors import store_error
from kvlens.stores.wrangler.safe_paths import open_folder
from kvlens.stores.wrangler.shm_lock import ShmLock

_LOGS = ("-wal", "-shm", "-journal")


class StateFolder(NamedTuple):
    """The folder `parts` in `base`. Links are followed up to `base`, which the user named."""

    base: Path
    parts: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The whole path."""
        return self.base.joinpath(*self.parts)

    def database(self, ns: str) -> Path:
        """Return the path of a namespace's database."""
        return database_path(self.path, ns)

    def blobs(self, ns: str, lock: ShmLock | None = None) -> Blobs:
        """Return a namespace's values. Files are reused only with a lock."""
        inside = blobs_path(self.path, ns).relative_to(self.base).parts
        if lock is None:
            return Blobs(self.base, *inside)
        return Blobs(self.base, *inside, is_alone=lock.is_alone)

    def has(self, database: Path, *, create: bool = False) -> bool:
        """Return whether a database exists; `create` makes its folder.

        Even to read a database, SQLite writes to its companion files. Raises StoreError for a link,
        which SQLite would follow, and for a file with a second name.
        """
        with open_folder(self.base, *self.parts, "kv", UNIQUE_KEY, create=create) as folder:
            for ending in _LOGS:
                folder.exists(database.name + ending, written=True)
            return folder.exists(database.name, written=True)

    def check(self) -> None:
        """Raise StoreError if something else than folders is in the place of the keys.

        Missing folders are fine, except the project's own.
        """
        try:
            with open_folder(self.base, *self.parts, "kv", UNIQUE_KEY):
                pass
        except FileNotFoundError:
            pass
        except OSError as error:
            raise store_error(self.path, error) from error

    def namespaces(self) -> list[str]:
        """Return the namespaces on disk.

        A database is named after a hash, so the names are those of the folders with values. An id
        with characters that folders can't have isn't found.
        """
        found = []
        with (
            contextlib.suppress(FileNotFoundError),
            open_folder(self.base, *self.parts, "kv") as values,
            values.folder(UNIQUE_KEY) as databases,
        ):
            for entry in values.entries():
                with contextlib.suppress(StoreError):  # a link, or the like
                    if entry.is_dir(follow_symlinks=False) and databases.exists(
                        f"{database_name(entry.name)}.sqlite"
                    ):
                        found.append(entry.name)
        return sorted(found)
