"""`kvlens.Emulator`: run a Worker and its KV namespaces from Python, mostly for tests."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from kvlens.history.size import limit_bytes
from kvlens.history.store import recording
from kvlens.kv.clock import Clock, system_clock
from kvlens.kv.limits import CompatName, read_compat
from kvlens.kv.namespace import KVNamespace
from kvlens.operations.errors import NotFoundError, there_are
from kvlens.stores.origin import PYTHON, Origin
from kvlens.stores.registry import keys_of, open_store, shown_url
from kvlens.worker.build import build
from kvlens.worker.config import WorkerConfig, read_worker_config
from kvlens.worker.errors import WorkerError
from kvlens.worker.fetch import Headers, Response
from kvlens.worker.host import WorkerHost
from kvlens.worker.hosts import allowed_host
from kvlens.worker.output import Event
from kvlens.worker.script import Script, plain_script

KEPT_EVENTS = 1000  # the newest stay in `Emulator.events`
_LOG = logging.getLogger("kvlens.worker")
_LEVELS = {"debug": 10, "log": 20, "info": 20, "warning": 30, "error": 40}


class BindingNotFoundError(NotFoundError, WorkerError):
    """The Worker has no such binding. `known` lists those it has."""


class Emulator:
    """A Worker on workerd with KV namespaces, or only the namespaces if there is no script.

        async with Emulator(script=SCRIPT, kv_namespaces=["COUNTS"]) as emulator:
            counts = await emulator.get_kv_namespace("COUNTS")
            await counts.put("count", "1")
            response = await emulator.dispatch_fetch("http://localhost:8787/")
            assert response.text == "2"

    The Worker's console output and exceptions go to the logger `kvlens.worker` and to `events`.
    """

    def __init__(
        self,
        *,
        script: str | None = None,
        script_path: str | Path | None = None,
        modules: bool | None = None,
        kv_namespaces: Iterable[str] | Mapping[str, str] = (),
        vars: Mapping[str, Any] | None = None,
        bindings: Mapping[str, Any] | None = None,
        compatibility_date: str | None = None,
        compatibility_flags: Iterable[str] = (),
        store: str = "memory:",
        compat: CompatName = "strict",
        clock: Clock = system_clock,
        folder: str | Path | None = None,
        port: int = 0,
        allowed_hosts: Iterable[str] = (),
    ) -> None:
        """Does not start anything: use `async with` or `start()`.

        `script` is the Worker's text, which is run unchanged; `script_path` is a file, which is
        bundled if it is TypeScript or imports something. A text with an import or export is a
        module, any other a service worker, unless `modules` says which. `kv_namespaces` lists
        bindings, or maps them to their ids in the store. `vars` (or `bindings`, as in Miniflare)
        are text or anything with a JSON form. `compat` is "strict" or "workerd"; see
        docs/fidelity.md. `folder` is the project's folder, where workerd, esbuild and a `wrangler:`
        store are searched for (default: the script's, else the current one). `port` is that of
        `url`, which answers requests for localhost and for `allowed_hosts`, where ".example" allows
        subdomains too. Raises ValueError for invalid arguments.
        """
        if script is not None and script_path is not None:
            raise ValueError("pass script or script_path, not both")
        path = Path(script_path).absolute() if script_path is not None else None
        place = Path(folder).absolute() if folder else path.parent if path else Path.cwd()
        ids = (
            kv_namespaces
            if isinstance(kv_namespaces, Mapping)
            else {binding: binding for binding in kv_namespaces}
        )
        self._settings = WorkerConfig(
            folder=place,
            main=path,
            compatibility_date=compatibility_date,
            compatibility_flags=tuple(compatibility_flags),
            namespaces=dict(ids),
            variables={**(vars or {}), **(bindings or {})},
        )
        self._script = plain_script(script, modules=modules) if script is not None else None
        self._set_up(store, compat, clock, port, allowed_hosts)

    @classmethod
    def from_config(
        cls,
        path: str | Path,
        *,
        env: str | None = None,
        store: str = "memory:",
        compat: CompatName = "strict",
        clock: Clock = system_clock,
        port: int = 0,
        allowed_hosts: Iterable[str] = (),
    ) -> Emulator:
        """Return an emulator for one environment of a wrangler config.

        A `main` is built as in `kvlens dev`; without one, only the namespaces run. Raises
        ConfigError if the config can't be used.
        """
        emulator = cls.__new__(cls)
        emulator._settings = read_worker_config(Path(path), env)
        emulator._script = None
        emulator._set_up(store, compat, clock, port, allowed_hosts)
        return emulator

    def _set_up(
        self,
        store: str,
        compat: CompatName,
        clock: Clock,
        port: int,
        allowed_hosts: Iterable[str],
    ) -> None:
        self.events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        """The latest events of the Worker, the oldest first."""
        self._compat = read_compat(compat)
        self._clock = clock
        self._port = port
        names = [allowed_hosts] if isinstance(allowed_hosts, str) else allowed_hosts
        self._allowed_hosts = [allowed_host(name) for name in names]
        self._store_url = store
        self._host: WorkerHost | None = None
        self._listeners: list[Callable[[Event], None]] = []

    # -- start and stop --------------------------------------------------------------------

    async def start(self) -> None:
        """Start everything and wait until the Worker answers.

        Raises WorkerError (or its subclasses BuildError and StartError) if the Worker can't run,
        and StoreError or EmulatorError if the store or the emulator can't.
        """
        if self._host is not None:
            return
        settings = self._settings
        script: Script | None = self._script
        if script is None and settings.main is not None:
            script = await asyncio.to_thread(build, settings)
        store = open_store(self._store_url, settings.folder, self._clock)
        if store.shared:  # else nobody else could look at its history
            name = shown_url(keys_of(self._store_url, settings.folder))
            store = recording(store, settings.folder, name, limit_bytes())
            store = store.by(Origin(PYTHON, "Python API"))
        host = WorkerHost(
            store,
            settings.folder,
            compat=self._compat,
            emit=self._happened,
            allowed_hosts=self._allowed_hosts,
        )
        self._host, self._store = host, store
        try:
            await host.start_emulator(settings.namespaces)
            for text in (*settings.notices, *(script.warnings if script else ())):
                self._happened(Event("log", "warning", text, "kvlens"))
            if script is not None:
                await host.listen(self._port)
                await host.run(script, settings)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Stop the Worker and close the store."""
        host, self._host = self._host, None
        if host is not None:
            await host.close()
            await self._store.close()

    async def __aenter__(self) -> Emulator:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # -- requests and keys -----------------------------------------------------------------

    @property
    def url(self) -> str:
        """The Worker's address for real clients; empty without a Worker."""
        return self._running.url

    @property
    def rest(self) -> str:
        """The base URL of Cloudflare's REST API, for wrangler and the SDKs."""
        return self._running.emulator.rest

    @property
    def token(self) -> str:
        """The bearer token for the REST API."""
        return self._running.emulator.token

    @property
    def namespaces(self) -> Mapping[str, str]:
        """The ids of the namespaces in the store, by binding."""
        return self._settings.namespaces

    async def get_kv_namespace(self, binding: str) -> KVNamespace:
        """Return the namespace that the Worker uses as `env.BINDING`.

        Raises BindingNotFoundError if there is no such binding.
        """
        host = self._running
        if binding not in self.namespaces:
            raise BindingNotFoundError(
                f'no KV namespace with binding "{binding}"; {there_are(list(self.namespaces))}',
                known=list(self.namespaces),
            )
        return KVNamespace(self._store, self.namespaces[binding], compat=host.emulator.compat)

    async def dispatch_fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Headers | None = None,
        body: str | bytes | None = None,
    ) -> Response:
        """Send a request to the Worker, which sees exactly this URL and its host.

        Redirects aren't followed. If the Worker throws, the response has status 500, and the
        exception is in `events`. Raises WorkerError if there is no Worker.
        """
        return await self._running.fetch(url, method=method, headers=headers, body=body)

    async def clear(self) -> None:
        """Delete every key of every namespace."""
        host = self._running
        for namespace in dict.fromkeys(self.namespaces.values()):
            # not with an operation: those work in a project, which a script doesn't have
            await self._store.clear(namespace)
            host.emulator.note_change(namespace)

    @property
    def _running(self) -> WorkerHost:
        if self._host is None:
            raise WorkerError('the emulator is not running: use "async with", or start() it')
        return self._host

    def _happened(self, event: Event) -> None:
        self.events.append(event)
        _LOG.log(_LEVELS[event.level], "%s", event.message)
