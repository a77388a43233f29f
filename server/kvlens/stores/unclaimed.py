"""Namespaces that have keys in a store and that no config names."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import NamedTuple

from kvlens.stores.base import Store, StoreError


class Unclaimed(NamedTuple):
    """A namespace with keys that no config names."""

    id: str
    keys: int
    size: int | None


async def unclaimed(store: Store, claimed: Iterable[str]) -> list[Unclaimed]:
    """Return the namespaces with keys whose ids are not among the claimed ones.

    Empty if the store cannot tell; one that cannot be read is left out. Raises StoreError.
    """
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
