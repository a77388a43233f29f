"""Find namespaces that are stored under another name after an edit of the config."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from kvlens.config.model import Namespace


class Renamed(NamedTuple):
    """A namespace that was stored under its binding's name, and its new one."""

    old: Namespace
    new: Namespace


def renamed(before: Iterable[Namespace], after: Iterable[Namespace]) -> list[Renamed]:
    """Return the namespaces without an id whose keys no entry reads anymore.

    That is a binding that got an id, or a renamed one: the only removed binding of its environment,
    if exactly one was added.
    """
    then, now = list(before), list(after)
    ids_then, ids_now = {one.id for one in then}, {one.id for one in now}
    found: dict[tuple[str, str], Renamed] = {}
    for environment in dict.fromkeys(one.environment for one in then):
        gone = [
            one
            for one in then
            if one.environment == environment and one.id == one.binding and one.id not in ids_now
        ]
        came = [one for one in now if one.environment == environment and one.id not in ids_then]
        for old in gone:
            same = [new for new in came if new.binding == old.binding]
            if not same and len(gone) == len(came) == 1:
                same = came
            for new in same[:1]:
                found.setdefault((old.id, new.id), Renamed(old, new))
    return list(found.values())
