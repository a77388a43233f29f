"""The bindings and ids of each environment, collected once for all rules that compare them."""

from __future__ import annotations

from typing import NamedTuple

from kvlens.config.model import KV_FIELD, Config, Entry, Environment
from kvlens.config.nodes import Node
from kvlens.memo import memo


class EnvBindings(NamedTuple):
    """The entries of one environment, with the binding and id of each, if any."""

    environment: Environment
    entries: list[Entry]
    bindings: list[str | None]
    ids: list[str | None]
    by_binding: dict[str | None, int]  # first index of each
    by_id: dict[str | None, int]


@memo
def bindings_by_env(config: Config) -> list[EnvBindings]:
    """Return the bindings of every environment, the top level first."""
    return [_read(environment) for environment in config.environments]


@memo
def environments_above(config: Config) -> dict[int, EnvBindings]:
    """Return the environment that the last header before a `[[kv_namespaces]]` belongs to."""
    known = {one.environment.name: one for one in bindings_by_env(config)}
    found: dict[int, EnvBindings] = {}
    last: EnvBindings | None = None
    for start, section in config.sections:
        path = section.path
        if path == (KV_FIELD,) and last:
            found[start] = last
        elif path != (KV_FIELD,):
            last = known.get(path[1]) if len(path) > 1 and path[0] == "env" else None
    return found


def duplicates(values: list[str | None]) -> list[tuple[int, int]]:
    """Return the (first, later) indexes of values that occur more than once."""
    there = [value for value in values if value is not None]
    if len(set(there)) == len(there):
        return []
    first: dict[str, int] = {}
    return [
        (first[value], place)
        for place, value in enumerate(values)
        if value is not None and first.setdefault(value, place) != place
    ]


def _read(environment: Environment) -> EnvBindings:
    entries = [entry for kv in environment.kv for entry in kv.entries]
    pairs = [_pair(entry.node) for entry in entries]
    bindings, ids = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return EnvBindings(environment, entries, bindings, ids, _first(bindings), _first(ids))


@memo
def _pair(node: Node) -> tuple[str | None, str | None]:
    entry = Entry(0, node)
    return entry.text_of("binding"), entry.text_of("id")


def _first(values: list[str | None]) -> dict[str | None, int]:
    first: dict[str | None, int] = {}
    for place, value in enumerate(values):
        first.setdefault(value, place)
    return first
