"""workerd's KV binding protocol, which a Worker's `env.KV` uses.

An error's text is the reason phrase of the status line; a missing key is an empty 404. workerd has
already checked key names and value types, and rounded numbers.
"""

from __future__ import annotations

import asyncio
import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_to_bytes

from kvlens.emulator.http import Request, Response
from kvlens.kv import validation
from kvlens.kv.bulk import read_each
from kvlens.kv.coerce import UNSET
from kvlens.kv.errors import KVError, Method
from kvlens.kv.namespace import decode_cursor, encode_cursor
from kvlens.kv.records import Write
from kvlens.kv.values import is_json, unescape_json

if TYPE_CHECKING:
    from kvlens.emulator.server import Emulator

_NOT_FOUND = Response(404)
_DONE = Response(200)
_JSON = b"Content-Type: application/json\r\n"
_LARGE = 256 * 1024
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


async def handle(emulator: Emulator, request: Request, ns: str) -> Response:
    """Answer a binding request for the namespace with the store id `ns`."""
    method, path = request.method, request.path
    try:
        if method == b"GET":
            if path == b"/" or path == b"":
                return await _list(emulator, request, ns)
            return await _get(emulator, request, ns)
        if method == b"PUT":
            return await _put(emulator, request, ns)
        if method == b"DELETE":
            name = _key(request, "DELETE", _query(request))
            await emulator.worker_store().delete(ns, [name])
            emulator.note_change(ns)
            return _DONE
        if method == b"POST" and path == b"/bulk/get":
            return await _bulk_get(emulator, request, ns)
    except KVError as error:
        return Response(error.status or 400, reason=error.reason)
    return Response(405, reason=f"A KV namespace has no {method.decode('ascii', 'replace')}")


def _query(request: Request) -> dict[str, str]:
    if request.query == b"urlencoded=true":  # nearly all requests
        return {"urlencoded": "true"}
    return dict(parse_qsl(request.query.decode("utf-8", "replace"), keep_blank_values=True))


def _key(request: Request, method: Method, query: dict[str, str]) -> str:
    raw = request.path[1:]
    if query.get("urlencoded", "").lower() == "true":
        if b"%" in raw:
            if _BAD_ESCAPE.search(raw):
                raise _undecodable(method)
            raw = unquote_to_bytes(raw)
        try:
            key = raw.decode()
        except UnicodeDecodeError:
            raise _undecodable(method) from None
    else:
        key = raw.decode("utf-8", "replace")
    return validation.raw_key(method, key)


def _undecodable(method: Method) -> KVError:
    return KVError("Could not URL-decode key name", method=method, status=400)


async def _get(emulator: Emulator, request: Request, ns: str) -> Response:
    query = _query(request)
    key = _key(request, "GET", query)
    if len(query) > 1:
        validation.check_cache_ttl("GET", query.get("cache_ttl", UNSET), emulator.compat)
    entry = await emulator.store.get(ns, key)
    if entry is None:
        return _NOT_FOUND
    value, metadata, expiration = entry
    headers = b""
    if expiration is not None:
        headers = b"CF-Expiration: %d\r\n" % expiration
    if metadata is not None:
        headers += b"CF-KV-Metadata: %b\r\n" % header_text(metadata)
    return Response(200, value, headers)


def header_text(metadata: str) -> bytes:
    """Return JSON text as a header value. Line ends in JSON are only white space."""
    text = unescape_json(metadata)
    return text.replace("\r", " ").replace("\n", " ").encode("utf-8", "replace")


async def _put(emulator: Emulator, request: Request, ns: str) -> Response:
    query = _query(request)
    key = _key(request, "PUT", query)
    expiration = None
    if len(query) > 1:
        expiration = validation.expiration_time(
            query.get("expiration", UNSET),
            query.get("expiration_ttl", UNSET),
            await emulator.store.time(),
        )
    metadata = None
    header = request.headers.get(b"cf-kv-metadata")
    if header is not None:
        metadata = header.decode("utf-8", "replace")
        validation.check_metadata_size(metadata)
        if not is_json(metadata):  # metadata without a JSON form, such as a symbol
            raise KVError("Internal Server Error", method="PUT", status=500)
    validation.check_value_size(request.size)
    write = Write(key, request.body, metadata, expiration)
    await emulator.worker_store().put(ns, write)
    emulator.note_change(ns)
    return _DONE


async def _list(emulator: Emulator, request: Request, ns: str) -> Response:
    query = _query(request)
    limit = validation.list_limit(query.get("key_count_limit", UNSET), emulator.compat)
    prefix = validation.list_prefix(query.get("prefix", UNSET))
    after = decode_cursor(query.get("cursor", ""))
    keys: list[dict[str, Any]] = []
    page = await emulator.store.list(ns, prefix=prefix, limit=limit, after=after or None)
    for name, expiration, metadata, *_ in page.keys:
        item: dict[str, Any] = {"name": name}
        if expiration is not None:
            item["expiration"] = expiration
        if metadata is not None:
            item["metadata"] = unescape_json(metadata)  # as text: workerd parses it
        keys.append(item)
    result: dict[str, Any] = {"keys": keys, "list_complete": page.complete}
    if not page.complete:
        result["cursor"] = encode_cursor(keys[-1]["name"])
    result["cacheStatus"] = None
    return _json(json.dumps(result, ensure_ascii=False))


async def _bulk_get(emulator: Emulator, request: Request, ns: str) -> Response:
    if request.size > request.limit:
        raise KVError("The list of keys is too long", method="GET_BULK", status=413)
    try:
        # decoded first: json.loads would turn bytes that aren't UTF-8 into lone surrogates
        asked = json.loads(request.body.decode("utf-8", "replace"))
        keys = asked["keys"]
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise TypeError
    except (ValueError, TypeError, KeyError, RecursionError):
        raise KVError('The body must be {"keys": ["key"]}', method="GET_BULK", status=400) from None
    kind = asked.get("type")
    if isinstance(kind, str) and any(char < " " for char in kind):  # it goes into a status line
        raise KVError("Internal Server Error", method="GET_BULK", status=500)
    kind = validation.bulk_type(kind)
    ttl = asked.get("cacheTtl")
    names = validation.bulk_keys(keys, UNSET if ttl is None else ttl, emulator.compat)
    parts: list[str] = []
    async for name, entry, text in read_each(partial(emulator.store.get, ns), names):
        shown = "null"
        if entry is not None:
            if kind == "json":
                large = len(text) > _LARGE  # doesn't block other requests
                if not (await asyncio.to_thread(is_json, text) if large else is_json(text)):
                    raise validation.refuse_bulk_json()
                shown = unescape_json(text)
            else:
                shown = json.dumps(text, ensure_ascii=False)
            if asked.get("withMetadata"):
                metadata = unescape_json(entry.metadata or "null")
                shown = f'{{"value":{shown},"metadata":{metadata}}}'
        parts.append(f"{json.dumps(name, ensure_ascii=False)}:{shown}")
    return _json(f"{{{','.join(parts)}}}")


def _json(text: str) -> Response:
    """Respond with JSON without escapes for non-ASCII characters.

    V8 confuses a property whose name has an escape with one that it has seen, and a Worker would
    get the wrong keys.
    """
    return Response(200, text.encode("utf-8", "replace"), _JSON)
