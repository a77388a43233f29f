"""The namespaces that a store holds keys of, whether or not a config names them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from kvlens.stores.base import Store, StoreError


@runtime_checkable
class KnowsNamespaces(Protocol):
    """What a store may offer besides `Store`, where it can tell which namespaces it has."""

    async def namespaces(self) -> Sequence[str]:
        """Return the ids of namespaces that were written to, in order."""


class Unclaimed(NamedTuple):
    """A namespace with keys that no config names."""

    id: str
    keys: int
    size: int | None


async def unclaimed(store: Store, claimed: Iterable[str]) -> list[Unclaimed]:
    """Return the namespaces with keys whose ids are not among the claimed ones.

    Empty where the store cannot tell; one that cannot be read is left out. Raises StoreError.
    """
    if not isinstance(store, KnowsNamespaces):
        return []
    known = set(claimed)
    found = []
    for name in await store.namespaces():
        if name in known:
            continue
        with contextlib.suppress(StoreError):
            stats = await store.stats(name)
            if stats.keys:
                found.append(Unclaimed(name, stats.keys, stats.size))
    return found
