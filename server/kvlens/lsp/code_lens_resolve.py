"""The title and the command of a code lens, when it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from kvlens.formatting import amount
from kvlens.lsp.code_lens import KINDS, OPEN, RUN, SEED, labelled
from kvlens.lsp.lens_refresh import UNKNOWN, number_of_keys
from kvlens.lsp.palette import NAMESPACE
from kvlens.visible import notice

if TYPE_CHECKING:
    from kvlens.lsp.server import Server

_COMMANDS = {
    # kind: (command, title)
    OPEN: ("kvlens.list", "open"),
    SEED: ("kvlens.seed", "seed…"),
    RUN: ("kvlens.run", "run"),
}


async def answer(server: Server, lens: types.CodeLens) -> types.CodeLens:
    """Return the lens with its command."""
    number, version, at, kind = _data(lens.data)
    document = server.documents.numbered(number)
    config = server.diagnostics.config(document.uri) if document else None
    project = server.projects.get(server.path(document.uri)) if document else None
    places = labelled(config) if config else []
    if document is None or project is None or document.version != version or at >= len(places):
        raise JsonRpcException(
            "The text has changed since these lenses were requested; request them again",
            types.LSPErrorCodes.ContentModified,
        )
    environment, _, binding, store_id = places[at]
    named: dict[str, Any] = {"config": document.uri, "environment": environment}
    command, title = _COMMANDS[kind]
    if kind == OPEN and server.has_palette:
        command = NAMESPACE
    if binding:
        named |= {"binding": binding, "id": store_id}
    if kind == OPEN and binding:
        keys = project.shown_keys[store_id] = await number_of_keys(project, store_id)
        title = title if keys == UNKNOWN else f"{amount(keys, None)} · {title}"
    seeds = project.seeds_of(binding) if kind == SEED and binding else []
    if len(seeds) == 1:
        title = f"seed from {seeds[0].name}"
        named["file"] = server.uri(seeds[0])
    lens.command = types.Command(title=notice(title), command=command, arguments=[named])
    return lens


def _data(data: Any) -> tuple[int, int | None, int, int]:
    """Return what a lens was sent with: numbers of its text, namespace and kind."""
    match data:
        case [int(number), int() | None as version, int(at), int(kind)] if at >= 0:
            if kind in KINDS:
                return number, version, at, kind
    raise JsonRpcInvalidParams('"data" is not that of a lens from textDocument/codeLens')
