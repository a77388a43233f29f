"""The store itself over HTTP, for this project's own parts: `POST /kvlens/store/{operation}`.

JSON in, `{"result": …}` or `{"error": "…"}` out; values are base64. `kvlens.stores.peer` is the
client. Namespaces need not be in the config.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ..kv import Entry, Write
from ..stores import Store, StoreError
from ..stores.base import DamagedKeyError
from ..stores.many import get_many
from .http import Request, Response

if TYPE_CHECKING:
    from .server import Emulator

PREFIX = b"/kvlens/store/"
_JSON = b"Content-Type: application/json\r\n"

Arguments = dict[str, Any]


def _write(item: Arguments) -> Write:
    return Write(
        item["key"],
        base64.b64decode(item["value"]),
        item.get("metadata"),
        item.get("expiration"),
    )


def _shown(entry: Entry | DamagedKeyError | None) -> Any:
    if entry is None:
        return None
    if isinstance(entry, DamagedKeyError):
        return {"damaged": str(entry)}
    value = base64.b64encode(entry.value).decode()
    return {"value": value, "metadata": entry.metadata, "expiration": entry.expiration}


async def _get(store: Store, ns: str, given: Arguments) -> Any:
    (found,) = await get_many(store, ns, [given["key"]], 1)
    return _shown(found)


async def _get_many(store: Store, ns: str, given: Arguments) -> Any:
    found = await get_many(store, ns, given["keys"], given["size"])
    return [_shown(entry) for entry in found]


async def _put(store: Store, ns: str, given: Arguments) -> Any:
    await store.put(ns, _write(given))


async def _put_many(store: Store, ns: str, given: Arguments) -> Any:
    await store.put_many(ns, [_write(item) for item in given["writes"]])


async def _replace(store: Store, ns: str, given: Arguments) -> Any:
    value = base64.b64decode(given["value"])
    return (await store.replace(ns, given["key"], value, given.get("expected"))).value


async def _delete(store: Store, ns: str, given: Arguments) -> Any:
    return await store.delete(ns, given["keys"])


async def _list(store: Store, ns: str, given: Arguments) -> Any:
    page = await store.list(
        ns,
        prefix=given.get("prefix") or "",
        limit=given.get("limit", 1000),
        after=given.get("after"),
    )
    return {"keys": page.keys, "complete": page.complete}


async def _stats(store: Store, ns: str, given: Arguments) -> Any:
    return (await store.stats(ns))._asdict()


async def _clear(store: Store, ns: str, given: Arguments) -> Any:
    return await store.clear(ns)


OPERATIONS: dict[str, tuple[Callable[[Store, str, Arguments], Awaitable[Any]], bool]] = {
    # operation: (function, whether it changes the namespace)
    "get": (_get, False),
    "get_many": (_get_many, False),
    "put": (_put, True),
    "put_many": (_put_many, True),
    "replace": (_replace, True),
    "delete": (_delete, True),
    "list": (_list, False),
    "stats": (_stats, False),
    "clear": (_clear, True),
}


async def handle(emulator: Emulator, request: Request) -> Response:
    """Answer a call of the store API."""
    name = request.path[len(PREFIX) :].decode("ascii", "replace")
    if request.method != b"POST" or name not in OPERATIONS:
        return _answer(404, error=f"There is no POST operation {name!r} here.")
    if request.size > request.limit:
        return _answer(413, error=f"{name}: more than {request.limit} bytes at once.")
    function, changes = OPERATIONS[name]
    try:
        given = json.loads(request.body)
        ns = given["ns"]
        if not isinstance(ns, str):
            raise TypeError("ns must be text")
        result = await function(emulator.store, ns, given)
    except (ValueError, TypeError, KeyError, binascii.Error) as error:
        return _answer(400, error=f"{name}: malformed call: {error!r}")
    except StoreError as error:
        return _answer(500, error=str(error))
    if changes:
        emulator.changed(ns)
    return _answer(200, result=result)


def _answer(status: int, **content: Any) -> Response:
    return Response(status, json.dumps(content).encode("utf-8", "replace"), _JSON)
