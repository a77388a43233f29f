"""Code lenses above each namespace of a config: its content and the commands for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from kvlens.config.find import SEEDS
from kvlens.files import is_regular
from kvlens.formatting import amount
from kvlens.lsp.documents import to_range
from kvlens.stores.base import StoreError
from kvlens.visible import notice

if TYPE_CHECKING:
    from kvlens.lsp.projects import ServedProject
    from kvlens.lsp.server import Server


async def answer(server: Server, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """Return the lenses of an open config that a project uses."""
    uri = params.text_document.uri
    document, config = server.documents.get(uri), server.diagnostics.config(uri)
    project = server.projects.get(server.path(uri))
    if document is None or config is None or project is None:
        return None
    lenses: list[types.CodeLens] = []
    for environment in config.environments:
        for kv in environment.kv:
            for entry in kv.entries:
                binding, store_id = entry.text_of("binding"), entry.store_id
                if not binding or not store_id:
                    continue
                place = to_range(document.index, entry.head, document.encoding)
                named: dict[str, Any] = {
                    "config": uri,
                    "environment": environment.name,
                    "binding": binding,
                    "id": store_id,
                }
                keys = await _keys(project, store_id)
                lenses.append(_lens(place, keys, "kvlens.list", named))
                lenses.append(_lens(place, "open key…", "kvlens.get", named))
                seed = project.path.parent / SEEDS / f"{binding}.json"
                if environment.name is None and is_regular(seed):
                    file = {**named, "file": server.uri(seed)}
                    lenses.append(_lens(place, f"seed from {seed.name}", "kvlens.seed", file))
                else:
                    lenses.append(_lens(place, "seed…", "kvlens.seed", named))
                lenses.append(_lens(place, "put key…", "kvlens.put", named))
                if config.root.get("main"):
                    lenses.append(_lens(place, "run", "kvlens.run", named))
    return lenses


async def _keys(project: ServedProject, store_id: str) -> str:
    if project.emulator.state != "running":
        return "keys"
    try:
        stats = await (await project.emulator.store()).stats(store_id)
    except StoreError:
        return "keys"
    return amount(stats.keys, stats.size)


def _lens(place: types.Range, title: str, command: str, params: dict[str, Any]) -> types.CodeLens:
    return types.CodeLens(
        place, types.Command(title=notice(title), command=command, arguments=[params])
    )
