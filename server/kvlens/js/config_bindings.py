"""The bindings that a source's configs declare: which are KV namespaces, and where."""

from __future__ import annotations

import functools
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from weakref import WeakKeyDictionary

from kvlens.config.model import KV_FIELD, Config
from kvlens.config.nodes import BROKEN_KINDS, Node
from kvlens.config.tables import Table
from kvlens.memo import memo

_DEPTH = 20
QUOTED = re.compile(r"""["']([^"'\n]{1,80})["']""")
_kept: WeakKeyDictionary[Config, ConfigBindings]


@dataclass(frozen=True)
class ConfigBindings:
    """The names that one or several configs bind for a Worker's code."""

    kv: dict[str, frozenset[str | None]]  # binding: the environments that declare it
    environments: tuple[str | None, ...]  # those that a deploy could select
    others: frozenset[str]  # every other name and string in the configs, which may be bindings too
    quoted: frozenset[str]  # everything in quotes, even in comments
    unsure: bool  # a config is half-typed, or there is none
    variables: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    """The numbers that each variable is or converts to, each once; None for another value."""

    def missing(self, binding: str) -> tuple[str | None, ...]:
        """Return the environments without this binding."""
        found = self.kv.get(binding, frozenset())
        return tuple(name for name in self.environments if name not in found)


NOTHING = ConfigBindings({}, (), frozenset(), frozenset(), True)


def belonging(path: str, configs: Iterable[Config]) -> list[Config]:
    """Return the configs of a source's Worker: those in the nearest folder."""
    found: list[Config] = []
    depth = -1
    folders = PurePath(path).parents
    for config in configs:
        folder = PurePath(config.path).parent
        if folder not in folders or len(folder.parts) < depth:
            continue
        if len(folder.parts) > depth:
            depth, found = len(folder.parts), []
        found.append(config)
    return found


def declared(configs: Sequence[Config]) -> ConfigBindings:
    """Merge the declarations of these configs.

    A source that several Workers share has a binding if any of them has it. An environment lacks a
    binding if a config that declares it elsewhere lacks it there.
    """
    if len(configs) < 2:
        return _of(configs[0]) if configs else NOTHING
    return _merged(tuple(configs))


@functools.lru_cache(maxsize=4)
def _merged(configs: tuple[Config, ...]) -> ConfigBindings:
    each = [_of(config) for config in configs]
    kv: dict[str, frozenset[str | None]] = {}
    for one in each:
        for name in one.kv:
            lacking = {env for other in each if name in other.kv for env in other.missing(name)}
            kv[name] = frozenset(_union(other.environments for other in each)) - lacking
    return ConfigBindings(
        kv,
        tuple(_union(one.environments for one in each)),
        frozenset().union(*(one.others for one in each)),
        frozenset().union(*(one.quoted for one in each)),
        any(one.unsure for one in each),
        {
            name: tuple(
                dict.fromkeys(value for one in each for value in one.variables.get(name, ()))
            )
            for name in dict.fromkeys(name for one in each for name in one.variables)
        },
    )


@memo
def entries(config: Config) -> tuple[str, ...]:
    """Return the paths of the files that the environments start, as far as they name one."""
    return tuple(_entries(config))


def _entries(config: Config) -> Iterator[str]:
    folder = PurePath(config.path).parent
    for environment in config.environments:
        for definition in environment.table.get("main"):
            node = definition.node
            if node is not None and node.kind == "string" and isinstance(node.value, str):
                yield os.path.normpath(folder / node.value)


def _union(names: Iterable[tuple[str | None, ...]]) -> list[str | None]:
    return list(dict.fromkeys(name for group in names for name in group))


def _of(config: Config) -> ConfigBindings:
    found = _kept.get(config)
    if found is None:
        found = _kept[config] = _read(config)
    return found


def _read(config: Config) -> ConfigBindings:
    kv: dict[str, set[str | None]] = {}
    unsure = False
    counted: list[str | None] = []
    for environment in config.environments:
        entries = [entry for kv_list in environment.kv for entry in kv_list.entries]
        # if every deploy names an environment, the top level declares nothing
        if environment.name is not None or entries:
            counted.append(environment.name)
        for kv_list in environment.kv:
            unsure = unsure or kv_list.broken or kv_list.kind != "array"
        for entry in entries:
            binding = entry.text_of("binding")
            if entry.broken or not binding:
                unsure = True
            else:
                kv.setdefault(binding, set()).add(environment.name)
    others: set[str] = set()
    _collect(config.root, others, 0)
    return ConfigBindings(
        {name: frozenset(found) for name, found in kv.items()},
        tuple(counted),
        frozenset(others),
        frozenset(QUOTED.findall(config.text)),
        unsure,
        {name: tuple(values) for name, values in _variables(config).items()},
    )


def _variables(config: Config) -> dict[str, dict[float | None, None]]:
    found: dict[str, dict[float | None, None]] = {}
    for environment in config.environments:
        for variables in environment.table.get("vars"):
            table = variables.table
            for name in table.names() if table is not None else ():
                for definition in table.get(name) if table is not None else ():
                    found.setdefault(name, {})[_number(definition.node)] = None
    return found


def _number(node: Node | None) -> float | None:
    """Return the number that a variable's value is, or converts to."""
    if node is None or node.kind not in ("integer", "float", "string"):
        return None
    try:
        number = float(node.value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _collect(table: Table, found: set[str], depth: int) -> None:
    """Collect every name and string of a table, except those in `kv_namespaces`."""
    for name in table.names():
        if name == KV_FIELD:
            continue
        found.add(name)
        for definition in table.get(name):
            if definition.table is not None and depth < _DEPTH:
                _collect(definition.table, found, depth + 1)
            elif definition.node is not None:
                _texts(definition.node, found, depth)
            for _, body in definition.elements:
                _texts(body, found, depth)


def _texts(node: Node, found: set[str], depth: int) -> None:
    if node.kind == "string" and isinstance(node.value, str):
        found.add(node.value)
    if depth >= _DEPTH or node.kind in BROKEN_KINDS:
        return
    for member in node.members:
        if member.key and member.key[-1].name != KV_FIELD:
            found.update(part.name for part in member.key)
            _texts(member.value, found, depth + 1)
    for _, item in node.items:
        _texts(item, found, depth + 1)


_kept = WeakKeyDictionary()
