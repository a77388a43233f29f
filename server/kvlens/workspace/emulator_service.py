"""A project's emulator, following the config, the seed files and other programs' changes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from kvlens.config.find import ConfigError
from kvlens.config.repeated import repeated
from kvlens.emulator.server import Emulator
from kvlens.kv.limits import CompatName
from kvlens.kv.records import Write
from kvlens.lint.project_file import NAMES as PROJECT_FILES
from kvlens.seeds.apply import apply
from kvlens.seeds.array import FileError
from kvlens.seeds.file import SeedItem, read
from kvlens.seeds.plan import changed_items, split_by_change, to_writes
from kvlens.stores.base import ChangedError, Store, StoreError
from kvlens.stores.origin import SEED_FILE, Origin
from kvlens.workspace.project import Project
from kvlens.workspace.service import (
    Failed,
    KeysChanged,
    NamespacesChanged,
    Problem,
    Ready,
    SeedKept,
    SeedPut,
    Service,
)
from kvlens.workspace.watch import follow

TRIES = 5  # to put a seed file while something else writes to the same keys


class EmulatorService(Service):
    """Serves a project's namespaces over HTTP."""

    def __init__(
        self,
        project: Project,
        emit: Callable[[Any], None],
        *,
        compat: CompatName = "strict",
        host: str = "127.0.0.1",
        port: int = 0,
        unix: Path | None = None,
        token: str | None = None,
    ) -> None:
        """`unix` is the path of a Unix socket to listen on too; `token` is random if not given."""
        super().__init__(project, emit)
        self.emulator = Emulator(self.store, project.titles, token=token, compat=compat)
        self._address = (host, port)
        self._unix = unix
        self._listening = False
        self._config_problem: str | None = None  # why the config can't be read, as last reported
        self._repeated: list[str] = []  # bindings declared twice, as last reported
        self._seeds: dict[Path, list[SeedItem]] = {}  # the seed files as last read

    async def start(self) -> None:
        """Listen. Raises EmulatorError."""
        for path in self.project.seed_files():
            with contextlib.suppress(FileError):
                self._seeds[path] = self._read(path)
        await self.emulator.start(*self._address, unix=self._unix)
        self._listening = True
        self.emulator.on_change(lambda namespace: self.emit(KeysChanged(namespace)))
        self.emit(Ready())
        self._report_repeated()
        if notice := await self.clock_notice():
            self.emit(Problem("warning", notice))
        await self._list_all()

    async def close(self) -> None:
        """Stop listening and close the store."""
        await self.emulator.close()
        if self._unix is not None and self._listening:
            self._unix.unlink(missing_ok=True)
        await super().close()

    def changes(self) -> AsyncIterator[set[Path]]:
        """Yield the files that changed among config and seed files."""
        return follow(self.project, self.stop)

    async def follow(self, paths: set[Path]) -> None:
        """Follow changes of config and seed files."""
        # An empty set: changes from before the watching started aren't reported.
        for path in sorted(paths) if paths else [self.project.path, *self.project.seed_files()]:
            try:
                if path == self.project.path or path.name in PROJECT_FILES:
                    await self.config_changed()
                else:
                    await self._seed_changed(path)
            except Exception as error:
                self.emit(Failed(error))
        for namespace in self.store.poll():  # a folder that was moved may hold the keys
            self.emulator.note_change(namespace)

    async def config_changed(self) -> None:
        """Read the config again and serve its namespaces."""
        await self.project.saved()
        try:
            changed = self.project.reload()
        except ConfigError as error:
            problem = f"{error}; keeping the previous namespaces"
            if problem != self._config_problem:
                self.emit(Problem("warning", problem))
            self._config_problem = problem
            return
        self._config_problem = None
        self._report_repeated()
        if changed:
            self.emulator.set_namespaces(self.project.titles)
            self.emit(NamespacesChanged())

    def _report_repeated(self) -> None:
        environment = self.project.environment
        found = repeated(self.project.config, *([] if environment is None else [environment]))
        for text in found:
            if text not in self._repeated:
                self.emit(Problem("warning", text))
        self._repeated = found

    async def _list_all(self) -> None:
        """List each namespace once: after that, the store notices other programs' changes."""
        lists = [self.store.list(namespace, limit=1) for namespace in self.emulator.namespaces]
        reported = set()
        for listed in asyncio.as_completed(lists):  # a locked namespace doesn't delay the others
            try:
                await listed
            except StoreError as error:
                if str(error) not in reported:
                    self.emit(Problem("error", str(error)))
                reported.add(str(error))

    def _read(self, path: Path) -> list[SeedItem]:
        return read(path, self.store.now(), within=self.project.folder).items

    async def _seed_changed(self, path: Path) -> None:
        """Put what changed in a seed file since it was last read.

        Skips keys that the file doesn't contain and keys that something else changed meanwhile; for
        a new file, all existing keys. Reports those with another value.
        """
        namespace = self.project.seeded_by(path)
        if namespace is None:
            return
        try:
            items = self._read(path)
            now = await self.store.time()
            before = self._seeds.get(path, [])
            changed = to_writes(changed_items(before, items), now)
            store = self.store.by(Origin.action_of(SEED_FILE, f"seed {path.name}"))
            writes, kept = await self._put(store, namespace.id, changed, before)
            self._seeds[path] = items
        except FileError as error:
            self.emit(Problem("error", f"{error}; the file was not applied"))
        except StoreError as error:
            self.emit(Problem("error", str(error)))
        else:
            if writes:
                self.emit(SeedPut(path, namespace, len(writes)))
                self.emulator.note_change(namespace.id)
            if kept:
                self.emit(SeedKept(path, namespace, kept))

    async def _put(
        self, store: Store, ns: str, changed: list[Write], before: list[SeedItem]
    ) -> tuple[list[Write], list[str]]:
        """Put the writes that lose nobody's work; return them and the keys that are kept."""
        for tries in range(TRIES):
            writes, kept, expected = await split_by_change(store, ns, changed, before)
            try:
                await apply(store, ns, writes, expected)
                break
            except ChangedError:  # something else has written since they were read
                if tries == TRIES - 1:
                    raise
        return writes, kept
