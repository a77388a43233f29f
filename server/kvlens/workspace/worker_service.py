"""A project's Worker on workerd, built and restarted as its files change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from kvlens.config.find import ConfigError
from kvlens.config.repeated import repeated
from kvlens.kv.limits import CompatName
from kvlens.worker.build import build, run_command
from kvlens.worker.commands import end_all
from kvlens.worker.config import WorkerConfig, read_worker_config
from kvlens.worker.errors import BuildError, WorkerError
from kvlens.worker.host import WorkerHost
from kvlens.worker.output import Event
from kvlens.workspace.project import Project
from kvlens.workspace.saving import keeps_namespaces, saved
from kvlens.workspace.service import Ready, Service
from kvlens.workspace.watch import changed_files, contents, link_targets, source_folders, stamps

PORT = 8787  # as wrangler's


class WorkerService(Service):
    """Runs a project's Worker, with its KV namespaces on an emulator."""

    def __init__(
        self,
        project: Project,
        emit: Callable[[Any], None],
        *,
        compat: CompatName = "strict",
        port: int | None = None,
        allowed_hosts: Sequence[str] = (),
    ) -> None:
        """`port` overrides the config's `dev.port`. Without either, it is 8787 if that is free.

        Raises ConfigError and WorkerError for a config that can't be run.
        """
        self.worker: WorkerConfig = read_worker_config(project.path, project.environment)
        super().__init__(project, emit)
        self.host = WorkerHost(
            self.store,
            project.folder,
            compat=compat,
            emit=emit,
            allowed_hosts=allowed_hosts,
        )
        self._port_option = port
        self._port = 0  # the one requested; 0 for any
        self._known = contents(self._config_files())  # the input files, as last used
        self._stamps: dict[str, tuple[int, int]] = {}  # the source files, at the last build
        self.built = False
        """Whether the last build succeeded."""
        self._notices: list[str] = []  # about the config; emitted again when they change

    async def start(self) -> None:
        """Build and run the Worker; if its sources have errors, wait for changes.

        Raises EmulatorError, and WorkerError for anything but a failed build.
        """
        await self.host.start_emulator(self.worker.namespaces)
        self._port = self._wanted_port()
        await self._listen()
        failure = await self.run(with_command=True)
        if failure is not None and not isinstance(failure, BuildError):
            raise failure
        self.emit(Ready())
        if failure is not None:
            self._build_failed(failure)
        self._emit_notices()
        if notice := await self.clock_notice():
            self.emit(Event("log", "warning", notice, "kvlens"))

    async def close(self) -> None:
        """End the Worker and close the store."""
        await self.host.close()
        await super().close()

    def interrupt(self) -> None:
        """End a build."""
        end_all()

    def changes(self) -> AsyncIterator[set[Path]]:
        """Yield the files that changed in all folders that affect the Worker."""
        return changed_files(self._folders, self.stop)

    async def run(self, *, with_command: bool) -> WorkerError | None:
        """Build and run the Worker, and return what went wrong."""
        self.built = False
        self._stamps = stamps(self._source_folders())
        try:
            if with_command:
                await asyncio.to_thread(run_command, self.worker)
            started = time.time_ns()
            script = await asyncio.to_thread(build, self.worker, with_command=False)
            self._known = contents({*script.inputs, *self._config_files()})
            for path in script.inputs:
                if path.exists() and path.stat().st_mtime_ns > started:
                    self._known[path] = None  # it may have changed after the bundler read it
            for text in script.warnings:
                self.emit(Event("log", "warning", text, "kvlens"))
            await self.host.run(script, self.worker)
        except WorkerError as error:
            if not self.host.running:
                self.host.proxy.fail(str(error))
            if isinstance(error, BuildError):  # the error may be in any file
                self._known |= contents({one.file for one in error.problems} - self._known.keys())
            return error
        self.built = True
        return None

    async def follow(self, paths: set[Path]) -> None:
        """Restart the Worker if its config, secrets or sources changed."""
        now = contents(self._known)
        if now[self.project.path] != self._known[self.project.path]:
            await saved(self.project.path, self._is_whole)
            now = contents(self._known)
        changed = {path for path, content in now.items() if content != self._known[path]}
        needs_command = self.worker.command is not None and any(
            folder in path.parents for path in paths for folder in self.worker.watch
        )
        may_build_now = not self.built and stamps(self._source_folders()) != self._stamps
        if not changed and not needs_command and not may_build_now:
            return
        self._known = now
        started = time.monotonic()
        if not changed.isdisjoint(self._config_files()) and not await self._config_changed():
            return
        failure = await self.run(with_command=needs_command or self.project.path in changed)
        if failure is not None:
            self._build_failed(failure)
        else:
            took = (time.monotonic() - started) * 1000
            self.emit(Event("restarted", "info", f"restarted in {took:.0f} ms", "kvlens"))

    async def _config_changed(self) -> bool:
        """Read the config and secrets again, and return whether they are valid."""
        try:
            worker = read_worker_config(self.project.path, self.project.environment)
            self.project.reload()
        except (ConfigError, WorkerError) as error:
            self.emit(
                Event("failed", "error", f"{error}; the previous Worker keeps running", "kvlens")
            )
            return False
        self.worker = worker
        self.host.set_namespaces(worker.namespaces)
        self._emit_notices()
        await self._follow_port()
        return True

    def _is_whole(self, text: str) -> bool:
        """Return whether the config is valid and still has all its namespaces."""
        try:
            read_worker_config(self.project.path, self.project.environment)
        except (ConfigError, WorkerError):
            return False
        return keeps_namespaces(self.project.config)(text)

    def _wanted_port(self) -> int:
        ports = (self._port_option, self.worker.port, PORT)
        return next(port for port in ports if port is not None)

    async def _listen(self) -> None:
        """Open the port, or any free one if nobody asked for the one that is in use."""
        try:
            await self.host.listen(self._port)
        except WorkerError:
            if self._port_option is not None or self.worker.port is not None:
                raise
            await self.host.listen(0)

    async def _follow_port(self) -> None:
        """Move to another `dev.port`, as wrangler does; stay if it's in use."""
        port = self._wanted_port()
        if port == self._port:
            return
        try:
            await self.host.listen(port)
        except WorkerError as error:
            text = f"{error} The Worker stays at {self.host.url}"
            self.emit(Event("log", "error", text, "kvlens"))
            return
        self._port = port
        text = f"dev.port has changed: the Worker is at {self.host.url} now"
        self.emit(Event("moved", "info", text, "kvlens"))

    # files ------------------------------------------------------------------------------------

    def _config_files(self) -> set[Path]:
        return {self.project.path, *self.worker.secrets_files(self.project.environment)}

    def _source_folders(self) -> set[Path]:
        main = self.worker.main
        return source_folders(main.parent) if main is not None else set()

    def _folders(self) -> set[Path]:
        """Return the folders in which changes can affect the Worker."""
        wanted = {path.parent for path in self._known} | self._source_folders()
        wanted |= {target.parent for path in self._known for target in link_targets(path)}
        if self.worker.command is not None:
            for folder in self.worker.watch:
                wanted |= source_folders(folder)
        return wanted

    # events -----------------------------------------------------------------------------------

    def _emit_notices(self) -> None:
        notices = [*self.worker.notices, *repeated(self.project.config, self.project.environment)]
        for text in notices:
            if text not in self._notices:
                self.emit(Event("log", "warning", text, "kvlens"))
        self._notices = notices

    def _build_failed(self, error: WorkerError) -> None:
        text = str(error)
        if self.host.running:
            text += "\nThe previous Worker keeps running. Save a file to try again."
        found = error.problems if isinstance(error, BuildError) else []
        problems = tuple(problem for problem in found if problem.line)
        file, line, column = problems[0][:3] if problems else (None, 0, 0)
        self.emit(Event("failed", "error", text, "kvlens", file, line, column, problems))
