"""List the namespaces of a config, and those that hold keys under names of no config."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import NamedTuple

from kvlens.config.model import Namespace
from kvlens.kv.records import Stats
from kvlens.operations.target import Scope, Target, check_environment
from kvlens.stores.base import Store, StoreError


class Row(NamedTuple):
    """A namespace and how much it holds; `error` says why that is not known."""

    namespace: Namespace
    stats: Stats | None = None
    error: StoreError | None = None


class Unclaimed(NamedTuple):
    """A namespace with keys that no config names."""

    id: str
    keys: int
    size: int | None


class Listing(NamedTuple):
    """The namespaces that count, those of no config, and what could not be read, once each."""

    rows: list[Row]
    unclaimed: list[Unclaimed]
    errors: list[StoreError]


async def list_namespaces(scope: Scope, claimed: Iterable[str] | None = None) -> Listing:
    """Return the namespaces that count, with number of keys and size.

    `claimed` are the ids that configs name, where more than this one share the store. Raises
    NotFoundError for the environment, and StoreError if the store cannot be opened.
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
    """Return the namespace with an id that no config claims, where the store has keys in it."""
    if namespace_id in claimed:
        return None
    store = await scope.store()
    if namespace_id in await store.namespaces():
        return Target(scope, namespace_id)
    return None


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
