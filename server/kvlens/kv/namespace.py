"""The namespace object: KV as a Worker sees it, for Python."""

from __future__ import annotations

import base64
import binascii
import inspect
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from kvlens.kv import limits, validation
from kvlens.kv.bulk import bulk_value, read_each
from kvlens.kv.coerce import MISSING, UNSET, js_text
from kvlens.kv.limits import CompatName, read_compat
from kvlens.kv.records import Entry, Page, Write
from kvlens.kv.values import ValueStream, convert, dump_json, parse_json


class Backing(Protocol):
    """The part of a store that a namespace uses; `kvlens.stores` has the complete interface."""

    async def get(self, ns: str, key: str) -> Entry | None: ...
    async def put(self, ns: str, write: Write) -> None: ...
    async def delete(self, ns: str, keys: Sequence[str]) -> int: ...
    async def list(
        self, ns: str, *, prefix: str = "", limit: int = 1000, after: str | None = None
    ) -> Page: ...
    async def time(self) -> float: ...


class KVNamespace:
    """One namespace of a store.

    An omitted option is JavaScript's undefined, and `None` is its null. Results are those of the
    current runtime. Calls raise `KVError`, `KVTypeError` and `KVSyntaxError` with the runtime's
    texts. With `compat` "strict", calls that Miniflare 2 rejects fail too.

        await namespace.put("count", "1", expiration_ttl=60, metadata={"by": "docs"})
        assert await namespace.get("count", "json") == 1
    """

    def __init__(
        self,
        store: Backing,
        namespace_id: str,
        *,
        compat: CompatName = "strict",
    ) -> None:
        self._store = store
        self._id = namespace_id
        self._compat = read_compat(compat)

    async def get(self, key: Any = MISSING, type: Any = UNSET, *, cache_ttl: Any = UNSET) -> Any:
        """Return the value of `key`, or None.

        `type` is "text" (default), "json", "arrayBuffer" (bytes) or "stream"; as in JavaScript a
        mapping `{"type": …, "cacheTtl": …}` is accepted too. For a list of up to 100 keys, the
        result is a dict of their values. `cache_ttl` (seconds) is checked, but has no effect.
        """
        found = await self._read("get", key, type, cache_ttl)
        if isinstance(found, dict):
            return {name: item and item[0] for name, item in found.items()}
        return found and found[0]

    async def get_with_metadata(
        self, key: Any = MISSING, type: Any = UNSET, *, cache_ttl: Any = UNSET
    ) -> dict[str, Any]:
        """Return `{"value": …, "metadata": …, "cacheStatus": None}`, all None for a missing key.

        For a list of up to 100 keys, the result is a dict of `{"value": …, "metadata": …}`, with
        None for missing keys.
        """
        found = await self._read("getWithMetadata", key, type, cache_ttl)
        if isinstance(found, dict):
            return {
                name: item and {"value": item[0], "metadata": item[1]}
                for name, item in found.items()
            }
        value, metadata = found or (None, None)
        return {"value": value, "metadata": metadata, "cacheStatus": None}

    async def put(
        self,
        key: Any = MISSING,
        value: Any = MISSING,
        *,
        expiration: Any = UNSET,
        expiration_ttl: Any = UNSET,
        metadata: Any = UNSET,
    ) -> None:
        """Store `value`: text, bytes or another buffer, a stream of bytes, or a number as text.

        A stream is an async or plain iterator of bytes, or an object with `read()`.
        `expiration` is in seconds since the epoch, `expiration_ttl` in seconds from now, at
        least 60; `metadata` is anything with a JSON form of at most 1024 bytes.
        """
        validation.check_defined("put", key, self._compat)
        if key is not MISSING and value is MISSING:
            raise validation.refuse_missing_value()
        for time in (expiration, expiration_ttl):
            validation.whole_number(time)  # the runtime checks these before the key
        name = validation.runtime_key("put", key)
        content = _content(value)
        text = None if metadata is UNSET or metadata is None else dump_json(metadata)
        validation.decodable_key("put", name)
        expires = validation.expiration_time(expiration, expiration_ttl, await self._store.time())
        validation.check_metadata_size(text)
        data = content if isinstance(content, bytes) else await _read_stream(content)
        validation.check_value_size(len(data))
        await self._store.put(self._id, Write(name, data, text, expires))

    async def delete(self, key: Any = MISSING) -> None:
        """Delete `key`, if it exists."""
        validation.check_defined("delete", key, self._compat)
        name = validation.key_name("delete", key)
        await self._store.delete(self._id, [name])

    async def list(
        self, *, prefix: Any = UNSET, limit: Any = UNSET, cursor: Any = UNSET
    ) -> dict[str, Any]:
        """Return a page of keys, ordered by UTF-8 bytes.

        The result has `keys` (each with `name`, and `expiration` and `metadata` where set),
        `list_complete`, and `cursor` if there is a next page. Pass the same prefix for
        every page.
        """
        count = validation.list_limit(limit, self._compat)
        start = validation.list_prefix(prefix)
        after = decode_cursor("" if cursor is UNSET or cursor is None else js_text(cursor))
        page = await self._store.list(self._id, prefix=start, limit=count, after=after or None)
        keys: list[dict[str, Any]] = []
        for info in page.keys:
            item: dict[str, Any] = {"name": info.name}
            if info.expiration is not None:
                item["expiration"] = info.expiration
            if info.metadata is not None:
                item["metadata"] = parse_json(info.metadata)
            keys.append(item)
        result: dict[str, Any] = {"keys": keys, "list_complete": page.complete}
        if not page.complete:
            result["cursor"] = encode_cursor(page.keys[-1].name)
        result["cacheStatus"] = None
        return result

    async def _read(self, function: str, key: Any, kind: Any, cache_ttl: Any) -> Any:
        """Return (value, metadata) or None; for a list of keys, a dict of these."""
        if isinstance(kind, Mapping):
            cache_ttl = kind.get("cacheTtl", kind.get("cache_ttl", cache_ttl))
            kind = kind.get("type", UNSET)
            if kind is None:
                kind = "null"
        validation.check_defined(function, key, self._compat)
        validation.whole_number(cache_ttl)  # the runtime checks it before the key
        if isinstance(key, (list, tuple)):
            return await self._read_many(key, kind, cache_ttl, function == "getWithMetadata")
        name = validation.key_name(function, key)
        validation.check_cache_ttl("GET", cache_ttl, self._compat)
        entry = await self._store.get(self._id, name)
        if entry is None:
            return None
        value = convert(entry.value, validation.value_type(kind))
        return value, None if entry.metadata is None else parse_json(entry.metadata)

    async def _read_many(
        self, keys: Iterable[Any], kind: Any, cache_ttl: Any, whole: bool
    ) -> dict[str, tuple[Any, Any] | None]:
        wanted = validation.bulk_type(kind)
        names = validation.bulk_keys(list(keys), cache_ttl, self._compat)
        found: dict[str, tuple[Any, Any] | None] = {}
        async for name, entry, text in read_each(partial(self._store.get, self._id), names):
            if entry is None:
                found[name] = None
                continue
            metadata = entry.metadata if whole else None
            parsed = None if metadata is None else parse_json(metadata)
            found[name] = bulk_value(text, wanted), parsed
        return found


def _content(value: Any) -> bytes | AsyncIterable[bytes] | Iterator[bytes]:
    if isinstance(value, str):  # the runtime writes a lone surrogate as three bytes
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes):
        return value
    if isinstance(value, AsyncIterable):
        return value
    if hasattr(value, "read"):
        return _pieces(value)
    if isinstance(value, Iterator):
        return iter(value)
    try:
        return memoryview(value).tobytes()  # a copy: later changes aren't stored
    except TypeError:
        pass
    if value is None or value is UNSET or isinstance(value, (bool, int, float)):
        return js_text(value).encode()
    raise validation.refuse_value()


async def _read_stream(chunks: AsyncIterable[bytes] | Iterator[bytes]) -> bytes:
    """Read a complete stream; past the limit, chunks are only counted, not kept."""
    kept: list[bytes] = []
    size = 0

    def take(chunk: object) -> None:
        nonlocal size
        if not isinstance(chunk, (bytes, bytearray, memoryview)):
            raise validation.refuse_value()
        size += len(chunk)
        if size <= limits.MAX_VALUE_SIZE:
            kept.append(bytes(chunk))
        else:
            kept.clear()

    if isinstance(chunks, AsyncIterable):
        async for chunk in chunks:
            take(chunk)
    else:
        for chunk in chunks:
            take(chunk)
    validation.check_value_size(size)
    return b"".join(kept)


async def _pieces(reader: Any) -> AsyncIterator[bytes]:
    """Read an object with `read()`, plain or async, in pieces of 64 KiB."""
    while True:
        chunk = reader.read(65536)
        if inspect.isawaitable(chunk):
            chunk = await chunk
        if not chunk:
            return
        yield chunk


def encode_cursor(name: str) -> str:
    """Return the cursor after key `name`: its base64, as in the local runtimes."""
    return base64.b64encode(name.encode()).decode()


def decode_cursor(cursor: str) -> str:
    """Return the key name in a cursor; anything but base64 means the first page."""
    cursor = cursor.partition("=")[0]
    if not cursor:
        return ""
    letters = "".join(c for c in cursor if c.isascii() and (c.isalnum() or c in "+/-_"))
    text = letters.replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
    except binascii.Error:  # one extra letter: it has no complete byte
        text = text[:-1]
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")


__all__ = ["KVNamespace", "ValueStream", "decode_cursor", "encode_cursor"]
