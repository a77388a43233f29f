"""`kvlens dev`: the Worker on workerd, its KV on the emulator, restarted on every change."""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from pathlib import Path
from typing import Any

from kvlens.cli.common import from_here
from kvlens.cli.events import Events
from kvlens.cli.frame import Command, Options
from kvlens.cli.serving import named_config, run_serving, serving_options
from kvlens.config.find import ConfigError
from kvlens.config.settled import settled
from kvlens.stores.registry import open_store, shown_url
from kvlens.worker.build import build, run_command
from kvlens.worker.commands import end_all
from kvlens.worker.config import read_worker_config
from kvlens.worker.errors import BuildError, WorkerError
from kvlens.worker.host import WorkerHost
from kvlens.worker.hosts import allowed_host
from kvlens.worker.output import Event
from kvlens.workspace.watch import changed_files, contents, link_targets, source_folders, stamps

PORT = 8787
_COLOURS = {"error": "\x1b[31m", "warning": "\x1b[33m", "debug": "\x1b[2m", "request": "\x1b[2m"}


def _options(parser: argparse.ArgumentParser) -> None:
    serving_options(parser, env="none", port=f"the config's dev.port, else {PORT}")
    parser.add_argument(
        "--allowed-host",
        metavar="NAME",
        action="append",
        default=[],
        type=_host,
        help="a Host that is answered besides localhost; .NAME for its subdomains too",
    )
    parser.add_argument("--default-port", type=int, default=PORT, help=argparse.SUPPRESS)


def _dev(options: Options) -> int:
    """Run the Worker until interrupted, terminated, or (with --lifeline) standard input ends."""

    def service(events: Events) -> _Dev:
        return _Dev(named_config(options), options, events)

    return run_serving("dev", options, service)


def _host(text: str) -> str:
    try:
        return allowed_host(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


class _Dev:
    """One run: the Worker, and what follows its files."""

    def __init__(self, config: Path, options: argparse.Namespace, events: Events) -> None:
        self.config = config
        self.options = options
        self.events = events
        if options.json:
            events.held = []  # what is said before the first line
        self.settings = read_worker_config(config, options.env)
        self.store = open_store(from_here(options.store), self.settings.folder)
        self.host = WorkerHost(
            self.store,
            self.settings.folder,
            compat=options.compat,
            emit=self._show,
            allowed_hosts=options.allowed_host,
        )
        self.port = 0  # the one asked for, 0 for any
        self.stop = asyncio.Event()
        self.known = contents(self._settings_files())  # the files that matter, as they were used
        self.stamps: dict[str, tuple[int, int]] = {}  # the sources, when they were last built
        self.built = False  # whether the last build went well
        self.said: list[str] = []  # notices of the config: told again when they change

    async def serve(self) -> None:
        await self.host.start_emulator(self.settings.namespaces)
        self.port = self._wanted_port()
        await self.host.listen(self.port)
        failure = await self._run(with_command=True)
        if failure is not None and not isinstance(failure, BuildError):
            raise failure
        self._announce()
        if failure is not None:
            self._failed(failure)
        self._notices()
        async for paths in changed_files(self._folders, self.stop):
            try:
                await self._follow(paths)
            except Exception as error:
                self.events.unexpected(error)

    async def close(self) -> None:
        await self.host.close()
        await self.store.close()

    def interrupt(self) -> None:
        """End a build."""
        end_all()

    # -- building and running --------------------------------------------------------------

    async def _run(self, *, with_command: bool) -> WorkerError | None:
        """Build and run; return what went wrong."""
        self.built = False
        self.stamps = stamps(self._source_folders())
        try:
            if with_command:
                await asyncio.to_thread(run_command, self.settings)
            started = time.time_ns()
            script = await asyncio.to_thread(build, self.settings, with_command=False)
            self.known = contents({*script.inputs, *self._settings_files()})
            for path in script.inputs:
                if path.exists() and path.stat().st_mtime_ns > started:
                    self.known[path] = None  # it may have changed behind the bundler's back
            for text in script.warnings:
                self._show(Event("log", "warning", text, "kvlens"))
            await self.host.run(script, self.settings)
        except WorkerError as error:
            if not self.host.running:
                self.host.front.fail(str(error))
            if isinstance(error, BuildError):  # what is wrong may be anywhere
                self.known |= contents({one.file for one in error.problems} - self.known.keys())
            return error
        self.built = True
        return None

    async def _follow(self, paths: set[Path]) -> None:
        """Do what a change of files asks for."""
        now = contents(self.known)
        if now[self.config] != self.known[self.config]:
            await settled(self.config, self._is_whole)
            now = contents(self.known)
        changed = {path for path, content in now.items() if content != self.known[path]}
        commanded = self.settings.command is not None and any(
            folder in path.parents for path in paths for folder in self.settings.watch
        )
        mendable = not self.built and stamps(self._source_folders()) != self.stamps
        if not changed and not commanded and not mendable:
            return
        self.known = now
        started = time.monotonic()
        if not changed.isdisjoint(self._settings_files()):
            try:
                self.settings = read_worker_config(self.config, self.options.env)
            except (ConfigError, WorkerError) as error:
                self._show(Event("failed", "error", f"{error}; what ran before runs on", "kvlens"))
                return
            self.host.set_namespaces(self.settings.namespaces)
            self._notices()
            await self._move()
        failure = await self._run(with_command=commanded or self.config in changed)
        if failure is not None:
            self._failed(failure)
        else:
            took = (time.monotonic() - started) * 1000
            self._show(Event("restarted", "info", f"restarted in {took:.0f} ms", "kvlens"))

    def _wanted_port(self) -> int:
        ports = (self.options.port, self.settings.port, self.options.default_port)
        return next(port for port in ports if port is not None)

    async def _move(self) -> None:
        """Follow `dev.port`, as wrangler does; where the new one is taken, stay."""
        port = self._wanted_port()
        if port == self.port:
            return
        try:
            await self.host.listen(port)
        except WorkerError as error:
            text = f"{error} The Worker stays at {self.host.url}"
            self._show(Event("log", "error", text, "kvlens"))
            return
        self.port = port
        text = f"dev.port has changed: the Worker is at {self.host.url} now"
        self._show(Event("moved", "info", text, "kvlens"))

    def _is_whole(self, text: str) -> bool:
        """Tell whether the config as it is now can be used and has all namespaces it had."""
        try:
            found = read_worker_config(self.config, self.options.env)
        except (ConfigError, WorkerError):
            return False
        return self.settings.namespaces.items() <= found.namespaces.items()

    def _settings_files(self) -> set[Path]:
        return {self.config, *self.settings.secrets_files(self.options.env)}

    def _source_folders(self) -> set[Path]:
        main = self.settings.main
        return source_folders(main.parent) if main is not None else set()

    def _folders(self) -> set[Path]:
        """Return the folders in which a change can matter."""
        wanted = {path.parent for path in self.known} | self._source_folders()
        wanted |= {target.parent for path in self.known for target in link_targets(path)}
        if self.settings.command is not None:
            for folder in self.settings.watch:
                wanted |= source_folders(folder)
        return wanted

    # -- what is said ----------------------------------------------------------------------

    def _announce(self) -> None:
        emulator = self.host.emulator
        ready = {"url": self.host.url, "rest": emulator.rest, "token": emulator.token}
        if self.options.json:
            held, self.events.held = self.events.held, None
            self.events.event("ready", is_state=True, **ready, pid=os.getpid())
            self.events.held = held
            self.events.release()
            return
        say = self.events.text
        environment = f", environment {self.options.env}" if self.options.env else ""
        say(f"KV Lens runs {self.settings.name or self.config}{environment} at {self.host.url}")
        say(f"  store  {shown_url(self.options.store)}")
        say(f"  REST   {emulator.rest}")
        say(f"  token  {emulator.token}")
        for binding, id in self.settings.namespaces.items():
            say(f"  KV     {binding}  {id}")

    def _notices(self) -> None:
        notices = self.settings.notices
        for text in notices:
            if text not in self.said:
                self._show(Event("log", "warning", text, "kvlens"))
        self.said = notices

    def _failed(self, error: WorkerError) -> None:
        text = str(error)
        if self.host.running:
            text += "\nthe Worker that ran before runs on; this one is tried again on a change"
        problems = error.problems if isinstance(error, BuildError) else []
        place = problems[0][:3] if problems and problems[0].line else (None, 0, 0)
        self._show(Event("failed", "error", text, "kvlens", *place))

    def _show(self, event: Event) -> None:
        if self.options.json:
            fields: dict[str, Any] = {
                "level": event.level,
                "message": event.message,
                "origin": event.origin,
            }
            if event.file is not None:
                fields |= {"file": str(event.file), "line": event.line, "column": event.column}
            if event.kind == "moved":
                fields["url"] = self.host.url
            is_state = event.kind in ("restarted", "failed", "moved")
            self.events.event(event.kind, is_state=is_state, **fields)
            return
        ours = event.origin == "kvlens" and event.kind != "request"
        is_error = ours or event.kind == "exception"
        text = f"{event.level}: {event.message}" if ours else event.message
        colour = _COLOURS.get(event.kind) or _COLOURS.get(event.level, "")
        self.events.text(text, error=is_error, colour=colour)


COMMAND = Command(
    "Run the project's Worker on workerd, restarted on every change.\n"
    "Its KV namespaces are on the emulator. Ctrl+C stops it.",
    _dev,
    _options,
    (),
    ("kvlens dev", "kvlens dev --port 9000 --env staging"),
    {0: "stopped", 1: "an internal error", 2: "wrong use, or it cannot start"},
)
