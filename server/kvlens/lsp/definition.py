"""Go from a binding in code to its declaration in the config."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.lsp.bindings import declarations, locations, named_at

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(server: Server, params: types.DefinitionParams) -> list[types.Location] | None:
    """Return the declarations in every environment."""
    found = await named_at(server, params.text_document.uri, params.position)
    if found is None:
        return None
    named, _ = found
    return locations(server, declarations(server, named.project, named.name))
