"""A Worker and its KV, kept running: the emulator, workerd and the proxy in front of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from kvlens.emulator.server import Emulator
from kvlens.kv.limits import CompatName
from kvlens.stores.base import Store
from kvlens.worker import workerd_config
from kvlens.worker.binaries import find_workerd
from kvlens.worker.child import describe_exit
from kvlens.worker.config import WorkerConfig
from kvlens.worker.errors import SourceProblem, StartError, WorkerError
from kvlens.worker.fetch import Headers, Response, fetch
from kvlens.worker.output import Event, Output, Places
from kvlens.worker.proxy import Proxy, refusal
from kvlens.worker.runtime import DRAIN_TIMEOUT, Runtime
from kvlens.worker.script import Script

_LONGEST_ROOT = 70  # bytes; the smallest limit of a system for a socket's path is 104
_OLD_WORKERD = "has no field named 'structuredLogging'"
_NEWEST_AHEAD = timedelta(days=7)  # how far a compatibility date may be ahead of workerd's own
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_THROWN = b"Internal Server Error"  # the body of the response if a Worker throws
_MOST_REPORTED = 50
_CRASHES = 3  # restarts in a row before giving up


class WorkerHost:
    """Runs one Worker at a time, and replaces it without losing keys or requests.

    The caller closes the store. `emit` is called with events, on the event loop.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        compat: CompatName = "strict",
        emit: Callable[[Event], None] = lambda event: None,
        allowed_hosts: Iterable[str] = (),
        unix: bool = sys.platform != "win32",
    ) -> None:
        """`folder` is the project's folder, where the search for workerd starts.

        The Worker's port answers requests for localhost and for `allowed_hosts`. `unix`: use Unix
        sockets internally. Raises ValueError for an invalid host name.
        """
        self.folder = folder
        self.emulator = Emulator(store, {}, compat=compat)
        self._emit = emit
        self._exceptions = 0
        self.proxy = Proxy(
            self._requested, allowed_hosts=allowed_hosts, on_refused=self._host_refused
        )
        self.emulator.worker_origin = self.proxy.requests.origin
        self._unix = unix
        self._key = "" if unix else secrets.token_urlsafe(24)
        self._program: Path | None = None
        self._version: date | None = None
        self._structured = True
        self._scratch: Path | None = None
        self._address = ""
        self._runtime: Runtime | None = None
        self._runs = 0
        self._crashes = 0
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._reported: set[str] = set()

    @property
    def url(self) -> str:
        """The Worker's address."""
        return self.proxy.url

    @property
    def running(self) -> bool:
        """Whether a Worker is answering."""
        return self._runtime is not None and not self._runtime.ended.done()

    async def start_emulator(self, namespaces: Mapping[str, str]) -> None:
        """Serve the namespaces (binding -> id). Raises EmulatorError."""
        self.set_namespaces(namespaces)
        scratch = self._scratch = Path(tempfile.mkdtemp(prefix="kvlens-", dir=_scratch_root()))
        if self._unix:
            socket = scratch / "kv"
            await self.emulator.start(unix=socket)
            self._address = f"unix:{socket}"
        else:
            await self.emulator.start()
            self._address = self.emulator.url.partition("//")[2]

    def set_namespaces(self, namespaces: Mapping[str, str]) -> None:
        """Serve these namespaces (binding -> id) instead."""
        titles = {id: binding for binding, id in reversed(list(namespaces.items()))}
        self.emulator.set_namespaces(titles)

    async def listen(self, port: int) -> None:
        """Open the Worker's public port (0: any), or move to it. Raises WorkerError."""
        await self.proxy.start(port)

    async def run(self, script: Script, settings: WorkerConfig) -> None:
        """Run this Worker. The previous one answers until the new one is ready.

        Raises WorkerError, and then the previous one keeps running.
        """
        async with self._lock:
            if self._program is None:
                self._program = await asyncio.to_thread(find_workerd, self.folder)
                self._version = await asyncio.to_thread(_version, self._program)
            runtime = await self._started(script, settings)
            before, self._runtime = self._runtime, runtime
            self.proxy.requests.run(script)
            self.proxy.serve(runtime.addresses[workerd_config.PUBLIC], self._key)
            self._in_background(self._watch(runtime, script, settings))
            if before is not None:
                self._in_background(self._retire(before))

    async def fetch(
        self, url: str, *, method: str, headers: Headers | None, body: str | bytes | None
    ) -> Response:
        """Send a request to the Worker; it sees `url` as is."""
        async with self._lock:
            runtime = self._runtime
        if runtime is None or not self.running:
            raise WorkerError("no Worker is running: give the emulator a script or script_path")
        address = runtime.addresses[workerd_config.DISPATCH]
        key = (workerd_config.KEY_HEADER, self._key) if self._key else None
        seen = self._exceptions
        name = self.proxy.requests.begin(method, url)
        try:
            response = await asyncio.to_thread(
                fetch, address, url, method=method, headers=headers, body=body, key=key
            )
        finally:
            self.proxy.requests.end(name)
        if response.status == 500 and response.bytes == _THROWN:
            # the exception arrives on another pipe than the response: wait for it
            for _ in range(50):
                if self._exceptions != seen:
                    break
                await asyncio.sleep(0.01)
        return response

    async def close(self) -> None:
        """End the Worker and the emulator."""
        self._closing = True
        async with self._lock:
            if self.proxy.url:
                await self.proxy.close()
            if self._runtime is not None:
                await self._runtime.end(0.5)
            while self._tasks:
                await asyncio.wait(self._tasks)
            await self.emulator.close()
        if self._scratch is not None:
            await asyncio.to_thread(shutil.rmtree, self._scratch, ignore_errors=True)

    # -- one run of workerd ----------------------------------------------------------------

    async def _started(self, script: Script, settings: WorkerConfig) -> Runtime:
        assert self._scratch is not None, "start_emulator comes first"
        assert self._program is not None
        plan = workerd_config.Plan(
            script,
            self._date(settings.compatibility_date),
            settings.compatibility_flags,
            settings.namespaces,
            settings.variables,
            settings.blobs,
            self._address,
            self.emulator.token,
            self._key,
            strict=self.emulator.compat == "strict",
            structured=self._structured,
        )
        self._runs += 1
        folder = self._scratch / str(self._runs)
        folder.mkdir()
        try:
            written = workerd_config.write(plan, folder)
        except OSError as error:
            raise WorkerError(f"{error.filename}: {error.strerror}") from error
        places = Places(script, settings.folder, written.lines_before)
        output = Output(places, self.emit, asyncio.get_running_loop().call_later)
        runtime = Runtime(self._program, written, output, self._scratch)
        try:
            await runtime.start()
        except StartError as error:
            if self._structured and _OLD_WORKERD in str(error):
                self._structured = False
                return await self._started(script, settings)
            text, place = places.rewrite(str(error))
            problems = [SourceProblem(*place, text.partition("\n")[0])] if place else []
            raise StartError(text, problems) from None
        finally:
            if not runtime.addresses:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return runtime

    async def _watch(self, runtime: Runtime, script: Script, settings: WorkerConfig) -> None:
        """Restart a workerd that stops unexpectedly, unless it keeps crashing."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        code = await asyncio.shield(runtime.ended)
        await asyncio.to_thread(shutil.rmtree, runtime.folder, ignore_errors=True)
        if runtime.ending or self._closing or runtime is not self._runtime:
            return
        self.proxy.drop(runtime.addresses[workerd_config.PUBLIC])
        self._crashes = self._crashes + 1 if loop.time() - since < 10 else 1
        reason = f"workerd stopped unexpectedly, {describe_exit(code)}"
        if self._crashes > _CRASHES:
            reason = f"workerd keeps crashing, {describe_exit(code)}; save a file to start it again"
            self.proxy.fail(reason)
            self.emit(Event("failed", "error", reason, "kvlens"))
            return
        self.proxy.hold()
        self.emit(Event("log", "error", f"{reason}; restarting it", "kvlens"))
        with contextlib.suppress(asyncio.CancelledError):
            try:
                await self.run(script, settings)
            except WorkerError as error:
                self.proxy.fail(str(error))
                self.emit(Event("failed", "error", str(error), "kvlens"))

    async def _retire(self, runtime: Runtime) -> None:
        address = runtime.addresses[workerd_config.PUBLIC]
        ending = asyncio.ensure_future(runtime.end())
        await asyncio.wait((ending,), timeout=DRAIN_TIMEOUT - 0.5)
        self.proxy.drop(address)
        await ending

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def emit(self, event: Event) -> None:
        """Pass an event on."""
        self._exceptions += event.kind == "exception"
        self._emit(event)

    def _requested(self, method: str, path: str, status: int, seconds: float) -> None:
        text = f"{method} {path} {status} ({seconds * 1000:.0f} ms)"
        self.emit(Event("request", "info", text, "kvlens"))

    def _host_refused(self, name: str) -> None:
        """Report each name once, up to a limit."""
        if name not in self._reported and len(self._reported) < _MOST_REPORTED:
            self._reported.add(name)
            self.emit(Event("log", "warning", refusal(name), "kvlens"))

    def _date(self, asked: str | None) -> str:
        """Return the compatibility date to run with, one that this workerd supports."""
        own = self._version
        if own is None:
            return asked or date.today().isoformat()
        if asked is None:
            return min(own, _today()).isoformat()
        newest = min(own + _NEWEST_AHEAD, _today())
        if _DATE.fullmatch(asked) and asked > newest.isoformat():
            if asked not in self._reported:
                self._reported.add(asked)
                text = (
                    f"compatibility_date {asked} is newer than this workerd supports; using "
                    f"{own} instead. Update wrangler to get a newer workerd."
                )
                self.emit(Event("log", "warning", text, "kvlens"))
            return own.isoformat()
        return asked


def _scratch_root() -> str | None:
    """Return the folder for scratch folders: the usual one, unless socket paths get too long."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) <= _LONGEST_ROOT else "/tmp"


def _today() -> date:
    return datetime.now(timezone.utc).date()


def _version(program: Path) -> date | None:
    """Return the version of a workerd, which is a date."""
    try:
        ran = subprocess.run(
            [str(program), "--version"], capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WorkerError(f"can't start {program}: {error}") from error
    found = _DATE.search(ran.stdout)
    return date.fromisoformat(found[0]) if found else None
