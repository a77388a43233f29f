"""The current content of a namespace, for hints next to code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kvlens.lsp.bindings import owner_config
from kvlens.operations.clock import why_hidden_in
from kvlens.stores.base import Store
from kvlens.stores.registry import find_store

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


class Live(NamedTuple):
    """A namespace whose emulator is running."""

    store: Store
    id: str
    environment: str | None
    config: Path
    reads_fast: bool = False
    """Whether the values of a page of keys can be read while someone types."""

    async def has(self, key: str) -> bool:
        """Return whether the namespace has a key, without reading its value. Raises StoreError."""
        page = await self.store.list(self.id, prefix=key, limit=1)
        return [found.name for found in page.keys] == [key]

    async def missing(self, key: str, binding: str) -> str:
        """Return the rest of a sentence on a missing key: also if only a moved clock hides it.

        Raises StoreError.
        """
        why = await why_hidden_in(self.store, self.id, key)
        return f" is not in the local {binding} now{why and f': {why}'}."


async def store_of(server: Server, uri: str, binding: str | None) -> Live | None:
    """Return the namespace of a binding in a source; None if no emulator is running.

    Of several environments, the top level comes first, as in `wrangler dev`.
    """
    owner = server.sources.owner(server.path(uri))
    if owner is None or binding is None or owner.emulator.state != "running":
        return None
    for namespace in owner_config(server, owner).namespaces():
        if namespace.binding == binding:
            store = await owner.emulator.store()
            info = find_store(owner.store)
            fast = info is not None and info.has_sizes
            return Live(store, namespace.id, namespace.environment, owner.path, fast)
    return None
