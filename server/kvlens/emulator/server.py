"""The emulator: one listener on loopback for Workers, wrangler, the SDKs and this project."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from kvlens.emulator import binding, rest, store_api
from kvlens.emulator.auth import BINDING_HEADER, Authorizer, text
from kvlens.emulator.batches import Batches
from kvlens.emulator.capacity import Capacity
from kvlens.emulator.failure import log_unexpected
from kvlens.emulator.http import Connection, Request, Response
from kvlens.emulator.ports import BACKLOG, listen_failure
from kvlens.errors import KVLensError
from kvlens.kv import limits
from kvlens.kv.limits import CompatName, read_compat
from kvlens.stores.base import Store, StoreError
from kvlens.stores.origin import WORKER, Origin

CHANGES_EVERY = 0.1  # seconds; a namespace's changes are reported at most this often
CLOSING = 1.0  # seconds a client has to read its responses
POLL_EVERY = 0.5  # seconds between checks for other programs' changes
_BULK_GET_SIZE = 1024 * 1024  # 100 keys of 512 bytes, escaped, with room to spare
_CORE_SIZE = 1024 * 1024 * 1024
_WORKER = Origin(WORKER, "")


class EmulatorError(KVLensError):
    """The emulator can't be started. The text says why, and what to do."""


class Emulator:
    """Serves the namespaces of one store.

    `namespaces` maps a namespace's id in the store to its title, the binding's name. The caller
    owns the store: `close()` leaves it open.

        async with Emulator(store, {"0f2ac74b": "CACHE"}) as emulator:
            print(emulator.url, emulator.token)
    """

    def __init__(
        self,
        store: Store,
        namespaces: Mapping[str, str],
        *,
        compat: CompatName = "strict",
        token: str | None = None,
    ) -> None:
        self.store = store
        self.compat = read_compat(compat)
        self.token = token or secrets.token_urlsafe(24)
        self.inline = store.inline
        self.namespaces: dict[str, str] = {}
        self._configured: set[str] = set()
        self._authorizer = Authorizer(self.token)
        self._servers: list[asyncio.AbstractServer] = []
        self.capacity = Capacity()
        self._listeners: list[Callable[[str], None]] = []
        self._changed: set[str] = set()
        self._poll: asyncio.TimerHandle | None = None
        self.batches = Batches()
        self.worker_origin: Callable[[], Origin] = lambda: _WORKER
        """Returns the origin of a Worker's change that is made now."""
        self._origin = ""
        self.set_namespaces(namespaces)

    @property
    def url(self) -> str:
        """The address, such as http://127.0.0.1:8788."""
        return self._origin

    @property
    def rest(self) -> str:
        """The base URL for wrangler (CLOUDFLARE_API_BASE_URL) and the SDKs."""
        return f"{self._origin}/client/v4"

    async def start(
        self, host: str = "127.0.0.1", port: int = 0, *, unix: Path | None = None
    ) -> None:
        """Listen on `port` (0: any free one), and on a Unix socket if `unix` names one.

        Raises EmulatorError for a host that others can reach and for a port in use.
        """
        loop = asyncio.get_running_loop()
        address = _loopback(host)

        def connect() -> Connection:
            return Connection(self, self.capacity)

        try:
            server = await loop.create_server(connect, address, port, backlog=BACKLOG)
        except (OSError, OverflowError) as error:
            raise EmulatorError(listen_failure(port, error, host)) from error
        self._servers.append(server)
        port = server.sockets[0].getsockname()[1]
        shown = f"[{address}]" if ":" in address else address
        self._origin = f"http://{shown}:{port}"
        self._authorizer.serve_at(port)
        if unix is not None:
            try:
                self._servers.append(
                    await loop.create_unix_server(
                        connect, sock=_private_socket(unix), backlog=BACKLOG
                    )
                )
            except (OSError, NotImplementedError, AttributeError) as error:
                await self.close()
                raise EmulatorError(f"Can't listen on the socket {unix}: {error}.") from error
        self.capacity.start()
        self._poll = loop.call_later(POLL_EVERY, self._poll_store)

    async def close(self) -> None:
        """Stop listening and close every connection. The store stays open."""
        if self._poll is not None:
            self._poll.cancel()
            self._poll = None
        self.batches.close()
        for server in self._servers:
            server.close()
        for connection in list(self.capacity.open):
            connection.close()
        for server in self._servers:
            try:
                await asyncio.wait_for(server.wait_closed(), CLOSING)
            except asyncio.TimeoutError:  # a client that does not read its answer
                for connection in list(self.capacity.open):
                    connection.abort()
        self._servers.clear()
        self.capacity.stop()
        self._notify()

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

    # -- namespaces ------------------------------------------------------------------------

    def set_namespaces(self, namespaces: Mapping[str, str]) -> None:
        """Replace the served namespaces (id -> title); keys and connections stay.

        Namespaces created over REST stay too.
        """
        created = {n: t for n, t in self.namespaces.items() if n not in self._configured}
        self._configured = set(namespaces)
        self.namespaces = {**namespaces, **{n: created[n] for n in created.keys() - namespaces}}

    def add_namespace(self, ns: str, title: str) -> None:
        """Serve one more namespace, or the same under another title."""
        self.namespaces[ns] = title

    def remove_namespace(self, ns: str) -> None:
        """Stop serving a namespace."""
        self.namespaces.pop(ns, None)

    def worker_store(self) -> Store:
        """Return the store for a change that a Worker makes now."""
        return self.store.by(self.worker_origin())

    # -- changes ---------------------------------------------------------------------------

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the id of each namespace whose keys change.

        Includes changes by other programs on the same store. Called at most every 0.1 s.
        """
        self._listeners.append(listener)

    def note_change(self, ns: str) -> None:
        """Schedule a report to the listeners that a namespace's keys have changed."""
        if ns not in self._changed:
            if not self._changed:
                asyncio.get_running_loop().call_later(CHANGES_EVERY, self._notify)
            self._changed.add(ns)

    def _notify(self) -> None:
        changed, self._changed = self._changed, set()
        for ns in changed:
            for listener in self._listeners:
                listener(ns)

    def _poll_store(self) -> None:
        self._poll = asyncio.get_running_loop().call_later(POLL_EVERY, self._poll_store)
        for ns in self.store.poll():
            self.note_change(ns)

    # -- requests --------------------------------------------------------------------------

    def admit(self, request: Request) -> int:
        """Return how many bytes of the body to keep."""
        request.refusal = self._authorizer.refusal(request)
        if request.method == b"GET" or request.refusal is not None:
            return 0
        path = request.path
        if BINDING_HEADER in request.headers:
            return limits.MAX_VALUE_SIZE if request.method == b"PUT" else _BULK_GET_SIZE
        if path.startswith(store_api.PREFIX):
            return _CORE_SIZE
        return rest.body_limit(request) if path.startswith(rest.PREFIX) else 0

    async def handle(self, request: Request) -> Response:
        """Answer a request."""
        if request.refusal is not None:
            return request.refusal
        try:
            named = request.headers.get(BINDING_HEADER)
            if named is not None:
                ns = named.decode("utf-8", "replace")
                if ns not in self.namespaces:
                    return text(
                        400,
                        f'KV Lens serves no namespace with the id "{ns}"; '
                        "add it to kv_namespaces in the config",
                    )
                return await binding.handle(self, request, ns)
            for prefix, handler in _HANDLERS:
                if request.path.startswith(prefix):
                    return await handler(self, request)
        except StoreError as error:
            return text(500, str(error))
        except Exception as error:  # one request must not end the connection silently
            return text(500, log_unexpected(request, error))
        return self._overview(request)

    def _overview(self, request: Request) -> Response:
        if request.path != b"/" or request.method not in (b"GET", b"HEAD"):
            return text(404, "There is nothing here; see / for what this emulator serves")
        lines = ["KV Lens: Workers KV on this machine", "", f"REST API: {self.rest}", "Namespaces:"]
        lines += [f"  {title}  (id {ns})" for ns, title in self.namespaces.items()]
        body = "\n".join(lines) + "\n"
        return Response(200, body.encode(), b"Content-Type: text/plain; charset=utf-8\r\n")


_HANDLERS = ((rest.PREFIX, rest.handle), (store_api.PREFIX, store_api.handle))


def _private_socket(path: Path) -> socket.socket:
    """Return a Unix socket that only this user can connect to, replacing a stale one."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
    made = socket.socket(socket.AF_UNIX)
    try:
        made.bind(str(path))
        path.chmod(0o600)  # set before listening: nobody can connect until then
    except BaseException:
        made.close()
        raise
    return made


def _loopback(host: str) -> str:
    """Return the address to listen on. Raises EmulatorError if others could reach it."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise EmulatorError(
            f'The emulator listens on this machine only, and other machines can reach "{host}". '
            "Use 127.0.0.1, ::1 or localhost."
        )
    return str(address)
