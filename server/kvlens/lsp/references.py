"""Every place that names a binding, in the config and in the code."""

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
        return None
    named, _ = found
    places = await uses(server, named.project, named.name)
    if params.context.include_declaration:
        places = declarations(server, named.project, named.name) + places
    return locations(server, places)
