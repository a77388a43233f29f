"""Find namespaces written as environment variables: in `[vars]`, in any form but a list.

A list with the name `kv_namespaces` is found by `misplaced_lists`, as in any other table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kvlens.config.model import Config, elements
from kvlens.config.tables import Definition, Table
from kvlens.lint.ids import is_real
from kvlens.lint.misplaced_lists import FIELDS_OF_KV, means_kv
from kvlens.memo import memo
from kvlens.text import Span

_MOST = 1_000  # variables of one environment that are looked at


class InVars(NamedTuple):
    """One or several namespaces that are a variable."""

    name: str
    environment: str | None
    binding: str | None  # of a single namespace
    is_flat: bool = False  # its fields are variables themselves


@memo
def namespaces_in_vars(config: Config) -> Mapping[Span, InVars]:
    """Return them by the key of the variable."""
    found: dict[Span, InVars] = {}
    for environment in config.environments:
        for definition in environment.table.get("vars"):
            for key, name, binding, is_flat in _in_table(definition.table):
                found[key] = InVars(name, environment.name, binding, is_flat)
    return found


def _in_table(table: Table | None) -> Iterator[tuple[Span, str, str | None, bool]]:
    if table is None:
        return
    if _is_namespace(table):
        yield table.get("binding")[0].key, "binding", _text(table, "binding"), True
    for name, _ in zip(table.names(), range(_MOST), strict=False):
        for definition in table.get(name):
            if _means_namespaces(name, definition):
                alone = definition.table or next(iter(_elements(definition)), None)
                is_alone = alone is not None and len(definition.elements) < 2
                binding = _text(alone, "binding") if alone is not None and is_alone else None
                yield definition.key, name, binding, False


def _means_namespaces(name: str, definition: Definition) -> bool:
    """Return whether a variable is certainly meant to be one or several namespaces."""
    node, table = definition.node, definition.table
    if node is not None and node.broken:
        return False
    if means_kv(name):
        if table is not None:
            fields = list(table.names())
            return bool(FIELDS_OF_KV & set(fields)) or any(
                is_real(_text(table, field)) for field in fields
            )
        if node is not None and node.kind == "string":
            return '"binding"' in str(node.value)
        items = [item for _, item in node.items] if node is not None else []
        return any(item.kind == "string" and is_real(str(item.value)) for item in items)
    if table is not None:
        return _is_namespace(table)
    tables = _elements(definition)
    return bool(tables) and all(map(_is_namespace, tables))


def _elements(definition: Definition) -> list[Table]:
    return [Table([(entry.base, entry.node)]) for entry in elements(definition)]


def _is_namespace(table: Table) -> bool:
    return bool(_text(table, "binding")) and is_real(_text(table, "id"))


def _text(table: Table, field: str) -> str | None:
    definition = next(iter(table.get(field)), None)
    node = definition.node if definition is not None else None
    return str(node.value) if node is not None and node.kind == "string" else None
