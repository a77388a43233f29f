"""List the namespaces of a config, and those with keys that aren't in any config."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import NamedTuple

from kvlens.config.model import Namespace
from kvlens.kv.records import Stats
from kvlens.operations.target import Scope, Target, check_environment
from kvlens.stores.base import Store, StoreError


class Row(NamedTuple):
    """A namespace with its size; `error` says why that is unknown."""

    namespace: Namespace
    stats: Stats | None = None
    error: StoreError | None = None


class Unclaimed(NamedTuple):
    """A namespace with keys that isn't in any config."""

    id: str
    keys: int
    size: int | None


class Listing(NamedTuple):
    """The selected namespaces, those of no config, and each read error once."""

    rows: list[Row]
    unclaimed: list[Unclaimed]
    errors: list[StoreError]


async def list_namespaces(scope: Scope, claimed: Iterable[str] | None = None) -> Listing:
    """Return the selected namespaces with their number of keys and size.

    `claimed` are the ids in all configs, if several share the store. Raises NotFoundError for the
    environment, and StoreError if the store can't be opened.
    """
    check_environment(scope)
    store = await scope.store()
    stats: dict[str, Stats | StoreError] = {}
    rows: list[Row] = []
    for namespace in scope.config.namespaces(*scope.environments):
        if namespace.id not in stats:
            try:
                stats[namespace.id] = await store.stats(namespace.id)
            except StoreError as error:
                stats[namespace.id] = error
        found = stats[namespace.id]
        if isinstance(found, StoreError):
            rows.append(Row(namespace, error=found))
        else:
            rows.append(Row(namespace, found))
    failed = [found for found in stats.values() if isinstance(found, StoreError)]
    errors = list({str(error): error for error in failed}.values())
    others: list[Unclaimed] = []
    try:
        others = await unclaimed(store, scope.config.store_ids() if claimed is None else claimed)
    except StoreError as error:
        if not errors:
            errors.append(error)
    return Listing(rows, others, errors)


async def find_unclaimed(scope: Scope, namespace_id: str, claimed: Iterable[str]) -> Target | None:
    """Return the namespace with an id that isn't in any config, if the store has keys in it."""
    if namespace_id in claimed:
        return None
    store = await scope.store()
    if namespace_id in await store.namespaces():
        return Target(scope, namespace_id)
    return None


async def unclaimed(store: Store, claimed: Iterable[str]) -> list[Unclaimed]:
    """Return the namespaces with keys whose ids are not among the claimed ones.

    Empty if the store doesn't know; unreadable ones are skipped. Raises StoreError.
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
