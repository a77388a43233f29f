"""Code lenses above each namespace of a config: its content and the commands for it.

A config may have thousands of namespaces, so these are only the places: the editor asks
`code_lens_resolve` for the titles of those it shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kvlens.config.model import Config, Entry
from kvlens.lsp.documents import json_range
from kvlens.memo import memo

if TYPE_CHECKING:
    from lsprotocol import types

    from kvlens.lsp.server import Server

LIST, GET, SEED, PUT, RUN = KINDS = range(5)


class Labelled(NamedTuple):
    """A namespace that gets lenses."""

    environment: str | None
    binding: str
    id: str
    entry: Entry


async def answer(server: Server, params: types.CodeLensParams) -> list[dict[str, Any]] | None:
    """Return the lenses of an open config that a project uses, in JSON."""
    uri = params.text_document.uri
    document, config = server.documents.get(uri), server.diagnostics.config(uri)
    if document is None or config is None or server.projects.get(server.path(uri)) is None:
        return None
    kinds = KINDS if config.root.get("main") else KINDS[:RUN]
    lenses: list[dict[str, Any]] = []
    for at, (*_, entry) in enumerate(labelled(config)):
        place = json_range(document.index, entry.head, document.encoding)
        text = document.number, document.version
        lenses += [{"range": place, "data": [*text, at, kind]} for kind in kinds]
    return lenses


@memo
def labelled(config: Config) -> list[Labelled]:
    """Return the namespaces of a config that get lenses, in order."""
    return [
        Labelled(environment.name, binding, store_id, entry)
        for environment in config.environments
        for kv in environment.kv
        for entry in kv.entries
        if (binding := entry.text_of("binding")) and (store_id := entry.store_id)
    ]
