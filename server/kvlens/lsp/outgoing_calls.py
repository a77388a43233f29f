"""The keys that a function uses, for the call hierarchy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.lsp.call_hierarchy import key_item, places_in
from kvlens.lsp.key_places import with_verbs

if TYPE_CHECKING:
    from kvlens.lsp.key_places import KeyAsked
    from kvlens.lsp.server import Server


async def answer(
    server: Server, params: types.CallHierarchyOutgoingCallsParams
) -> list[types.CallHierarchyOutgoingCall] | None:
    """Return the keys, each with what the function does with it; a key itself calls nothing."""
    found: dict[tuple[object, ...], list[KeyAsked]] = {}
    for asked in await places_in(server, params.item):
        found.setdefault((asked.pattern, asked.ids), []).append(asked)
    calls = []
    for every in found.values():
        first = every[0]
        item = key_item(server, first.pattern, first.ids, first.place)
        item.detail = f"{with_verbs([one.place for one in every])} · {item.detail}"
        ranges = [one.place.range(server, one.place.use.span) for one in every]
        calls.append(types.CallHierarchyOutgoingCall(item, ranges))
    return calls
