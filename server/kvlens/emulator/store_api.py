"""The store over HTTP, for KV Lens's own parts: `POST /kvlens/store/{operation}`.

JSON in, `{"result": …}` or `{"error": "…"}` out; values are base64. The client is
`kvlens.stores.emulator_client`. Namespaces need not be in the config: preview ids are cleared and
seeded this way. `arguments` checks what is sent.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from kvlens.emulator import arguments
from kvlens.emulator.failure import log_unexpected
from kvlens.emulator.http import Request, Response
from kvlens.kv.coerce import has_lone_surrogate
from kvlens.kv.records import Entry, Write
from kvlens.search.forms import SlowExpressionError
from kvlens.stores.base import ChangedError, DamagedKeyError, Step, Store, StoreError
from kvlens.stores.emulator_client import CAPABILITIES, HIDDEN, ORIGIN
from kvlens.stores.origin import UNKNOWN, Origin

if TYPE_CHECKING:
    from kvlens.emulator.server import Emulator

PREFIX = b"/kvlens/store/"
_JSON = b"Content-Type: application/json\r\n"
_HIDDEN_HEADER = HIDDEN.lower().encode()
_ORIGIN_HEADER = ORIGIN.lower().encode()

Arguments = dict[str, Any]


def _shown(entry: Entry | DamagedKeyError | None) -> Any:
    if entry is None:
        return None
    if isinstance(entry, DamagedKeyError):
        return {"damaged": str(entry)}
    value = base64.b64encode(entry.value).decode()
    return {"value": value, "metadata": entry.metadata, "expiration": entry.expiration}


async def _get(store: Store, ns: str, given: Arguments) -> Any:
    (found,) = await store.get_many(ns, [given["key"]], 1)
    return _shown(found)


async def _part(store: Store, ns: str, given: Arguments) -> Any:
    try:
        found = await store.part(ns, given["key"], given["start"], given["limit"])
    except DamagedKeyError as error:
        return {"damaged": str(error)}
    if found is None:
        return None
    return {**found._asdict(), "data": base64.b64encode(found.data).decode()}


async def _get_many(store: Store, ns: str, given: Arguments) -> Any:
    found = await store.get_many(ns, given["keys"], given["size"])
    return [_shown(entry) for entry in found]


async def _digests(store: Store, ns: str, given: Arguments) -> Any:
    found = await store.digests(ns, given["keys"], given["size"])
    return [{"damaged": str(one)} if isinstance(one, DamagedKeyError) else one[1:] for one in found]


async def _put(store: Store, ns: str, given: Arguments) -> Any:
    del given["ns"]
    await store.put(ns, Write(**given))


async def _put_unchanged(store: Store, ns: str, given: Arguments) -> Any:
    del given["ns"]
    expected = given.pop("expected")
    return await store.put_unchanged(ns, Write(**given), expected)


async def _put_many(store: Store, ns: str, given: Arguments) -> Any:
    await store.put_many(ns, given["writes"])


async def _next_expiring(store: Store, ns: str, given: Arguments) -> Any:
    return await store.next_expiring(ns)


async def _shift(emulator: Emulator, store: Store, given: Arguments) -> Any:
    return (await store.shift())._asdict()


async def _move_clock(emulator: Emulator, store: Store, given: Arguments) -> Any:
    moved = await store.move_clock(given["shift"], given["expected"])
    if moved:
        for ns in emulator.namespaces:
            emulator.note_change(ns)
    return moved


async def _clock_problem(emulator: Emulator, store: Store, given: Arguments) -> Any:
    return await store.clock_problem()


async def _change_many(emulator: Emulator, store: Store, given: Arguments) -> Any:
    deleted = await store.change_many(given["batches"])
    for batch in given["batches"]:
        emulator.note_change(batch.ns)
    return deleted


async def _stage(emulator: Emulator, store: Store, given: Arguments) -> Any:
    emulator.batches.stage(**given)


async def _commit(emulator: Emulator, store: Store, given: Arguments) -> Any:
    made = await emulator.batches.commit(store, **given)
    if made is None:
        return None
    for ns in made.namespaces:
        emulator.note_change(ns)
    return made.deleted


async def _drop(emulator: Emulator, store: Store, given: Arguments) -> Any:
    emulator.batches.drop(given["job"])


async def _replace(store: Store, ns: str, given: Arguments) -> Any:
    found = await store.replace(ns, given["key"], given["value"], given["expected"])
    return found.value


async def _delete(store: Store, ns: str, given: Arguments) -> Any:
    return await store.delete(ns, given["keys"])


async def _delete_unchanged(store: Store, ns: str, given: Arguments) -> Any:
    return list(await store.delete_unchanged(ns, given["seen"]))


async def _list(store: Store, ns: str, given: Arguments) -> Any:
    page = await store.list(
        ns,
        prefix=given["prefix"],
        limit=given["limit"],
        after=given["after"],
    )
    return {"keys": page.keys, "complete": page.complete}


async def _find(store: Store, ns: str, given: Arguments) -> Any:
    del given["ns"]
    return (await store.find(ns, given.pop("filter"), Step(**given)))._asdict()


async def _rows(store: Store, ns: str, given: Arguments) -> Any:
    return list(await store.rows(ns, given["names"]))


async def _children(store: Store, ns: str, given: Arguments) -> Any:
    return await store.children(**given)


async def _count_prefixes(store: Store, ns: str, given: Arguments) -> Any:
    return await store.count_prefixes(**given)


async def _count(store: Store, ns: str, given: Arguments) -> Any:
    return await store.count(ns)


async def _stats(store: Store, ns: str, given: Arguments) -> Any:
    return (await store.stats(ns))._asdict()


async def _clear(store: Store, ns: str, given: Arguments) -> Any:
    return await store.clear(ns)


async def _namespaces(emulator: Emulator, store: Store, given: Arguments) -> Any:
    return list(await store.namespaces())


OPERATIONS: dict[str, tuple[Callable[[Store, str, Arguments], Awaitable[Any]], bool]] = {
    # operation: (function, whether it changes the namespace)
    "get": (_get, False),
    "get_many": (_get_many, False),
    "digests": (_digests, False),
    "part": (_part, False),
    "put": (_put, True),
    "put_unchanged": (_put_unchanged, True),
    "put_many": (_put_many, True),
    "replace": (_replace, True),
    "delete": (_delete, True),
    "delete_unchanged": (_delete_unchanged, True),
    "list": (_list, False),
    "find": (_find, False),
    "rows": (_rows, False),
    "children": (_children, False),
    "count_prefixes": (_count_prefixes, False),
    "count": (_count, False),
    "stats": (_stats, False),
    "clear": (_clear, True),
    "next_expiring": (_next_expiring, False),
}

LARGE: dict[str, Callable[[Emulator, Store, Arguments], Awaitable[Any]]] = {
    # operation on several namespaces, or on a change sent in parts: function
    "namespaces": _namespaces,
    "shift": _shift,
    "move_clock": _move_clock,
    "clock_problem": _clock_problem,
    "change_many": _change_many,
    "stage": _stage,
    "commit": _commit,
    "drop": _drop,
}


async def handle(emulator: Emulator, request: Request) -> Response:
    """Answer a call of the store API."""
    response = await _answered(emulator, request)
    store = emulator.store
    has = " ".join(name for name in ("atomic", "writable", "has_sizes") if getattr(store, name))
    return response._replace(headers=response.headers + f"{CAPABILITIES}: {has}\r\n".encode())


async def _answered(emulator: Emulator, request: Request) -> Response:
    name = request.path[len(PREFIX) :].decode("ascii", "replace")
    if request.method != b"POST" or name not in {*OPERATIONS, *LARGE}:
        return _answer(404, error=f"There is no POST operation {name!r} here.")
    if request.size > request.limit:
        return _answer(413, error=f"{name}: more than {request.limit} bytes at once.")
    try:
        given = arguments.read(name, request)
    except arguments.ArgumentError as error:
        return _answer(400, error=str(error))
    store = emulator.store.by(_origin(request))
    try:
        if name in LARGE:
            return _answer(200, result=await LARGE[name](emulator, store, given))
        function, changes = OPERATIONS[name]
        ns = given["ns"]
        if not changes and _HIDDEN_HEADER in request.headers:
            store = store.with_hidden()
        result = await function(store, ns, given)
    except ChangedError as error:
        return _answer(409, error=str(error), changed=error.key)
    except (StoreError, SlowExpressionError) as error:
        return _answer(500, error=str(error))
    except Exception as error:
        return _answer(500, error=log_unexpected(request, error))
    if changes:
        emulator.note_change(ns)
    return _answer(200, result=result)


def _origin(request: Request) -> Origin:
    """Return who makes a change; a client that doesn't say so is unknown."""
    try:
        sent = json.loads(unquote(request.headers[_ORIGIN_HEADER].decode()))
        writer, title, action = sent
        if all(isinstance(part, str) and not has_lone_surrogate(part) for part in sent):
            return Origin(writer, title, action)
    except (KeyError, ValueError, TypeError, RecursionError):
        pass
    return UNKNOWN


def _answer(status: int, **content: Any) -> Response:
    return Response(status, json.dumps(content).encode("utf-8", "replace"), _JSON)
