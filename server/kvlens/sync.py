"""The Python API without `async`: the same emulator, for synchronous programs and tests.

from kvlens.sync import Emulator

with Emulator(script=SCRIPT, kv_namespaces=["COUNTS"]) as emulator:
    emulator.get_kv_namespace("COUNTS").put("count", "1")
    assert emulator.dispatch_fetch("http://localhost:8787/").text == "2"
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from kvlens import api
from kvlens.kv.coerce import MISSING, UNSET
from kvlens.kv.namespace import KVNamespace as AsyncKVNamespace
from kvlens.worker.errors import WorkerError
from kvlens.worker.fetch import Headers, Response
from kvlens.worker.output import Event

T = TypeVar("T")


class KVNamespace:
    """`kvlens.KVNamespace` with synchronous methods."""

    def __init__(self, emulator: Emulator, namespace: AsyncKVNamespace) -> None:
        self._emulator = emulator
        self._namespace = namespace

    def get(self, key: Any = MISSING, type: Any = UNSET, *, cache_ttl: Any = UNSET) -> Any:
        """Return the value of `key`, or None; `type` is text, json, arrayBuffer or stream."""
        return self._emulator.run(self._namespace.get(key, type, cache_ttl=cache_ttl))

    def get_with_metadata(
        self, key: Any = MISSING, type: Any = UNSET, *, cache_ttl: Any = UNSET
    ) -> dict[str, Any]:
        """Return `{"value": …, "metadata": …}`, both None if there is no such key."""
        return self._emulator.run(self._namespace.get_with_metadata(key, type, cache_ttl=cache_ttl))

    def put(
        self,
        key: Any = MISSING,
        value: Any = MISSING,
        *,
        expiration: Any = UNSET,
        expiration_ttl: Any = UNSET,
        metadata: Any = UNSET,
    ) -> None:
        """Store `value`: text, bytes, or a stream of bytes. Times are in seconds."""
        self._emulator.run(
            self._namespace.put(
                key, value, expiration=expiration, expiration_ttl=expiration_ttl, metadata=metadata
            )
        )

    def delete(self, key: Any = MISSING) -> None:
        """Delete `key`, if it exists."""
        self._emulator.run(self._namespace.delete(key))

    def list(
        self, *, prefix: Any = UNSET, limit: Any = UNSET, cursor: Any = UNSET
    ) -> dict[str, Any]:
        """Return a page of keys, ordered by UTF-8 bytes."""
        return self._emulator.run(self._namespace.list(prefix=prefix, limit=limit, cursor=cursor))


class Emulator:
    """`kvlens.Emulator`, run on an event loop in a separate thread.

    Takes the same arguments; `kvlens.Emulator` describes them.
    """

    def __init__(self, **options: Any) -> None:
        self._emulator = api.Emulator(**options)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @classmethod
    def from_config(cls, path: str | Path, **options: Any) -> Emulator:
        """Return an emulator for a wrangler config; see `kvlens.Emulator.from_config`."""
        emulator = cls.__new__(cls)
        emulator._emulator = api.Emulator.from_config(path, **options)
        emulator._loop = emulator._thread = None
        return emulator

    def start(self) -> None:
        """Start everything and wait until the Worker answers."""
        if self._loop is not None:
            return
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="kvlens emulator", daemon=True
        )
        self._thread.start()
        try:
            self.run(self._emulator.start())
        except BaseException:
            self._stop_loop()
            raise

    def close(self) -> None:
        """Stop the Worker and close the store."""
        if self._loop is not None:
            try:
                self.run(self._emulator.close())
            finally:
                self._stop_loop()

    def __enter__(self) -> Emulator:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The Worker's address for real clients; empty without a Worker."""
        return self._emulator.url

    @property
    def rest(self) -> str:
        """The base URL of Cloudflare's REST API, for wrangler and the SDKs."""
        return self._emulator.rest

    @property
    def token(self) -> str:
        """The bearer token for the REST API."""
        return self._emulator.token

    @property
    def namespaces(self) -> Mapping[str, str]:
        """The ids of the namespaces in the store, by binding."""
        return self._emulator.namespaces

    @property
    def events(self) -> deque[Event]:
        """The latest events: the Worker's output, its exceptions and restarts."""
        return self._emulator.events

    def get_kv_namespace(self, binding: str) -> KVNamespace:
        """Return the namespace that the Worker uses as `env.BINDING`."""
        return KVNamespace(self, self.run(self._emulator.get_kv_namespace(binding)))

    def dispatch_fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Headers | None = None,
        body: str | bytes | None = None,
    ) -> Response:
        """Send a request to the Worker, which sees exactly this URL."""
        return self.run(
            self._emulator.dispatch_fetch(url, method=method, headers=headers, body=body)
        )

    def clear(self) -> None:
        """Delete every key of every namespace."""
        self.run(self._emulator.clear())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the emulator's loop and return its result."""
        if self._loop is None:
            work.close()
            raise WorkerError('the emulator is not running: use "with", or start() it')
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _stop_loop(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()
            loop.close()
