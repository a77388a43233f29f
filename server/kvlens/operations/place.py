"""Remember where a key was read: its new value must not be written elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from kvlens.operations.errors import NotFoundError, OperationError
from kvlens.operations.target import Target, find_target
from kvlens.stores.registry import shown_url


class Place(NamedTuple):
    """The URL of a store, without passwords, and whether a config declares the namespace."""

    store: str
    declared: bool


def find_place(target: Target, claimed: Collection[str]) -> Place:
    """Return where a namespace is; `claimed` are the ids in the configs of its store."""
    return Place(shown_url(target.scope.project.store), target.id in claimed)


def check_place(
    target: Target,
    key: str,
    claimed: Collection[str],
    *,
    store: str | None = None,
    declared: bool = False,
    name: tuple[str | None, str] | None = None,
) -> None:
    """Raise OperationError if the namespace is in another store than when the key was read.

    Also raised if the namespace was declared then, but isn't in any config now; and if its `name`
    then, an environment and a binding, has another id now.
    """
    now = find_place(target, claimed)
    if store not in (None, now.store):
        raise OperationError(
            f'key "{key}" was read from the store "{store}". {target.scope.label} now uses '
            f'"{now.store}". Nothing was changed; read the key again first'
        )
    if declared and not now.declared:
        raise OperationError(
            f'key "{key}" was not put: {target.scope.label} no longer declares a KV namespace '
            f'with id "{target.id}". Put it into another namespace'
        )
    other = _id_of(target, name) if name else None
    if name and other not in (None, target.id):
        raise OperationError(
            f'key "{key}" was read from {name[1]} while its id was "{target.id}"; now the id is '
            f'"{other}". Nothing was changed; read the key again first'
        )


def _id_of(target: Target, name: tuple[str | None, str]) -> str | None:
    environment, binding = name
    scope = target.scope._replace(environments=(environment,))
    try:
        return find_target(scope, binding=binding).id
    except NotFoundError:
        return None
