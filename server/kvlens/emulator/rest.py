"""Cloudflare's REST API for KV, under /client/v4, for wrangler and the SDKs.

The account id is ignored. Limits and messages are Cloudflare's, or else the runtime's. A bulk write
is all or nothing.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_to_bytes

from kvlens.emulator import json_body, multipart
from kvlens.emulator.failure import log_unexpected
from kvlens.emulator.http import Request, Response
from kvlens.errors import RequestError
from kvlens.kv import limits, validation
from kvlens.kv.bulk import bulk_value, read_each
from kvlens.kv.coerce import UNSET, has_lone_surrogate, whole_text
from kvlens.kv.errors import KVError, KVSyntaxError
from kvlens.kv.namespace import decode_cursor, encode_cursor
from kvlens.kv.records import Write
from kvlens.kv.values import dump_json, parse_json, valid_json
from kvlens.stores.base import StoreError
from kvlens.stores.origin import REST, Origin

if TYPE_CHECKING:
    from kvlens.emulator.server import Emulator

PREFIX = b"/client/v4/"
ACCOUNT = "local"
MAX_TITLE = 512
MAX_NUMBER = 100  # characters of a numeric option

BAD_REQUEST, KEY_NOT_FOUND, BAD_BASE64 = 10001, 10009, 10012
NAMESPACE_NOT_FOUND, TITLE_TAKEN, TITLE_MISSING = 10013, 10014, 10019
BAD_KEY, BAD_OPTION, TOO_LARGE = 10030, 10033, 10047
STORE_FAILED = 10500  # not Cloudflare's: the disk here is locked, damaged or full
INTERNAL = 10501  # not Cloudflare's either: a bug in this program

_JSON = b"Content-Type: application/json\r\n"
_BYTES = b"Content-Type: application/octet-stream\r\n"


class RestError(RequestError):
    """An answer with `success: false`."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


_ORIGIN = Origin(REST, REST)


class Call:
    """One parsed request."""

    def __init__(self, emulator: Emulator, request: Request, path: dict[str, str]) -> None:
        self.emulator = emulator
        self.store = emulator.store.by(_ORIGIN)
        self.request = request
        self.path = path
        query = request.query.decode("utf-8", "replace")
        self.query = dict(parse_qsl(query, keep_blank_values=True))

    @property
    def ns(self) -> str:
        """The namespace; RestError 404 if it doesn't exist."""
        ns = self.path["ns"]
        if ns not in self.emulator.namespaces:
            raise RestError(404, NAMESPACE_NOT_FOUND, f"namespace '{ns}' not found")
        return ns

    @property
    def key(self) -> str:
        return _check_key(self.path["key"])

    def whole_number(self, name: str, default: int, least: int, most: int) -> int:
        text = self.query.get(name, "")
        if not text:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise RestError(
                400, BAD_REQUEST, f"{name} must be a number from {least} to {most}, not {text!r}"
            )
        return int(text)

    def json_body(self) -> Any:
        try:
            return json_body.parse(json_body.text_of(self.request))
        except json_body.NotJsonError:
            raise RestError(400, BAD_REQUEST, "the body is not valid JSON") from None
        except json_body.BodyError as error:
            raise RestError(400, BAD_REQUEST, f"the body can't be used: {error}") from None


def _check_key(key: str) -> str:
    try:
        if has_lone_surrogate(key):
            raise KVError("Could not URL-decode key name", method="PUT", status=400)
        return validation.raw_key("PUT", key)
    except KVError as error:
        raise RestError(error.status or 400, BAD_KEY, error.reason) from None


# -- namespaces --------------------------------------------------------------------------------


def _shown(ns: str, title: str) -> dict[str, Any]:
    return {"id": ns, "title": title, "supports_url_encoding": True}


async def list_namespaces(call: Call) -> Response:
    page = call.whole_number("page", 1, 1, 10**8)
    size = call.whole_number("per_page", 20, 1, 1000)
    known = [_shown(ns, title) for ns, title in call.emulator.namespaces.items()]
    order = call.query.get("order")
    if order in ("id", "title"):
        known.sort(key=lambda item: str(item[order]))
    if call.query.get("direction") == "desc":
        known.reverse()
    part = known[(page - 1) * size : page * size]
    info = {
        "page": page,
        "per_page": size,
        "count": len(part),
        "total_count": len(known),
        "total_pages": -(-len(known) // size),
    }
    return _success(part, info)


async def create_namespace(call: Call) -> Response:
    title = _title(call)
    if title in call.emulator.namespaces.values():
        raise RestError(400, TITLE_TAKEN, f"a namespace with the title '{title}' already exists")
    ns = secrets.token_hex(16)
    call.emulator.add_namespace(ns, title)
    return _success(_shown(ns, title))


async def get_namespace(call: Call) -> Response:
    return _success(_shown(call.ns, call.emulator.namespaces[call.ns]))


async def rename_namespace(call: Call) -> Response:
    ns, title = call.ns, _title(call)
    if any(title == other for name, other in call.emulator.namespaces.items() if name != ns):
        raise RestError(400, TITLE_TAKEN, f"a namespace with the title '{title}' already exists")
    call.emulator.add_namespace(ns, title)
    return _success(_shown(ns, title))


async def delete_namespace(call: Call) -> Response:
    ns = call.ns
    await call.store.clear(ns)
    call.emulator.remove_namespace(ns)
    call.emulator.note_change(ns)
    return _success({})


def _title(call: Call) -> str:
    body = call.json_body()
    title = body.get("title") if isinstance(body, dict) else None
    if not isinstance(title, str) or not title:
        raise RestError(400, TITLE_MISSING, 'the body must be {"title": "…"}')
    if len(title) > MAX_TITLE or has_lone_surrogate(title):
        raise RestError(
            400, TITLE_MISSING, f"a title is Unicode text of at most {MAX_TITLE} characters"
        )
    return title


# -- one key -----------------------------------------------------------------------------------


async def get_value(call: Call) -> Response:
    entry = await call.store.get(call.ns, call.key)
    if entry is None:
        raise _no_key()
    headers = _BYTES
    if entry.expiration is not None:
        headers += b"expiration: %d\r\n" % entry.expiration
    return Response(200, entry.value, headers)


async def get_metadata(call: Call) -> Response:
    entry = await call.store.get(call.ns, call.key)
    if entry is None:
        raise _no_key()
    return _success(None if entry.metadata is None else parse_json(entry.metadata))


async def put_value(call: Call) -> Response:
    ns, key, request = call.ns, call.key, call.request
    value, options, size = request.body, dict(call.query), request.size
    kind = request.headers.get(b"content-type", b"")
    if kind.lower().startswith(b"multipart/form-data"):
        if size > request.limit:
            validation.check_value_size(size)
        try:
            form = multipart.parse(kind, value)
        except multipart.MultipartError as error:
            raise RestError(400, BAD_REQUEST, f"malformed multipart body: {error}") from None
        if "value" not in form:
            raise RestError(400, BAD_REQUEST, "the form has no field 'value'")
        value = form.pop("value")
        size = len(value)
        options.update((name, text.decode("utf-8", "replace")) for name, text in form.items())
    expiration = validation.expiration_time(
        _given(options, "expiration"),
        _given(options, "expiration_ttl"),
        await call.store.time(),
    )
    metadata = _metadata_text(options["metadata"]) if "metadata" in options else None
    validation.check_value_size(size)
    await call.store.put(ns, Write(key, value, metadata, expiration))
    call.emulator.note_change(ns)
    return _success({})


def _given(options: dict[str, str], name: str) -> Any:
    text = options.get(name) or UNSET
    if isinstance(text, str) and len(text) > MAX_NUMBER:
        raise RestError(
            400, BAD_OPTION, f"{name} must be a number of seconds, not {len(text):,} characters"
        )
    return text


def _metadata_text(text: str) -> str | None:
    try:
        metadata = json_body.parse(text)
    except json_body.BodyError:
        raise RestError(400, BAD_REQUEST, "metadata is not valid JSON") from None
    if metadata is None:
        return None
    compact = dump_json(metadata)
    validation.check_metadata_size(compact)
    return compact


async def delete_value(call: Call) -> Response:
    ns = call.ns
    await call.store.delete(ns, [call.key])
    call.emulator.note_change(ns)
    return _success({})


async def list_keys(call: Call) -> Response:
    ns, most = call.ns, limits.MAX_LIST_KEYS
    page = await call.store.list(
        ns,
        prefix=call.query.get("prefix", ""),
        limit=call.whole_number("limit", most, limits.REST_LEAST_KEYS, most),
        after=decode_cursor(call.query.get("cursor", "")) or None,
    )
    keys: list[dict[str, Any]] = []
    for name, expiration, metadata, *_ in page.keys:
        item: dict[str, Any] = {"name": name}
        if expiration is not None:
            item["expiration"] = expiration
        if metadata is not None:
            with contextlib.suppress(KVSyntaxError):  # written by another program: list the rest
                item["metadata"] = parse_json(metadata)
        keys.append(item)
    cursor = "" if page.complete else encode_cursor(page.keys[-1].name)
    return _success(keys, {"count": len(keys), "cursor": cursor})


def _no_key() -> RestError:
    return RestError(404, KEY_NOT_FOUND, "key not found")


# -- many keys ---------------------------------------------------------------------------------


async def bulk_put(call: Call) -> Response:
    ns, items = call.ns, call.json_body()
    if not isinstance(items, list):
        raise RestError(400, BAD_REQUEST, "the body must be an array of key-value objects")
    _check_count(items)
    now = await call.store.time()
    writes: list[Write] = []
    items.reverse()  # frees each one once it is read
    for index in range(len(items)):
        try:
            writes.append(_bulk_write(items.pop(), now))
        except (KVError, RestError) as error:
            code = error.code if isinstance(error, RestError) else BAD_OPTION
            reason = error.reason if isinstance(error, KVError) else str(error)
            raise RestError(error.status or 400, code, f"item at index {index}: {reason}") from None
    await call.store.put_many(ns, writes)
    call.emulator.note_change(ns)
    return _success({"successful_key_count": len(writes), "unsuccessful_keys": []})


def _check_count(items: Sequence[Any]) -> None:
    if len(items) > limits.REST_BULK_KEYS:
        raise RestError(
            400,
            BAD_REQUEST,
            f"{len(items):,} keys exceed the limit of {limits.REST_BULK_KEYS:,} in one request; "
            "send them in several",
        )


def _bulk_write(item: Any, now: float) -> Write:
    if not isinstance(item, dict):
        raise RestError(400, BAD_REQUEST, "not an object with key and value")
    key, value = item.get("key"), item.get("value")
    if not isinstance(key, str) or not isinstance(value, str):
        raise RestError(400, BAD_REQUEST, "key and value must be strings")
    _check_key(key)
    encoded = item.get("base64")
    if encoded is not None and not isinstance(encoded, bool):
        raise RestError(400, BAD_REQUEST, "base64 must be true or false")
    if encoded:
        try:
            data = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise RestError(
                400, BAD_BASE64, f'could not base64 decode value for key: "{key}"'
            ) from None
    else:
        data = whole_text(value).encode()
    expiration = metadata = None
    if len(item) > 2:
        expires, lasts = item.get("expiration"), item.get("expiration_ttl")
        for time in (expires, lasts):
            if isinstance(time, bool) or not isinstance(time, (int, float, str, type(None))):
                raise RestError(400, BAD_REQUEST, "expiration and expiration_ttl must be numbers")
        expiration = validation.expiration_time(
            UNSET if expires is None else expires, UNSET if lasts is None else lasts, now
        )
        if item.get("metadata") is not None:
            metadata = dump_json(item["metadata"])
            validation.check_metadata_size(metadata)
    validation.check_value_size(len(data))
    return Write(key, data, metadata, expiration)


async def bulk_get(call: Call) -> Response:
    ns, asked = call.ns, call.json_body()
    names = asked.get("keys") if isinstance(asked, dict) else None
    if not isinstance(names, list):
        raise RestError(400, BAD_REQUEST, 'the body must be {"keys": […]}')
    if not all(isinstance(name, str) for name in names):
        raise RestError(400, BAD_REQUEST, "keys must be an array of key names")
    with_metadata = asked.get("withMetadata")
    if with_metadata is not None and not isinstance(with_metadata, bool):
        raise RestError(400, BAD_REQUEST, "withMetadata must be true or false")
    kind = validation.bulk_type(asked.get("type"))
    values: dict[str, Any] = {}
    keys = validation.bulk_keys(names, UNSET, call.emulator.compat)
    async for name, entry, text in read_each(partial(call.store.get, ns), keys):
        if entry is None:
            values[name] = None
            continue
        value = bulk_value(text, kind)
        if with_metadata:
            metadata = None if entry.metadata is None else parse_json(entry.metadata)
            values[name] = {"value": value, "metadata": metadata}
            if entry.expiration is not None:
                values[name]["expiration"] = entry.expiration
        else:
            values[name] = value
    return _success({"values": values})


async def bulk_delete(call: Call) -> Response:
    ns, names = call.ns, call.json_body()
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RestError(400, BAD_REQUEST, "the body must be an array of key names")
    _check_count(names)
    for name in names:
        _check_key(name)
    await call.store.delete(ns, names)
    call.emulator.note_change(ns)
    return _success({"successful_key_count": len(names), "unsuccessful_keys": []})


# -- other requests -----------------------------------------------------------------------------


async def accounts(call: Call) -> Response:
    account = {"id": ACCOUNT, "name": "KV Lens", "type": "standard"}
    return _success([account], {"page": 1, "per_page": 20, "count": 1, "total_count": 1})


async def memberships(call: Call) -> Response:
    account = {"id": ACCOUNT, "name": "KV Lens"}
    return _success([{"id": ACCOUNT, "status": "accepted", "account": account}])


async def verify_token(call: Call) -> Response:
    return _success({"id": ACCOUNT, "status": "active"})


# -- routes ------------------------------------------------------------------------------------

Handler = Callable[[Call], Awaitable[Response]]

_NAMESPACES = r"accounts/(?P<account>[^/]+)/storage/kv/namespaces"
_ONE = _NAMESPACES + r"/(?P<ns>[^/]+)"
_SIZED = limits.MAX_VALUE_SIZE + 64 * 1024  # a value, and a form around it

ROUTES: Sequence[tuple[str, int, dict[bytes, Handler]]] = (
    # path, most bytes of a body, method -> handler
    (_ONE + r"/values/(?P<key>.*)", _SIZED, {
        b"GET": get_value, b"PUT": put_value, b"DELETE": delete_value,
    }),
    (_ONE + r"/metadata/(?P<key>.*)", 0, {b"GET": get_metadata}),
    (_ONE + r"/keys", 0, {b"GET": list_keys}),
    (_ONE + r"/bulk", limits.REST_BULK_SIZE, {b"PUT": bulk_put, b"DELETE": bulk_delete}),
    (_ONE + r"/bulk/get", limits.REST_BULK_SIZE, {b"POST": bulk_get}),
    (_ONE + r"/bulk/delete", limits.REST_BULK_SIZE, {b"POST": bulk_delete}),
    (_ONE, limits.REST_BULK_SIZE, {
        b"GET": get_namespace, b"PUT": rename_namespace, b"DELETE": delete_namespace,
    }),
    (_NAMESPACES, limits.REST_BULK_SIZE, {b"GET": list_namespaces, b"POST": create_namespace}),
    (r"accounts", 0, {b"GET": accounts}),
    (r"memberships", 0, {b"GET": memberships}),
    (r"user/tokens/verify", 0, {b"GET": verify_token}),
)  # fmt: skip

_TABLE = [(re.compile(path + r"/?", re.DOTALL), most, by) for path, most, by in ROUTES]


def body_limit(request: Request) -> int:
    """Return how many bytes of the body to keep."""
    rest = request.path[len(PREFIX) :].decode("latin-1")
    return next((most for path, most, _ in _TABLE if path.fullmatch(rest)), 0)


async def handle(emulator: Emulator, request: Request) -> Response:
    """Answer a request under /client/v4/."""
    # still percent-encoded: a "/" in a key or an id must not split the path
    rest = request.path[len(PREFIX) :].decode("latin-1")
    try:
        for path, _, by_method in _TABLE:
            found = path.fullmatch(rest)
            if found is None:
                continue
            handler = by_method.get(request.method)
            if handler is None:
                raise RestError(405, 10405, f"Method {request.method.decode()} not allowed here")
            if request.size > request.limit and handler is not put_value:
                raise RestError(413, TOO_LARGE, f"the body is over {request.limit} bytes")
            parts = {name: _decode(text) for name, text in found.groupdict().items()}
            return await handler(Call(emulator, request, parts))
        raise RestError(404, 7003, f"Could not route to /client/v4/{rest}: KV is all there is here")
    except RestError as error:
        return _failure(error.status, error.code, str(error))
    except KVError as error:
        code = TOO_LARGE if error.status == 413 else BAD_OPTION
        return _failure(error.status or 400, code, error.reason)
    except StoreError as error:
        return _failure(500, STORE_FAILED, str(error))
    except Exception as error:
        return _failure(500, INTERNAL, log_unexpected(request, error))


def _decode(text: str) -> str:
    try:
        return unquote_to_bytes(text.encode("latin-1")).decode()
    except UnicodeDecodeError:
        raise RestError(400, BAD_KEY, "the path is not UTF-8") from None


def _success(result: Any, info: dict[str, Any] | None = None) -> Response:
    body: dict[str, Any] = {"success": True, "errors": [], "messages": [], "result": result}
    if info is not None:
        body["result_info"] = info
    return Response(200, valid_json(body, ensure_ascii=False).encode("utf-8", "replace"), _JSON)


def _failure(status: int, code: int, message: str) -> Response:
    errors = [{"code": code, "message": message}]
    body = {"success": False, "errors": errors, "messages": [], "result": None}
    return Response(status, json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"), _JSON)
