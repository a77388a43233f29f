"""Finish the changes that a process wrote to a journal and left unfinished."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from kvlens.stores.base import StoreError
from kvlens.stores.wrangler.blob_ids import BlobIds
from kvlens.stores.wrangler.blobs import Blobs
from kvlens.stores.wrangler.commit import finish_journals
from kvlens.stores.wrangler.database import WRITABLE, WRITE_SECONDS, connect, has_table
from kvlens.stores.wrangler.journal import Journals
from kvlens.stores.wrangler.state_folder import StateFolder


class Recovery:
    """Finishes journals in a thread while the store is open."""

    def __init__(
        self,
        state: StateFolder,
        journals: Journals,
        threads: Executor,
        unused: Callable[[str, BlobIds], None],
    ) -> None:
        self._state = state
        self._journals = journals
        self._threads = threads
        self._unused = unused  # called with a namespace and the values that it no longer refers to
        self._under_way: asyncio.Future[Any] | None = None

    def start(self) -> None:
        """Finish the changes that a process has left unfinished, if any."""
        if self._under_way is not None or not self._journals.is_used():
            return
        loop = asyncio.get_running_loop()
        self._under_way = loop.run_in_executor(self._threads, finish, self._state, self._journals)
        self._under_way.add_done_callback(self._finished)

    def _finished(self, job: asyncio.Future[Any]) -> None:
        self._under_way = None
        if not job.cancelled() and job.exception() is None:
            for ns, names in job.result().items():
                self._unused(ns, names)

    async def wait(self) -> None:
        """Wait for the running recovery."""
        if self._under_way is not None:
            await asyncio.wait([self._under_way])


def finish(state: StateFolder, journals: Journals) -> dict[str, BlobIds]:
    """Finish the changes that other processes have left unfinished. Runs in a thread.

    Returns the values that are no longer used, by namespace.
    """
    files = NamespaceFiles(state)
    try:
        return finish_journals(journals, files)
    except (sqlite3.Error, OSError, StoreError) as error:  # nobody waits for the result
        logging.getLogger(__name__).warning("%s: %s", journals.path, error)
        return {}
    finally:
        files.close()


class NamespaceFiles:
    """The files of existing namespaces, for one thread that works on several of them."""

    def __init__(self, state: StateFolder) -> None:
        self._state = state
        self._open: dict[str, tuple[sqlite3.Connection, Blobs]] = {}

    def __call__(self, ns: str) -> tuple[sqlite3.Connection, Blobs] | None:
        """Return a namespace's database and values, None if there is no such namespace."""
        if ns not in self._open:
            path = self._state.database(ns)
            try:
                if not self._state.has(path):
                    return None
            except FileNotFoundError:
                return None
            db = connect(path, WRITABLE)
            try:
                db.seconds = WRITE_SECONDS
                if not has_table(db, path):
                    db.close()
                    return None
                db.execute("PRAGMA synchronous = NORMAL")
                db.execute("PRAGMA busy_timeout = 0")
            except BaseException:
                db.close()
                raise
            self._open[ns] = db, self._state.blobs(ns)
        return self._open[ns]

    def close(self) -> None:
        """Close the databases."""
        for db, _ in self._open.values():
            db.close()
