"""`redis:` keeps keys in Redis or Valkey, on a server or a cluster that a team can share.

    redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]      rediss:// the same over TLS
    redis+cluster://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]…]      rediss+cluster:// over TLS

User and password can also be in KVLENS_REDIS_USERNAME and KVLENS_REDIS_PASSWORD. `?prefix=` is
the prefix of every key (`kvlens`); the other options are redis-py's, such as
`socket_timeout=` in seconds and `ssl_ca_certs=`. `scripts` has the format of the
keys.

The server's clock decides what has expired. A write is one script, so it is atomic. `put_many`,
`delete` and `clear` of many keys are applied in parts that take the server a few milliseconds each;
until the last part is done, other calls on the same namespace wait (0.5 s with 100,000 small keys)
and help, and a batch needs twice its size in the server's memory.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import struct
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlencode, urlsplit
from uuid import uuid4

from kvlens.chunks import chunks, sized_chunks
from kvlens.kv.records import Entry, KeyInfo, Page, Stats, Write
from kvlens.stores.base import (
    Batch,
    MissingPackageError,
    Replaced,
    Seen,
    Store,
    StoreError,
    digest,
    has_digest,
)
from kvlens.stores.batch import check_unchanged
from kvlens.stores.redis import scripts
from kvlens.stores.redis.info import PORT, PREFIX, STORE
from kvlens.stores.to_its_end import to_its_end

try:
    from redis.asyncio import Redis, RedisCluster
    from redis.asyncio.cluster import ClusterNode
    from redis.asyncio.connection import parse_url
    from redis.asyncio.retry import Retry
    from redis.backoff import ExponentialWithJitterBackoff
    from redis.exceptions import NoScriptError, RedisClusterException, RedisError

    from kvlens.stores.redis.errors import explain
except ImportError as missing:
    raise MissingPackageError("Stores in Redis need", "redis", missing) from missing

CONNECT_SECONDS = 4.0  # for the server to accept a connection
ANSWER_SECONDS = 10.0  # for the server to reply to a command
IDLE_SECONDS = 30  # a connection that was idle for longer is tested before use
TRIES = 2  # retries after a lost connection
AT_ONCE = 64  # concurrent commands
PART_SIZE = 1024 * 1024  # bytes of values in one part of a large write

_LOG = logging.getLogger(__name__)
_OTHER_VERSION = -1  # what scripts.COMMIT returns if the keys must be compared again
_FAILURES = (RedisError, RedisClusterException, OSError)
# What redis-py raises if a connection is closed during a call (its issue 4287).
_LEAKS = (AttributeError, TypeError)


class _OwnChanges:
    """How much of a namespace's version comes from our own changes."""

    def __init__(self, version: int) -> None:
        self.base = version
        self.started = 0
        self.finished = 0

    def is_foreign(self, version: int, finished: int) -> bool:
        """Return whether others changed it too; `finished` was read before `version`."""
        if self.base + finished <= version <= self.base + self.started:
            return False
        self.base = version - finished
        return True


class RedisStore(Store):
    """Namespaces in Redis or Valkey."""

    info = STORE

    def __init__(self, url: str) -> None:
        self._client, self.place, self._prefix, self._secret = _client(url)
        self.atomic = not isinstance(self._client, RedisCluster)
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._own_changes: dict[str, _OwnChanges] = {}
        self._finishing: dict[str, asyncio.Lock] = {}
        self._outside: set[str] = set()
        self._polling: asyncio.Task[None] | None = None
        self._first_uses: dict[str, asyncio.Task[_OwnChanges]] = {}
        self._warned = False

    # -- the Store protocol ----------------------------------------------------------------

    async def get(self, ns: str, key: str) -> Entry | None:
        found = await self._run(ns, scripts.GET, _pack(key))
        if len(found) == 1:
            return None
        _, value, metadata, expires = found
        return Entry(value, _text(metadata), _number(expires))

    async def get_many(self, ns: str, keys: Sequence[str], size: int) -> Sequence[Entry | None]:
        names = [_pack(key) for key in keys[: scripts.PART]]
        found = (await self._run(ns, scripts.GET_MANY, size, *names))[1]
        return [Entry(one[0], _text(one[1]), _number(one[2])) if one else None for one in found]

    async def put(self, ns: str, write: Write) -> None:
        await self._run(ns, scripts.PUT, *_fields(write))

    async def put_unchanged(self, ns: str, write: Write, expected: str) -> bool:
        entry = await self.get(ns, write.key)  # the server compares with the value read here
        if not has_digest(entry, expected):
            return False
        seen = "" if entry is None else hashlib.sha1(entry.value).hexdigest()
        answer = await self._run(ns, scripts.PUT_UNCHANGED, *_fields(write), seen)
        return bool(answer[1])

    async def change_many(self, batches: Sequence[Batch]) -> int:
        whole = await self._put_at_once(batches[0]) if len(batches) == 1 else batches
        jobs: dict[str, tuple[str, int]] = {}  # namespace -> the batch's id, its number of parts

        async def stage(ns: str, packed: bytes) -> None:
            job, number = jobs.get(ns) or (uuid4().hex, 0)
            await self._run(ns, scripts.STAGE, job, number, packed)
            jobs[ns] = job, number + 1

        compared: list[tuple[str, list[Seen]]] = []
        for ns, writes, deletes, unchanged, expected in whole:
            compared.append((ns, list(expected)))
            for packed in _packed(writes, deletes):
                await stage(ns, packed)
            async for fields in self._unchanged(ns, unchanged):
                await stage(ns, b"u" + b"".join(map(_framed, fields)))
        return await to_its_end(self._committed(jobs, compared))

    async def _committed(
        self, jobs: dict[str, tuple[str, int]], compared: Sequence[tuple[str, Sequence[Seen]]]
    ) -> int:
        await self._commit(jobs, compared)
        return sum([await self._finish(ns, job) for ns, (job, _) in jobs.items()])

    async def _put_at_once(self, batch: Batch) -> Sequence[Batch]:
        """Put a small batch with one script; return what is left to do, including items taken."""
        ns, writes = batch[:2]
        parts = sized_chunks(writes, scripts.PART, PART_SIZE, Write.size)
        first, second = next(parts, None), next(parts, None)
        if first is None or second is not None or any(batch[2:]):
            taken = [part for part in (first, second) if part is not None]
            return [batch._replace(writes=chain.from_iterable(chain(taken, parts)))]
        await self._run(ns, scripts.PUT, *(f for write in first for f in _fields(write)))
        return ()

    async def replace(
        self, ns: str, key: str, value: bytes, expected: str | None = None
    ) -> Replaced:
        seen = ""
        if expected is not None:  # the server has only SHA-1: it compares with the value read here
            entry = await self.get(ns, key)
            if entry is None:
                return Replaced.GONE
            if digest(entry.value) != expected:
                return Replaced.CHANGED
            seen = hashlib.sha1(entry.value).hexdigest()
        answer = await self._run(ns, scripts.REPLACE, _pack(key), value, seen)
        if answer[1]:
            return Replaced.DONE
        return Replaced.CHANGED if len(answer) > 2 else Replaced.GONE

    async def delete(self, ns: str, keys: Sequence[str]) -> int:
        names = [_pack(key) for key in dict.fromkeys(keys)]
        if len(names) > scripts.PART:
            job, number = uuid4().hex, 0
            for packed in _packed((), keys):
                await self._run(ns, scripts.STAGE, job, number, packed)
                number += 1
            await self._commit({ns: (job, number)})
            return await self._finish(ns, job)
        return int((await self._run(ns, scripts.DELETE, *names))[1]) if names else 0

    async def delete_unchanged(self, ns: str, seen: Sequence[Seen]) -> Sequence[str]:
        deleted: list[str] = []
        async for fields in self._unchanged(ns, seen):
            answer = await self._run(ns, scripts.DELETE_UNCHANGED, *fields)
            deleted += map(_unpack, answer[2])
        return deleted

    async def _unchanged(self, ns: str, seen: Iterable[Seen]) -> AsyncIterator[list[bytes]]:
        """Yield name, SHA-1, metadata and expiration of the keys that haven't changed, in parts.

        As in `replace`: the server compares with the value read here.
        """
        for some in chunks(seen, scripts.PART):
            at = 0
            while at < len(some):
                found = await self.get_many(ns, [one.key for one in some[at:]], PART_SIZE)
                fields: list[bytes] = []
                for one, entry in zip(some[at:], found, strict=False):
                    if entry is not None and one.is_same(entry):
                        value = hashlib.sha1(entry.value).hexdigest().encode()
                        fields += (_pack(one.key), value, *_fields(Write(one.key, *entry))[2:])
                if fields:
                    yield fields
                at += len(found)

    async def list(
        self, ns: str, *, prefix: str = "", limit: int = 1000, after: str | None = None
    ) -> Page:
        start, end = _pack(prefix), b"(" + _pack(prefix) + b"\xff" if prefix else b"+"
        place = b"[" + start
        if after is not None and _pack(after) >= start:
            place = b"(" + _pack(after)
        found: list[KeyInfo] = []
        while place and len(found) <= limit:
            missing = limit + 1 - len(found)
            _, place, flat = await self._run(ns, scripts.LIST, place, end, missing)
            found += [
                KeyInfo(_unpack(flat[at]), _number(flat[at + 2]), _text(flat[at + 1]))
                for at in range(0, len(flat), 3)
            ]
        return Page(found[:limit], len(found) <= limit)

    async def stats(self, ns: str) -> Stats:
        more, keys, size = 1, 0, 0
        while more:
            _, more, keys, size = await self._run(ns, scripts.STATS)
        return Stats(keys, size)

    async def clear(self, ns: str) -> int:
        job = uuid4().hex
        await self._run(ns, scripts.CLEAR, job)
        return await self._finish(ns, job)

    def poll(self) -> Sequence[str]:
        if self._own_changes and (self._polling is None or self._polling.done()):
            self._polling = asyncio.get_running_loop().create_task(self._poll_versions())
        changed, self._outside = list(self._outside), set()
        return changed

    async def close(self) -> None:
        for task in (self._polling, *self._first_uses.values()):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        with suppress(*_FAILURES):
            await self._client.aclose()

    # -- large changes ---------------------------------------------------------------------

    async def _commit(
        self, jobs: dict[str, tuple[str, int]], compared: Sequence[tuple[str, Sequence[Seen]]] = ()
    ) -> None:
        """Make staged batches the jobs of their namespaces, in one step on a single server.

        A cluster keeps namespaces on different nodes, so it takes one step for each. Raises
        ChangedError if a key has changed: the server commits only what has the version that was
        compared here.
        """
        steps = [jobs] * bool(jobs) if self.atomic else [dict([one]) for one in jobs.items()]
        versions = await self._check(jobs, compared)
        for step in steps:
            while True:
                answer = await self._run_together(step, versions)
                if answer[0] != scripts.DONE:
                    await self._finish_jobs(list(step)[answer[1] - 1])  # the job's namespace
                elif answer[1] == _OTHER_VERSION:
                    versions = await self._check(step, compared)
                else:
                    break
            if not answer[1]:
                raise StoreError(
                    f"{self.place} lost part of a large write before it was complete "
                    f"(parts are kept for {scripts.KEPT // 60} minutes); nothing was changed. "
                    "Try again, with fewer keys at once."
                )

    async def _check(
        self, jobs: dict[str, tuple[str, int]], compared: Sequence[tuple[str, Sequence[Seen]]]
    ) -> dict[str, int]:
        """Return the versions in which the keys haven't changed. Raises ChangedError."""
        versions = {}
        for ns, seen in compared:
            if ns in jobs and seen:
                versions[ns] = int((await self._call(ns, scripts.VERSION))[1])
                await check_unchanged(self, ns, seen)
        return versions

    async def _run_together(
        self, jobs: dict[str, tuple[str, int]], versions: dict[str, int]
    ) -> Any:
        changes = [self._own_changes[ns] for ns in jobs]
        for own in changes:
            own.started += 1
        answer: Any = None
        try:
            given = ((*job, versions.get(ns, "")) for ns, job in jobs.items())
            answer = await self._call(list(jobs), scripts.COMMIT, *chain(*given))
        finally:
            for own in changes:
                if answer is not None and answer == [scripts.DONE, 1]:
                    own.finished += 1
                else:
                    own.started -= 1
        return answer

    async def _finish(self, ns: str, job: str) -> int:
        await self._finish_jobs(ns)
        return int((await self._run(ns, scripts.RESULT, job))[1])

    async def _finish_jobs(self, ns: str) -> None:
        """Finish the namespace's job, even if another process began it."""
        lock = self._finishing.setdefault(ns, asyncio.Lock())
        async with lock:
            while (await self._call(ns, scripts.ADVANCE))[0] == scripts.OPEN:
                pass

    # -- changes by others -----------------------------------------------------------------

    async def _poll_versions(self) -> None:
        """Compare the versions of the namespaces in use with our own changes."""
        for ns, own in list(self._own_changes.items()):
            finished = own.finished
            try:
                version = (await self._call(ns, scripts.VERSION))[1]
            except StoreError:
                return  # the next call that needs the server reports it
            if own.is_foreign(version, finished):
                self._outside.add(ns)

    # -- calls -----------------------------------------------------------------------------

    async def _run(self, ns: str, script: scripts.Script, *arguments: Any) -> Any:
        """Run a script once no job is in progress; return its result."""
        own = self._own_changes.get(ns) or await self._first_use(ns)
        while True:
            changed = False
            own.started += script.changes
            try:
                answer = await self._call(ns, script, *arguments)
                changed = answer[0] != scripts.OPEN and (len(answer) == 1 or answer[1] != 0)
            finally:
                if script.changes and changed:
                    own.finished += 1
                elif script.changes:
                    own.started -= 1
            if answer[0] != scripts.OPEN:
                return answer
            await self._finish_jobs(ns)

    async def _first_use(self, ns: str) -> _OwnChanges:
        """Read a namespace's state at its first use, once for all calls that wait for it."""
        first = self._first_uses.get(ns)
        if first is None:
            first = asyncio.get_running_loop().create_task(self._read_version(ns))
            self._first_uses[ns] = first
            first.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            return await asyncio.shield(first)
        finally:
            if self._first_uses.get(ns) is first and first.done():
                del self._first_uses[ns]

    async def _read_version(self, ns: str) -> _OwnChanges:
        version = (await self._call(ns, scripts.VERSION))[1]
        if not self._warned:
            self._warned = True
            await self._warn_if_it_drops_keys()
        return self._own_changes.setdefault(ns, _OwnChanges(version))

    async def _call(self, ns: str | Sequence[str], script: scripts.Script, *arguments: Any) -> Any:
        every = [ns] if isinstance(ns, str) else ns
        bases = [f"{self._prefix}:{{{quote(one, safe='')}}}" for one in every]
        given = (len(bases), *bases, *arguments)
        for tries_left in reversed(range(TRIES + 1)):
            try:
                async with self._gate:
                    try:
                        return await self._client.evalsha(_digest(script), *given)
                    except NoScriptError:  # a new server, or one that was restarted
                        return await self._client.eval(script.source, *given)
            except _LEAKS as error:
                if not tries_left:
                    lost = RedisError(f"the connection was lost: {error}")
                    raise StoreError(explain(lost, self.place, self._secret)) from error
            except _FAILURES as error:
                raise StoreError(explain(error, self.place, self._secret)) from None
        raise AssertionError("not reached")

    async def _warn_if_it_drops_keys(self) -> None:
        options = {}
        if isinstance(self._client, RedisCluster):
            options["target_nodes"] = RedisCluster.RANDOM
        with suppress(*_FAILURES, *_LEAKS):  # it may be forbidden, and isn't required
            found = await self._client.execute_command("INFO", "memory", **options)
            policy = str(found.get("maxmemory_policy", ""))
            if policy.startswith("allkeys") and int(found.get("maxmemory", 0)):
                _LOG.warning(
                    "%s drops keys when its memory is full (maxmemory-policy %s): "
                    "set it to noeviction, or KV entries get lost",
                    self.place,
                    policy,
                )


def _client(url: str) -> tuple[Any, str, str, str]:
    """Return the client for a URL, the address to show in messages, the prefix, the password."""
    parts = urlsplit(url)
    if "@" in url and "@" not in parts.netloc:  # none of it may be shown
        raise StoreError(
            f"In the URL of the store {parts.scheme}: percent-encode / ? # and other special "
            f"characters of the user name and the password, or set KVLENS_REDIS_USERNAME and "
            f"KVLENS_REDIS_PASSWORD."
        )
    scheme, _, cluster = parts.scheme.partition("+")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    prefix = options.pop("prefix", PREFIX)
    login, _, hosts = parts.netloc.rpartition("@")
    place = f"{parts.scheme}://{hosts}{parts.path.rstrip('/')}"
    if not hosts or "{" in prefix:
        raise StoreError(
            f'"{place}" is not the address of a Redis server: use redis://HOST:PORT or '
            "redis+cluster://HOST:PORT,HOST:PORT (and ?prefix= without braces)."
        )
    nodes = hosts.split(",")
    plain = SplitResult(scheme, nodes[0], parts.path, urlencode(options), "").geturl()
    user, _, password = login.partition(":")
    user = unquote(user) or os.environ.get("KVLENS_REDIS_USERNAME", "")
    secret = unquote(password) or os.environ.get("KVLENS_REDIS_PASSWORD", "")
    try:
        addresses = [_address(node) for node in nodes]
        settings: dict[str, Any] = {**_DEFAULTS, **parse_url(plain)}
        settings.update(username=user or None, password=secret or None)
        for name in ("connection_class", "host", "port"):
            settings.pop(name, None)
        settings["ssl"] = scheme == "rediss"
        settings["retry"] = Retry(ExponentialWithJitterBackoff(cap=0.5, base=0.05), TRIES)
        if cluster:
            if settings.pop("db", 0):
                raise ValueError("a cluster has no numbered databases")
            del settings["health_check_interval"]
            starts = [ClusterNode(host, port) for host, port in addresses]
            return RedisCluster(startup_nodes=starts, **settings), place, prefix, secret
        if len(addresses) > 1:
            raise ValueError("for the servers of a cluster, use redis+cluster://")
        host, port = addresses[0]
        settings["max_connections"] = AT_ONCE + 8
        return Redis(host=host, port=port, **settings), place, prefix, secret
    except (ValueError, TypeError, RedisError) as error:
        reason = str(error).replace(secret, "…") if secret else str(error)
        raise StoreError(f'"{place}" can\'t be used as a store: {reason}.') from None


_DEFAULTS: dict[str, Any] = {
    "socket_connect_timeout": CONNECT_SECONDS,
    "socket_timeout": ANSWER_SECONDS,
    "health_check_interval": IDLE_SECONDS,
    "client_name": "kvlens",
}


def _address(node: str) -> tuple[str, int]:
    split = urlsplit(f"//{node}")
    return split.hostname or "localhost", split.port or PORT


_DIGESTS: dict[str, str] = {}


def _digest(script: scripts.Script) -> str:
    found = _DIGESTS.get(script.source)
    if found is None:
        found = _DIGESTS[script.source] = hashlib.sha1(script.source.encode()).hexdigest()
    return found


def _fields(write: Write) -> tuple[bytes, bytes, bytes, bytes]:
    expires = b"" if write.expiration is None else b"%d" % write.expiration
    return _pack(write.key), write.value, (write.metadata or "").encode(), expires


def _packed(writes: Iterable[Write], deletes: Iterable[str]) -> Iterator[bytes]:
    """Yield a change in the parts that `STAGE` takes: the last write of a key counts."""
    kept: set[bytes] = set()
    for part in sized_chunks(writes, scripts.PART, PART_SIZE, Write.size):
        yield b"p" + b"".join(_framed(field) for write in part for field in _fields(write))
        if deletes:
            kept.update(_pack(write.key) for write in part)
    names = (name for name in dict.fromkeys(map(_pack, deletes)) if name not in kept)
    for chunk in chunks(names, scripts.PART):
        yield b"d" + b"".join(map(_framed, chunk))


def _framed(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _pack(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _unpack(name: bytes) -> str:
    return name.decode("utf-8", "surrogatepass")


def _text(data: bytes) -> str | None:
    return data.decode() if data else None


def _number(data: bytes) -> int | None:
    return int(data) if data else None
