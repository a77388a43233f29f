"""Rename a binding: in every environment and all code, as one edit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from kvlens.config.edit import rename_at
from kvlens.config.model import Config
from kvlens.js.identifiers import is_identifier
from kvlens.lsp.bindings import locations, named_at, owner_config, uses_with_sharers
from kvlens.lsp.protocol import REQUEST_FAILED

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(server: Server, params: types.RenameParams) -> types.WorkspaceEdit | None:
    """Return the edit; an invalid name is rejected with the reason."""
    found = await named_at(server, params.text_document.uri, params.position)
    if found is None:
        return None
    named, _ = found
    new = params.new_name
    if not is_identifier(new):
        raise JsonRpcException(
            f'"{new}" is not a JavaScript identifier. Use letters, digits, _ and $.', REQUEST_FAILED
        )
    places = await uses_with_sharers(server, named.project, named.name)
    configs: dict[Path, Config] = {}
    for path in dict.fromkeys(place.path for place in places if place.in_config):
        project = server.projects.get(path)
        if project is None:  # it has just been deleted
            return None
        config = configs[path] = owner_config(server, project)
        if new != named.name and config.declarations(new):
            raise JsonRpcException(
                f'{project.label} already declares "{new}". Choose another name.', REQUEST_FAILED
            )
    changes: dict[str, list[types.TextEdit]] = {}
    for place, location in zip(places, locations(server, places), strict=True):
        if place.in_config:
            text = rename_at(configs[place.path], place.span, new).text
        else:
            text = f"{new}: {named.name}" if place.shorthand else new
        changes.setdefault(location.uri, []).append(types.TextEdit(location.range, text))
    return types.WorkspaceEdit(changes=changes)
