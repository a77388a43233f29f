"""workerd's KV binding protocol: what a Worker's `env.KV` says to its namespace.

An error's text is the reason phrase of the status line; a missing key is an empty 404.
workerd has checked key names and value types before, and turned numbers into whole ones.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_to_bytes

from ..kv import KVError, Write, validation
from ..kv.coerce import UNSET
from ..kv.errors import Method
from ..kv.namespace import cursor_is_stale, decode_cursor
from ..kv.values import decode_text, is_json, text_units
from .http import Request, Response

if TYPE_CHECKING:
    from .server import Emulator

_NOT_FOUND = Response(404)
_DONE = Response(200)
_JSON = b"Content-Type: application/json\r\n"
_WHOLE = re.compile(r"-?\d+\Z")
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
            await emulator.store.delete(ns, [name])
            emulator.changed(ns)
            return _DONE
        if method == b"POST" and path == b"/bulk/get":
            return await _bulk_get(emulator, request, ns)
    except KVError as error:
        return Response(error.status or 400, reason=error.reason)
    return Response(405, reason=f"A KV namespace has no {method.decode('ascii', 'replace')}")


def _query(request: Request) -> dict[str, str]:
    if request.query == b"urlencoded=true":  # nearly all
        return {"urlencoded": "true"}
    return dict(parse_qsl(request.query.decode("utf-8", "replace"), keep_blank_values=True))


def _option(query: dict[str, str], name: str) -> Any:
    """Return an option as it was before it was put into a URL."""
    value = query.get(name)
    if value is None:
        return UNSET
    return int(value) if len(value) < 20 and _WHOLE.match(value) else value


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
        validation.check_cache_ttl("GET", _option(query, "cache_ttl"), emulator.compat)
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
    """Return JSON text as a header's value: line ends in it are only white space."""
    return metadata.replace("\r", " ").replace("\n", " ").encode("utf-8", "replace")


async def _put(emulator: Emulator, request: Request, ns: str) -> Response:
    query = _query(request)
    key = _key(request, "PUT", query)
    expiration = None
    if len(query) > 1:
        expiration = validation.expiration_time(
            _option(query, "expiration"),
            _option(query, "expiration_ttl"),
            emulator.clock(),
            emulator.compat,
        )
    metadata = None
    header = request.headers.get(b"cf-kv-metadata")
    if header is not None:
        metadata = header.decode("utf-8", "replace")
        validation.check_metadata_size(metadata)
        if not is_json(metadata):
            raise KVError("Metadata must be valid JSON", method="PUT", status=400)
    validation.check_value_size(request.size)
    await emulator.store.put(ns, Write(key, request.body, metadata, expiration))
    emulator.changed(ns)
    return _DONE


async def _list(emulator: Emulator, request: Request, ns: str) -> Response:
    query = _query(request)
    limit = validation.list_limit(_option(query, "key_count_limit"), emulator.compat)
    prefix = validation.list_prefix(query.get("prefix", UNSET), emulator.compat)
    after = decode_cursor(query.get("cursor", ""))
    keys: list[dict[str, Any]] = []
    result: dict[str, Any] = {"keys": keys, "list_complete": True}
    if not after or not await cursor_is_stale(emulator.store, ns, prefix, after, emulator.compat):
        page = await emulator.store.list(ns, prefix=prefix, limit=limit, after=after or None)
        for name, expiration, metadata in page.keys:
            item: dict[str, Any] = {"name": name}
            if expiration is not None:
                item["expiration"] = expiration
            if metadata is not None:
                item["metadata"] = metadata  # as text: workerd parses it
            keys.append(item)
        if not page.complete:
            result["list_complete"] = False
            result["cursor"] = base64.b64encode(keys[-1]["name"].encode()).decode()
    if emulator.compat == "miniflare2":
        result.setdefault("cursor", "")
    else:
        result["cacheStatus"] = None
    return Response(200, json.dumps(result).encode(), _JSON)


async def _bulk_get(emulator: Emulator, request: Request, ns: str) -> Response:
    if request.size > request.limit:
        raise KVError("The list of keys is too long", method="GET_BULK", status=413)
    try:
        asked = json.loads(request.body)
        keys = asked["keys"]
        if not isinstance(keys, list):
            raise TypeError
    except (ValueError, TypeError, KeyError):
        raise KVError('The body must be {"keys": […]}', method="GET_BULK", status=400) from None
    kind = validation.bulk_type(asked.get("type"))
    ttl = asked.get("cacheTtl")
    ttl = int(ttl) if isinstance(ttl, str) and _WHOLE.match(ttl) else ttl
    names = validation.bulk_keys(keys, UNSET if ttl is None else ttl, emulator.compat)
    parts: list[str] = []
    size = 0
    for name in names:
        entry = await emulator.store.get(ns, name)
        shown = "null"
        if entry is not None:
            text = decode_text(entry.value)
            size += text_units(text)
            if kind == "json":
                if not is_json(text):
                    raise validation.refuse_bulk_json()
                shown = text
            else:
                shown = json.dumps(text)
            if asked.get("withMetadata"):
                shown = f'{{"value":{shown},"metadata":{entry.metadata or "null"}}}'
        parts.append(f"{json.dumps(name)}:{shown}")
    validation.check_bulk_size(size)
    return Response(200, f"{{{','.join(parts)}}}".encode("utf-8", "replace"), _JSON)
