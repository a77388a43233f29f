"""The functions that use a key, for the call hierarchy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.lsp.call_hierarchy import function_item, key_of
from kvlens.lsp.key_places import KeyPlace, places_of, with_verbs

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(
    server: Server, params: types.CallHierarchyIncomingCallsParams
) -> list[types.CallHierarchyIncomingCall] | None:
    """Return the functions, each with what it does with the key; None for other items."""
    asked = key_of(params.item)
    if asked is None:
        return None
    found: dict[tuple[str, int], list[KeyPlace]] = {}
    for place in await places_of(server, *asked):
        function = place.use.function
        start = function.start_byte if function is not None else -1
        found.setdefault((str(place.path), start), []).append(place)
    calls = []
    for places in found.values():
        item = function_item(server, places[0])
        item.detail = f"{with_verbs(places)} · {item.detail}"
        ranges = [place.range(server, place.use.span) for place in places]
        calls.append(types.CallHierarchyIncomingCall(item, ranges))
    return calls
