"""Bindings and ids of each environment side by side, read once for all rules that compare them."""

from __future__ import annotations

from typing import NamedTuple

from kvlens.config.model import Config, Entry, Environment

_KEPT = "columns"


class Columns(NamedTuple):
    """The entries of one environment, and of each its binding and its id where it has them."""

    environment: Environment
    entries: list[Entry]
    bindings: list[str | None]
    ids: list[str | None]
    by_binding: dict[str | None, int]  # the first place of each
    by_id: dict[str | None, int]


def columns(config: Config) -> list[Columns]:
    """Return the columns of every environment, the top level first."""
    kept: list[Columns] | None = config.cache.get(_KEPT)
    if kept is None:
        kept = config.cache[_KEPT] = [_read(environment) for environment in config.environments]
    return kept


def twice(values: list[str | None]) -> list[tuple[int, int]]:
    """Return (first, later) places of what stands more than once in a column."""
    there = [value for value in values if value is not None]
    if len(set(there)) == len(there):
        return []
    first: dict[str, int] = {}
    return [
        (first[value], place)
        for place, value in enumerate(values)
        if value is not None and first.setdefault(value, place) != place
    ]


def _read(environment: Environment) -> Columns:
    entries = [entry for kv in environment.kv for entry in kv.entries]
    pairs = []
    for entry in entries:
        pair: tuple[str | None, str | None] | None = entry.node.cache.get(_KEPT)
        if pair is None:
            pair = entry.node.cache[_KEPT] = (entry.text_of("binding"), entry.text_of("id"))
        pairs.append(pair)
    bindings, ids = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return Columns(environment, entries, bindings, ids, _first(bindings), _first(ids))


def _first(values: list[str | None]) -> dict[str | None, int]:
    first: dict[str | None, int] = {}
    for place, value in enumerate(values):
        first.setdefault(value, place)
    return first
