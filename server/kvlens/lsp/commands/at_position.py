"""`kvlens.atPosition`: the namespaces at a position in a config or a source, and the key there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from lsprotocol import types

from kvlens.config.query import entry_at
from kvlens.js.api import at
from kvlens.lsp.bindings import owner_config
from kvlens.lsp.command import Command, ParamsError
from kvlens.lsp.live_store import Live
from kvlens.lsp.schema import Position

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.projects import ServedProject
    from kvlens.lsp.server import Server


class Parameters(TypedDict):
    uri: str
    """Of an open text."""
    position: Position


class Found(TypedDict):
    """A namespace, as other commands take it."""

    config: str
    id: str
    binding: str
    environment: str | None
    key: NotRequired[str]
    exists: NotRequired[bool]
    """Whether the namespace has the key."""


async def run(server: Server, params: Params) -> list[Found]:
    """Return the namespace around a position in a config, or those of a binding in a source."""
    uri, place = params.text("uri"), _position(params)
    document, config = server.documents.get(uri), server.diagnostics.config(uri)
    if document is None:
        return []
    if config is not None:
        project = server.projects.get(server.path(uri))
        around = entry_at(config, document.offset(place))
        binding = around[1].text_of("binding") if around else None
        if project is None or around is None or binding is None:
            return []
        return _found(server, project, binding, (around[0].name,))
    read = await server.sources.read(uri)
    owner = server.sources.owner(server.path(uri))
    target = at(read.source, read.offset(place), read.context) if read else None
    if owner is None or target is None or target.binding is None or not target.is_kv:
        return []
    found = _found(server, owner, target.binding, ())
    if target.kind == "key" and target.name and found:
        store = await owner.emulator.store()
        for one in found:
            live = Live(store, one["id"], one["environment"], owner.path)
            one["key"] = target.name
            one["exists"] = await live.has(target.name)
    return found


def _found(
    server: Server, project: ServedProject, binding: str, environments: tuple[str | None, ...]
) -> list[Found]:
    return [
        {
            "config": server.uri(project.path),
            "id": one.id,
            "binding": binding,
            "environment": one.environment,
        }
        for one in owner_config(server, project).namespaces(*environments)
        if one.binding == binding
    ]


def _position(params: Params) -> types.Position:
    sent: dict[str, Any] = params.get("position", dict) or {}
    match sent:
        case {"line": int(line), "character": int(character)} if line >= 0 and character >= 0:
            return types.Position(line, character)
    raise ParamsError('"position" takes {"line", "character"}')


COMMAND = Command(run)
