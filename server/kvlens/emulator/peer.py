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
from ..stores import Batch, Store, StoreError
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


def _checked(batches: Any) -> list[Arguments]:
    """Return what to change as `change_many` and `stage` are sent it, every item looked at."""
    if not isinstance(batches, list):
        raise TypeError("batches must be an array")
    for batch in batches:
        if not isinstance(batch["ns"], str):
            raise TypeError("ns must be text")
        for item in batch["writes"]:
            _write(item)
        if not all(isinstance(key, str) for key in batch["deletes"]):
            raise TypeError("deletes must be text")
    return batches


async def _change_many(emulator: Emulator, given: Arguments) -> Any:
    batches = [
        Batch(batch["ns"], [_write(item) for item in batch["writes"]], batch["deletes"])
        for batch in _checked(given["batches"])
    ]
    await emulator.store.change_many(batches)
    for batch in batches:
        emulator.changed(batch.ns)


async def _stage(emulator: Emulator, given: Arguments) -> Any:
    emulator.batches.stage(str(given["job"]), int(given["number"]), _checked(given["batches"]))


async def _commit(emulator: Emulator, given: Arguments) -> Any:
    changed = await emulator.batches.commit(
        emulator.store, str(given["job"]), int(given["parts"]), _write
    )
    for ns in changed or ():
        emulator.changed(ns)
    return changed is not None


async def _drop(emulator: Emulator, given: Arguments) -> Any:
    emulator.batches.drop(str(given["job"]))


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

LARGE: dict[str, Callable[[Emulator, Arguments], Awaitable[Any]]] = {
    # operation on several namespaces, or on a change that is brought in parts: function
    "change_many": _change_many,
    "stage": _stage,
    "commit": _commit,
    "drop": _drop,
}


async def handle(emulator: Emulator, request: Request) -> Response:
    """Answer a call of the store API."""
    name = request.path[len(PREFIX) :].decode("ascii", "replace")
    if request.method != b"POST" or name not in {*OPERATIONS, *LARGE}:
        return _answer(404, error=f"There is no POST operation {name!r} here.")
    if request.size > request.limit:
        return _answer(413, error=f"{name}: more than {request.limit} bytes at once.")
    try:
        given = json.loads(request.body)
        if name in LARGE:
            return _answer(200, result=await LARGE[name](emulator, given))
        function, changes = OPERATIONS[name]
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
