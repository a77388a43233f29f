"""Changes of any size, in one or several namespaces: staged first, then committed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Executor

from kvlens.kv.clock import MovableClock
from kvlens.stores.base import Batch
from kvlens.stores.wrangler.changes import Bulk
from kvlens.stores.wrangler.commit import with_journal
from kvlens.stores.wrangler.errors import store_error
from kvlens.stores.wrangler.journal import Journals
from kvlens.stores.wrangler.namespaces import Namespaces
from kvlens.stores.wrangler.recovery import NamespaceFiles
from kvlens.stores.wrangler.staged import Staged
from kvlens.stores.wrangler.state_folder import StateFolder
from kvlens.stores.wrangler.trash import Trash


async def stage(
    namespaces: Namespaces, batches: Sequence[Batch], threads: Executor
) -> Sequence[tuple[str, Bulk]]:
    """Read the batches and write the values, in a separate thread."""
    staged: dict[str, Staged] = {}
    try:
        for batch in batches:
            ns = batch.ns
            if ns not in staged:
                space = await namespaces.writable(ns)
                staged[ns] = Staged(space.blobs, space.staging)
            await _fill(staged[ns], batch, threads)
    except BaseException:
        for one in staged.values():
            one.discard()
        raise
    return [(ns, Bulk(one)) for ns, one in staged.items() if one.count]


async def _fill(staged: Staged, batch: Batch, threads: Executor) -> None:
    loop = asyncio.get_running_loop()
    job = loop.run_in_executor(threads, staged.fill, batch)
    try:
        await asyncio.shield(job)
    except asyncio.CancelledError:
        staged.abandoned = True
        job.add_done_callback(lambda job: job.cancelled() or job.exception())
        await asyncio.wait([job])
        raise
    except (sqlite3.Error, OSError) as error:
        raise store_error(staged.blobs.folder, error) from error


async def commit_together(
    state: StateFolder,
    changes: Sequence[tuple[str, Bulk]],
    journals: Journals,
    trash: Trash,
    threads: Executor,
    clock: MovableClock,
) -> int:
    """Commit changes together, each to its own database, and return how many keys were deleted."""
    now, is_moved = clock.look()
    for _, change in changes:
        change.now, change.keeps_expired = int(now * 1000), is_moved
    files = NamespaceFiles(state)

    def work() -> None:
        try:
            with_journal(changes, files, journals)
        finally:
            files.close()

    await asyncio.get_running_loop().run_in_executor(threads, work)
    for ns, change in changes:
        trash.unused(ns, change.gone)
    error = changes[0][1].error
    if error is not None:
        ns = next((ns for ns, change in changes if change.is_cause), changes[0][0])
        raise store_error(state.database(ns), error) from error
    return sum(change.result for _, change in changes)
