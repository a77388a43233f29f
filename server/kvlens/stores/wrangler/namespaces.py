"""The open namespaces of a store, and what other programs do to their files."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from kvlens.stores.base import StoreError
from kvlens.stores.wrangler import orphans
from kvlens.stores.wrangler.blob_ids import BlobIds
from kvlens.stores.wrangler.database import can_be_read, file_id
from kvlens.stores.wrangler.errors import store_error
from kvlens.stores.wrangler.journal import Journals
from kvlens.stores.wrangler.open_namespace import OpenNamespace, open_namespace
from kvlens.stores.wrangler.recovery import finish
from kvlens.stores.wrangler.state_folder import StateFolder


class Namespaces:
    """Opens namespaces in threads, once for all callers, and closes replaced files."""

    def __init__(self, state: StateFolder, journals: Journals, threads: Executor) -> None:
        self.open: dict[str, OpenNamespace] = {}
        self.opened: Callable[[OpenNamespace], None] = lambda space: None
        self.closed: Callable[[OpenNamespace], None] = lambda space: None
        self.outside: set[str] = set()  # changed by another program, for poll()
        self._state = state
        self._journals = journals
        self._threads = threads
        self._opening: dict[str, asyncio.Future[OpenNamespace]] = {}
        self._paths: dict[str, str] = {}
        self._absent: set[str] = set()  # asked for, no file yet
        self._trouble = ""  # what is in the place of their files, as last seen

    async def existing(self, ns: str) -> OpenNamespace | None:
        """Return the namespace if it has a file; reading creates none.

        Raises StoreError if something else is in the file's place: it isn't just empty then.
        """
        found = self.open.get(ns)
        if found is not None and found.read_only is None:
            return found
        path = self._paths.get(ns)
        if path is None:
            path = self._paths[ns] = str(self._state.database(ns))
        if file_id(path) is None:
            self._absent.add(ns)
            self._state.check()
            return None
        if ns in self._absent:  # another program has made it since, and no poll has seen that yet
            self.outside.add(ns)
        return await self._opened(ns)

    async def exists(self, ns: str) -> bool:
        """Return whether the namespace is open or has a file."""
        return ns in self.open or await self.existing(ns) is not None

    async def writable(self, ns: str) -> OpenNamespace:
        """Return the namespace, creating it if missing. Raises StoreError if it is read-only."""
        space = self.open.get(ns)
        if space is None or (space.group is None and self._was_replaced(space)):
            space = await self._opened(ns)
        if space.read_only is not None:
            if self.open.get(ns) is space:
                self._close(self.open.pop(ns))
            space = await self._opened(ns)
            if space.read_only is not None:
                raise store_error(space.path, sqlite3.OperationalError("readonly database"))
        return space

    def poll(self) -> list[str]:
        """Return the namespaces that another program changed since the last call."""
        trouble = self._find_trouble() if self.open or self._absent else ""
        for ns, space in list(self.open.items()):
            if space.running or space.group or self._was_replaced(space):
                continue
            if trouble or space.blobs.is_behind_link():  # to the same files, if they were moved
                self._close_lost(space)
                continue
            if space.is_outdated():
                self._close(self.open.pop(ns))
                self.outside.add(ns)
                continue
            try:
                space.check_version()
            except sqlite3.Error:
                continue  # the next call that needs the file reports it
        for ns in list(self._absent):
            if file_id(self._paths[ns]) is not None and can_be_read(Path(self._paths[ns])):
                self._absent.discard(ns)
                self.outside.add(ns)
        if trouble != self._trouble:
            self._trouble = trouble
            self.outside.update(self._absent)
        changed = list(self.outside)
        self.outside.clear()
        return changed

    def all_changed(self) -> None:
        """Return every namespace from the next `poll`."""
        self.outside.update(self.open, self._absent)

    def _find_trouble(self) -> str:
        try:
            self._state.check()
        except StoreError as error:
            return str(error)
        return ""

    async def opening(self) -> None:
        """Wait until namespaces that are being opened are open."""
        for opening in list(self._opening.values()):
            await asyncio.wait([opening])

    def close(self) -> list[OpenNamespace]:
        """Close every namespace and return them."""
        spaces = list(self.open.values())
        self.open.clear()
        for space in spaces:
            self._close(space)
        return spaces

    async def _opened(self, ns: str) -> OpenNamespace:
        found = self.open.get(ns)
        if found is not None and not found.is_outdated():
            return found
        if found is not None:
            self._close(self.open.pop(ns))
        opening = self._opening.get(ns)
        if opening is None:
            loop = asyncio.get_running_loop()
            opening = loop.run_in_executor(self._threads, self._open, ns)
            self._opening[ns] = opening
            opening.add_done_callback(lambda done: self._opened_now(ns, done))
        return await asyncio.shield(opening)

    def _open(self, ns: str) -> OpenNamespace:
        """Open a namespace after finishing its interrupted changes. Runs in a thread."""
        gone: dict[str, BlobIds] = {}
        if self._journals.is_used():
            gone = finish(self._state, self._journals)
        space = open_namespace(self._state, ns)
        space.owns_folder = partial(self._owns_folder, ns)
        space.changed_outside = self.outside.add
        space.blobs.retire(gone.get(ns, ()))
        return space

    def _opened_now(self, ns: str, done: asyncio.Future[OpenNamespace]) -> None:
        self._opening.pop(ns, None)
        if not done.cancelled() and done.exception() is None:
            self.open[ns] = space = done.result()
            self._absent.discard(ns)
            self.opened(space)

    def _owns_folder(self, ns: str) -> bool:
        """Return whether no other namespace keeps its values in the same folder."""
        return orphans.owns_folder(*self._state, ns, list(self._paths))

    def _was_replaced(self, space: OpenNamespace) -> bool:
        """Return whether the file was deleted, replaced or overwritten; if so, close it."""
        if space.running or space.group or space.has_its_file():
            return False
        self._close_lost(space)
        return True

    def _close_lost(self, space: OpenNamespace) -> None:
        """Close a namespace whose files are no longer at their path."""
        self._close(self.open.pop(space.ns))
        self._paths[space.ns] = space.name
        self._absent.add(space.ns)
        self.outside.add(space.ns)

    def _close(self, space: OpenNamespace) -> None:
        space.close()
        self.closed(space)
