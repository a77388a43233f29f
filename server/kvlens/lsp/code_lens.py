"""Code lenses of a config: at most two above each namespace, and one above each `main`.

A config may have thousands of namespaces, so these are only the places: the editor asks
`code_lens_resolve` for the titles of those it shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kvlens.config.model import Config
from kvlens.lsp.documents import json_range
from kvlens.memo import memo
from kvlens.text import Span

if TYPE_CHECKING:
    from lsprotocol import types

    from kvlens.lsp.server import Server

OPEN, SEED, RUN = KINDS = range(3)


class Labelled(NamedTuple):
    """Something that gets lenses: a namespace, or the Worker of an environment."""

    environment: str | None
    span: Span
    binding: str = ""  # empty for a Worker
    id: str = ""


async def answer(server: Server, params: types.CodeLensParams) -> list[dict[str, Any]] | None:
    """Return the lenses of an open config that a project uses, in JSON."""
    uri = params.text_document.uri
    document, config = server.documents.get(uri), server.diagnostics.config(uri)
    if document is None or config is None or server.projects.get(server.path(uri)) is None:
        return None
    settings = server.settings
    wanted = {OPEN: settings.openLens, SEED: settings.seedLens, RUN: settings.runLens}
    lenses: list[dict[str, Any]] = []
    for at, one in enumerate(labelled(config)):
        kinds = [kind for kind in ((OPEN, SEED) if one.binding else (RUN,)) if wanted[kind]]
        place = json_range(document.index, one.span, document.encoding) if kinds else None
        text = document.number, document.version
        lenses += [{"range": place, "data": [*text, at, kind]} for kind in kinds]
    return lenses


@memo
def labelled(config: Config) -> list[Labelled]:
    """Return what gets lenses, environment by environment."""
    found: list[Labelled] = []
    for environment in config.environments:
        name = environment.name
        found += [Labelled(name, main.key) for main in environment.table.get("main")[:1]]
        found += [
            Labelled(name, entry.head, binding, store_id)
            for kv in environment.kv
            for entry in kv.entries
            if (binding := entry.text_of("binding")) and (store_id := entry.store_id)
        ]
    if config.is_code:  # one entry can be that of several modes: the first counts
        found = list({one.span: one for one in reversed(found)}.values())[::-1]
    return found
