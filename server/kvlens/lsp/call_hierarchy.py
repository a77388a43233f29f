"""Keys as the items of a call hierarchy: functions that read or write a key "call" it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from kvlens.js.config_bindings import declared
from kvlens.js.key_uses import KeyPattern, function_name
from kvlens.js.source_context import read
from kvlens.lsp.key_places import KeyAsked, KeyPlace, ids_of, key_at, uses_of

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(
    server: Server, params: types.CallHierarchyPrepareParams
) -> list[types.CallHierarchyItem] | None:
    """Return the key at a position; None for everything else."""
    asked = await key_at(server, params.text_document.uri, params.position)
    return [key_item(server, asked.pattern, asked.ids, asked.place)] if asked else None


def key_item(
    server: Server, pattern: KeyPattern, ids: frozenset[str], place: KeyPlace
) -> types.CallHierarchyItem:
    """Return a key in its namespace."""
    where = place.range(server, place.use.span)
    return types.CallHierarchyItem(
        name=str(pattern),
        kind=types.SymbolKind.Key,
        uri=server.uri(place.path),
        range=where,
        selection_range=where,
        detail=" or ".join(sorted(place.use.bindings)),
        data={"key": [*pattern], "ids": sorted(ids)},
    )


def function_item(server: Server, place: KeyPlace) -> types.CallHierarchyItem:
    """Return the function that uses a key."""
    function, source = place.use.function, place.source
    name, node = function_name(read(source, place.context), function)
    whole = source.span(function) if function is not None else place.use.call.span
    uri, where = server.uri(place.path), place.range(server, whole)
    shown = source.span(node) if node is not None else None
    is_inside = shown is not None and whole.start <= shown.start and shown.end <= whole.end
    return types.CallHierarchyItem(
        name=name,
        kind=types.SymbolKind.Function if function is not None else types.SymbolKind.Module,
        uri=uri,
        range=where,
        selection_range=place.range(server, shown) if shown and is_inside else where,
        detail=place.path.name,
        data={"function": [whole.start, whole.end], "uri": uri},
    )


def key_of(item: types.CallHierarchyItem) -> tuple[KeyPattern, frozenset[str]] | None:
    """Return the key that an item is, with the ids of its namespace."""
    data: Any = item.data
    try:
        head, tail, exact = data["key"]
        return KeyPattern(str(head), str(tail), bool(exact)), frozenset(map(str, data["ids"]))
    except (KeyError, TypeError, ValueError):
        return None


async def places_in(server: Server, item: types.CallHierarchyItem) -> list[KeyAsked]:
    """Return the keys that a function uses, with the ids of their namespaces."""
    data: Any = item.data
    try:
        start, end = data["function"]
        path = server.path(str(data["uri"]))
    except (KeyError, TypeError, ValueError):
        return []
    owner = server.sources.owner(path)
    if owner is None or server.sources.is_parser_missing():
        return []
    context = await server.sources.context(path)
    ids = ids_of(server, owner, declared(context.configs).kv)
    return [
        KeyAsked(place.use.pattern, ids_of(server, owner, place.use.bindings), place, owner)
        for place in await uses_of(server, ids)
        if place.path == path and start <= place.use.call.span.start <= end
    ]
