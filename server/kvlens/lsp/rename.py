"""Rename a binding: in every environment and all code, as one edit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from kvlens.config.edit import rename_at
from kvlens.config.model import Config
from kvlens.js.identifiers import is_identifier
from kvlens.js.renames import is_member_beside
from kvlens.lint.env_names import other_names
from kvlens.lsp.bindings import (
    Use,
    locations,
    named_at,
    owner_config,
    text_of,
    uses_with_sharers,
)
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
        if new != named.name and (what := _taken(config, named.name, new)) is not None:
            raise _refused(project.label, f'"{new}"{what}')
    if new != named.name:
        for place in places:
            if not place.in_config and _is_beside(server, place, new):
                raise _refused(place.path.name, f'"{new}" beside "{named.name}"')
    changes: dict[str, list[types.TextEdit]] = {}
    for place, location in zip(places, locations(server, places), strict=True):
        if place.in_config:
            text = rename_at(configs[place.path], place.span, new).text
        else:
            text = f"{new}: {named.name}" if place.shorthand else new
        changes.setdefault(location.uri, []).append(types.TextEdit(location.range, text))
    return types.WorkspaceEdit(changes=changes)


def _refused(where: str, what: str) -> JsonRpcException:
    return JsonRpcException(
        f"{where} already declares {what}. Choose another name.", REQUEST_FAILED
    )


def _taken(config: Config, name: str, new: str) -> str | None:
    """Return what has the new name already, as it is said after that; None if nothing has."""
    if config.declarations(new):
        return ""
    for environment in config.environments:
        entries = (entry for kv in environment.kv for entry in kv.entries)
        if any(entry.text_of("binding") == name for entry in entries):
            for other in other_names(config, environment):
                if other.name == new:
                    return f", {other.what}"
    return None


def _is_beside(server: Server, place: Use, new: str) -> bool:
    text = text_of(server, place.path).text
    return new in text and is_member_beside(
        server.sources.parsed(place.path, text), place.span, new
    )
