"""Commit changes: immediately if nothing blocks them, else in a thread with all pending ones."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

from kvlens.stores.base import StoreError
from kvlens.stores.wrangler.changes import Change, Clear, data_version
from kvlens.stores.wrangler.commit import (
    BUSY_SECONDS,
    IN_USE_SECONDS,
    commit,
    commit_between,
    is_busy,
)
from kvlens.stores.wrangler.database import INLINE_SECONDS, LOG_SIZE, WRITE_SECONDS
from kvlens.stores.wrangler.errors import store_error
from kvlens.stores.wrangler.journal import Journals
from kvlens.stores.wrangler.open_namespace import OpenNamespace, Waiting
from kvlens.stores.wrangler.timers import Timers
from kvlens.stores.wrangler.trash import Trash

CHECKPOINT_COMMITS = 250  # commits after which to checkpoint
IDLE = 2.0  # seconds without a commit after which to checkpoint


class Writer:
    """Commits the changes of each namespace in order, independently of other namespaces."""

    def __init__(
        self, journals: Journals, timers: Timers, trash: Trash, threads: Executor, helpers: Executor
    ) -> None:
        self._journals = journals
        self._timers = timers
        self._trash = trash
        self._threads = threads
        self._helpers = helpers
        self._running = 0  # running threads
        self._idle: asyncio.Future[None] | None = None

    async def change(self, space: OpenNamespace, change: Change, *, inline: bool) -> Any:
        """Commit a change: immediately if it is small and nothing blocks it, else in turn.

        Of small changes that arrive in one iteration of the loop, the first is committed
        immediately, and then the others together.
        """
        if inline and not space.running and not space.is_shared():
            loop = asyncio.get_running_loop()
            if space.group is None:
                space.group = []
                loop.call_soon(self._commit_group, space)
                if self._commit_here(space, [change]):
                    return change.result
            else:
                done: asyncio.Future[Any] = loop.create_future()
                space.group.append((change, done))
                return await done
        return await self.queue(space, change)

    def queue(self, space: OpenNamespace, change: Change) -> asyncio.Future[Any]:
        """Queue a change for the thread."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        space.waiting.append((change, done))
        if not space.running:
            self._run(space)
        return done

    async def wait(self) -> None:
        """Wait until everything is committed."""
        if self._idle is not None:
            await self._idle

    def _commit_group(self, space: OpenNamespace) -> None:
        """Commit the small changes of this iteration of the loop."""
        group, space.group = space.group or [], None
        if not group:
            return
        if not space.running:
            try:
                done = self._commit_here(space, [change for change, _ in group])
            except StoreError as error:
                _settle(space, group, error)
                return
            if done:
                _settle(space, group, None)
                return
        space.waiting += group
        if not space.running:
            self._run(space)

    def _commit_here(self, space: OpenNamespace, changes: Sequence[Change]) -> bool:
        """Commit without a thread; return False, with nothing done, if there is a lock."""
        try:
            commit(space.main, space.blobs, changes)
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, sqlite3.OperationalError) and is_busy(error):
                return False
            raise store_error(space.path, error) from error
        self._committed(space, [change for change in changes if change.error is None])
        if space.commits >= CHECKPOINT_COMMITS:
            self._run(space)
        return True

    def _run(self, space: OpenNamespace) -> None:
        """Let the thread commit all pending changes in one transaction."""
        batch, space.waiting = space.waiting, []
        space.running = True
        self._running += 1
        loop = asyncio.get_running_loop()
        if self._idle is None:
            self._idle = loop.create_future()
        checkpoint = space.commits >= CHECKPOINT_COMMITS
        changes = [change for change, _ in batch]
        job = loop.run_in_executor(self._threads, _work, space, changes, checkpoint, self._journals)
        job.add_done_callback(lambda job: self._ran(space, batch, job))

    def _ran(
        self, space: OpenNamespace, batch: Sequence[Waiting], job: asyncio.Future[Any]
    ) -> None:
        space.running = False
        self._running -= 1
        space.is_shared()  # notes what another program has written meanwhile
        error = job.exception()
        if error is None:
            if job.result():
                space.commits = 0
            self._committed(space, [change for change, _ in batch if change.error is None])
            for change, _ in batch:
                if change.error is not None:
                    space.forget_all()
                    self._trash.discard(space.blobs, change.gone)
        _settle(space, batch, error)
        if space.waiting:
            self._run(space)
        elif self._idle is not None and not self._running:
            self._idle.set_result(None)
            self._idle = None

    def _committed(self, space: OpenNamespace, changes: Sequence[Change]) -> None:
        """Update the cache and set aside overwritten values."""
        self._timers.later("checkpoint", space, IDLE, self._checkpoint)
        self._trash.changes += len(changes)
        space.commits += len(changes)
        space.changes += len(changes)
        for change in changes:
            if space.stats_cache is not None:
                space.stats_cache.note(change, space.blobs)
            if change.everything:
                space.cache.clear()
            if isinstance(change, Clear) and change.swept:
                loop = asyncio.get_running_loop()
                loop.run_in_executor(self._helpers, space.blobs.remove_older, space.cleared)
            for key in change.touched():
                space.cache.drop(key)
            entry = change.entry()
            if entry is not None:
                space.cache.put(*entry)
            if change.gone:
                self._trash.discard(space.blobs, change.gone)

    def _checkpoint(self, space: OpenNamespace) -> None:
        """Checkpoint when nobody has written for some time."""
        if space.commits and space.commits == space.checkpointed and not space.running:
            if space.log_size() > LOG_SIZE // 64:
                space.commits = CHECKPOINT_COMMITS
                self._run(space)
        elif space.commits:
            space.checkpointed = space.commits
            self._timers.later("checkpoint", space, IDLE, self._checkpoint)


def _settle(space: OpenNamespace, batch: Sequence[Waiting], error: BaseException | None) -> None:
    """Give the waiting callers the results of their changes."""
    if isinstance(error, (sqlite3.Error, OSError)):
        error = store_error(space.path, error)
    for change, done in batch:
        if done.done():  # the caller was canceled
            continue
        if error is not None:
            done.set_exception(error)
        elif change.error is not None:
            done.set_exception(store_error(space.path, change.error))
        else:
            done.set_result(change.result)


def _work(
    space: OpenNamespace, changes: Sequence[Change], checkpoint: bool, journals: Journals
) -> bool:
    """Commit `changes` together, waiting for locks; then checkpoint. Runs in the thread."""
    db = space.main
    db.seconds = WRITE_SECONDS
    try:
        _commit(space, changes, journals)
    finally:
        db.seconds = INLINE_SECONDS
    return (checkpoint or space.log_size() > LOG_SIZE) and _checkpoint_log(space)


def _commit(space: OpenNamespace, changes: Sequence[Change], journals: Journals) -> None:
    db = space.main
    if changes:
        shared = time.monotonic() - space.other_wrote_at < IN_USE_SECONDS
        if shared or data_version(db) != space.version:
            commit_between(db, space.blobs, changes, space.ns, journals)
        else:
            db.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
            try:
                commit(db, space.blobs, changes)
            finally:
                db.execute("PRAGMA busy_timeout = 0")


def _checkpoint_log(space: OpenNamespace) -> bool:
    """Checkpoint the log without blocking a Worker; truncate it if no other process has it open.

    Returns False if that fails: the log is safe, and it is tried again later.
    """
    try:
        space.main.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        if space.lock.is_alone():
            space.main.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error:
        return False
    return True
