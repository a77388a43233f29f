"""The current content of a namespace, for hints next to code."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kvlens.lsp.bindings import owner_config
from kvlens.stores.base import Store

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


class Live(NamedTuple):
    """A namespace whose emulator is running."""

    store: Store
    id: str
    environment: str | None


async def store_of(server: Server, uri: str, binding: str | None) -> Live | None:
    """Return the namespace of a binding in a source; None if no emulator is running.

    Of several environments, the top level comes first, as in `wrangler dev`.
    """
    owner = server.sources.owner(server.path(uri))
    if owner is None or binding is None or owner.emulator.state != "running":
        return None
    for namespace in owner_config(server, owner).namespaces():
        if namespace.binding == binding:
            return Live(await owner.emulator.store(), namespace.id, namespace.environment)
    return None
