"""`http://127.0.0.1:PORT` is the store of a running emulator, over its own API.

The token is in the URL (`http://TOKEN@127.0.0.1:PORT`) or in KVLENS_TOKEN.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import http.client
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlsplit
from uuid import uuid4

from kvlens.chunks import chunks, sized_chunks
from kvlens.kv.clock import Shift, system_clock
from kvlens.kv.records import Entry, KeyInfo, Page, Stats, Write
from kvlens.search.language import Filter
from kvlens.search.rows import Row
from kvlens.stores.base import (
    Batch,
    ChangedError,
    Children,
    DamagedKeyError,
    Found,
    Matches,
    Replaced,
    Seen,
    Step,
    Store,
    StoreError,
    StoreInfo,
)
from kvlens.stores.origin import Origin
from kvlens.stores.parts import Part
from kvlens.stores.registry import shown_url

API = "/kvlens/store/"
CAPABILITIES = "KVLens-Store"  # a header of the answers
HIDDEN = "KVLens-Hidden"  # a header of reading requests: also what only a moved clock hides
ORIGIN = "KVLens-Origin"  # a header of the requests: an `Origin` as JSON, percent-encoded
THREADS = 4
PART_KEYS = 10_000  # that one request writes
PART_SIZE = 8 * 1024 * 1024  # bytes of values that one request writes
TIMEOUT = 60.0  # seconds without a byte


STORE = StoreInfo(
    ("http://127.0.0.1:PORT",),
    "for the shell only: a running emulator, its token in `KVLENS_TOKEN`",
    lambda url, base, clock: EmulatorStore(url),
)

_T = TypeVar("_T")


class EmulatorClient:
    """Calls an emulator's store API, with one persistent connection per thread. Blocks."""

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            port = None
        if not port or not parts.hostname or parts.path.strip("/") or parts.scheme != "http":
            raise StoreError(
                f'"{shown_url(url)}" is not an emulator\'s address: write http://127.0.0.1:PORT.'
            )
        if parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise StoreError(
                f'"{shown_url(url)}" is not on this machine: an emulator answers at 127.0.0.1 only.'
            )
        token = unquote(parts.username or "") or os.environ.get("KVLENS_TOKEN", "")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self.address = f"http://{host}:{port}"
        self._host, self._port = parts.hostname, port
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[http.client.HTTPConnection] = []
        self.closed = False
        self.capabilities = {"atomic", "writable", "has_sizes"}
        """Of the emulator's store, as its last answer says."""

    def call(
        self,
        operation: str,
        origin: Origin | None = None,
        hidden: bool = False,
        **arguments: Any,
    ) -> Any:
        """Call one operation and return its result. Raises StoreError with the emulator's text.

        `hidden`: read the keys too that only a moved clock hides.
        """
        body = json.dumps(arguments).encode()
        headers = {} if origin is None else {ORIGIN: quote(json.dumps(origin))}
        if hidden:
            headers[HIDDEN] = "1"
        kept: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        try:
            try:
                status, answer = self._exchange(kept or self._connect(), operation, body, headers)
            except (http.client.RemoteDisconnected, ConnectionError):
                if kept is None:
                    raise
                # the persistent connection was closed meanwhile: every operation may be repeated
                status, answer = self._exchange(self._connect(), operation, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self._forget()
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise StoreError(
                f"The emulator at {self.address} doesn't answer ({reason}). "
                "Start it with kvlens serve, or restart it in the editor."
            ) from error
        try:
            result = json.loads(answer)
        except ValueError:
            result = None
        if status != 200 or not isinstance(result, dict):
            text = (
                result.get("error") if isinstance(result, dict) else answer.decode(errors="replace")
            )
            if isinstance(result, dict) and isinstance(key := result.get("changed"), str):
                raise ChangedError(key)
            raise StoreError(str(text).strip() or f"{self.address} answered {status}.")
        return result["result"]

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()

    def _connect(self) -> http.client.HTTPConnection:
        self._forget()
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT)
        self._local.connection = connection
        with self._lock:
            self._open.append(connection)
        return connection

    def _forget(self) -> None:
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.close()
            with self._lock:
                if connection in self._open:
                    self._open.remove(connection)

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        operation: str,
        body: bytes,
        headers: dict[str, str],
    ) -> tuple[int, bytes]:
        connection.request("POST", API + operation, body, {**self._headers, **headers})
        response = connection.getresponse()
        answer = response.read()
        capabilities = response.getheader(CAPABILITIES)
        if capabilities is not None:
            self.capabilities = set(capabilities.split())
        return response.status, answer


class EmulatorStore(Store):
    """The store of a running emulator, over an `EmulatorClient` in threads.

    Its capabilities are those of the emulator's store, known after the first call.
    """

    info = STORE
    has_history = True

    def __init__(self, url: str) -> None:
        self._client = EmulatorClient(url)
        self._threads = ThreadPoolExecutor(THREADS, "kv-peer")
        self._origin: Origin | None = None
        self._hidden = False

    def by(self, origin: Origin) -> EmulatorStore:
        store = copy.copy(self)
        store._origin = origin
        return store

    async def _call(self, operation: str, **arguments: Any) -> Any:
        return await self._in_thread(
            lambda: self._client.call(operation, self._origin, self._hidden, **arguments)
        )

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        if self._client.closed:
            raise StoreError(
                "The store was closed, because the settings have changed or the emulator was "
                "restarted. Nothing was changed; try again."
            )
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    @property
    def atomic(self) -> bool:  # type: ignore[override]
        return "atomic" in self._client.capabilities

    @property
    def writable(self) -> bool:  # type: ignore[override]
        return "writable" in self._client.capabilities

    @property
    def has_sizes(self) -> bool:
        return "has_sizes" in self._client.capabilities

    async def get(self, ns: str, key: str) -> Entry | None:
        found = _unpack(key, await self._call("get", ns=ns, key=key))
        if isinstance(found, DamagedKeyError):
            raise found
        return found

    async def get_many(self, ns: str, keys: Sequence[str], size: int) -> Sequence[Found]:
        found = await self._call("get_many", ns=ns, keys=list(keys), size=size)
        return [_unpack(key, entry) for key, entry in zip(keys, found, strict=False)]

    async def digests(
        self, ns: str, keys: Sequence[str], size: int
    ) -> Sequence[Seen | DamagedKeyError]:
        found = await self._call("digests", ns=ns, keys=list(keys), size=size)
        return [
            DamagedKeyError(key, one["damaged"]) if isinstance(one, dict) else Seen(key, *one)
            for key, one in zip(keys, found, strict=False)
        ]

    async def part(self, ns: str, key: str, start: int, limit: int) -> Part | None:
        found = await self._call("part", ns=ns, key=key, start=start, limit=limit)
        if found is None:
            return None
        if "damaged" in found:
            raise DamagedKeyError(key, found["damaged"])
        return Part(**{**found, "data": base64.b64decode(found["data"])})

    async def put(self, ns: str, write: Write) -> None:
        await self._call("put", ns=ns, **pack(write))

    async def put_unchanged(self, ns: str, write: Write, expected: str) -> bool:
        return bool(await self._call("put_unchanged", ns=ns, **pack(write), expected=expected))

    async def change_many(self, batches: Sequence[Batch]) -> int:
        """Send a small change in one request, a large one in parts that are committed together."""
        return await self._in_thread(lambda: self._send(batches))

    def _send(self, batches: Sequence[Batch]) -> int:
        call, job, number = partial(self._client.call, origin=self._origin), uuid4().hex, 0
        parts = _parts(batches)
        first = next(parts, None)
        second = next(parts, None)
        if first is None:
            return 0
        if second is None:
            return int(call("change_many", batches=[first]))
        try:
            for part in chain((first, second), parts):
                call("stage", job=job, number=number, batches=[part])
                number += 1
            while (deleted := call("commit", job=job, parts=number)) is None:
                pass  # it takes longer than a response may take
        except BaseException:
            with suppress(StoreError):
                call("drop", job=job)
            raise
        return int(deleted)

    async def replace(
        self, ns: str, key: str, value: bytes, expected: str | None = None
    ) -> Replaced:
        text = base64.b64encode(value).decode()
        return Replaced(await self._call("replace", ns=ns, key=key, value=text, expected=expected))

    async def delete(self, ns: str, keys: Sequence[str]) -> int:
        return int(await self._call("delete", ns=ns, keys=list(keys)))

    async def delete_unchanged(self, ns: str, seen: Sequence[Seen]) -> Sequence[str]:
        deleted: list[str] = []
        for some in chunks(seen, PART_KEYS):
            part = [one._asdict() for one in some]
            deleted += await self._call("delete_unchanged", ns=ns, seen=part)
        return deleted

    async def list(
        self, ns: str, *, prefix: str = "", limit: int = 1000, after: str | None = None
    ) -> Page:
        page = await self._call("list", ns=ns, prefix=prefix, limit=limit, after=after)
        return Page([KeyInfo(*key) for key in page["keys"]], page["complete"])

    async def find(self, ns: str, filter: Filter, step: Step) -> Matches:
        return Matches(**await self._call("find", ns=ns, filter=filter.text, **step._asdict()))

    async def rows(self, ns: str, names: Sequence[str]) -> Sequence[Row | None]:
        rows = await self._call("rows", ns=ns, names=list(names))
        return [None if row is None else Row(*row) for row in rows]

    async def children(
        self, ns: str, prefix: str, delimiters: Sequence[str], after: str | None, limit: int
    ) -> Children:
        where = {"prefix": prefix, "delimiters": list(delimiters), "after": after}
        return Children(*await self._call("children", ns=ns, **where, limit=limit))

    async def count_prefixes(self, ns: str, prefixes: Sequence[str], most: int) -> Sequence[int]:
        counts = await self._call("count_prefixes", ns=ns, prefixes=list(prefixes), most=most)
        return [int(count) for count in counts]

    async def count(self, ns: str) -> int | None:
        count: int | None = await self._call("count", ns=ns)
        return count

    async def time(self) -> float:
        real = system_clock()
        moved = (await self.shift()).time(real)
        return min(moved, real) if self._hidden else moved

    async def shift(self) -> Shift:
        return Shift(**await self._call("shift"))

    async def move_clock(self, shift: Shift, expected: Shift | None = None) -> bool:
        sent = None if expected is None else expected.json()
        return bool(await self._call("move_clock", shift=shift.json(), expected=sent))

    async def clock_problem(self) -> str:
        return str(await self._call("clock_problem"))

    def with_hidden(self) -> EmulatorStore:
        store = copy.copy(self)
        store._hidden = True
        return store

    async def next_expiring(self, ns: str) -> KeyInfo | None:
        found = await self._call("next_expiring", ns=ns)
        return None if found is None else KeyInfo(*found)

    async def stats(self, ns: str) -> Stats:
        return Stats(**await self._call("stats", ns=ns))

    async def clear(self, ns: str) -> int:
        return int(await self._call("clear", ns=ns))

    async def namespaces(self) -> Sequence[str]:
        return [str(name) for name in await self._call("namespaces")]

    async def close(self) -> None:
        self._client.closed = True
        self._client.close()
        self._threads.shutdown()


def _parts(batches: Sequence[Batch]) -> Iterator[dict[str, Any]]:
    for ns, writes, deletes, *compared in batches:
        rest: dict[str, Any] = {
            "ns": ns,
            "writes": [],
            "deletes": [],
            "unchanged": [],
            "expected": [],
        }
        for part in sized_chunks(writes, PART_KEYS, PART_SIZE, Write.size):
            yield {**rest, "writes": [pack(write) for write in part]}
        for names in chunks(deletes, PART_KEYS):
            yield {**rest, "deletes": names}
        for name, seen in zip(("unchanged", "expected"), compared, strict=True):
            for some in chunks(seen, PART_KEYS):
                yield {**rest, name: [one._asdict() for one in some]}


def _unpack(key: str, found: dict[str, Any] | None) -> Found:
    if found is None:
        return None
    if "damaged" in found:
        return DamagedKeyError(key, found["damaged"])
    return Entry(base64.b64decode(found["value"]), found["metadata"], found["expiration"])


def pack(write: Write) -> dict[str, Any]:
    """Return a write in the API's form."""
    return {
        "key": write.key,
        "value": base64.b64encode(write.value).decode(),
        "metadata": write.metadata,
        "expiration": write.expiration,
    }


def unpack(item: dict[str, Any]) -> Write:
    """Return the write that `pack` was given."""
    value = base64.b64decode(item["value"])
    return Write(item["key"], value, item["metadata"], item["expiration"])
