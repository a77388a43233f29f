"""Every place that names a binding, in the config and in the code; every call that uses a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.lsp.bindings import declarations, locations, named_at, uses

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(server: Server, params: types.ReferenceParams) -> list[types.Location] | None:
    """Return the uses in code, and the declarations if requested."""
    found = await named_at(server, params.text_document.uri, params.position)
    if found is None:
        return await _of_key(server, params)
    named, _ = found
    places = await uses(server, named.project, named.name)
    if params.context.include_declaration:
        places = declarations(server, named.project, named.name) + places
    return locations(server, places)


async def _of_key(server: Server, params: types.ReferenceParams) -> list[types.Location] | None:
    """Return the calls of all Workers whose keys can be the one at the position."""
    if server.diagnostics.config(params.text_document.uri) is not None:
        return None
    from kvlens.lsp.key_places import key_at, places_of  # late: only for sources

    asked = await key_at(server, params.text_document.uri, params.position)
    if asked is None:
        return None
    places = await places_of(server, asked.pattern, asked.ids)
    return [place.location(server) for place in places]
