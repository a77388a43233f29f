"""The calls in other sources of a project of a function or class that a source exports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.program import Modules
from kvlens.js.syntax import Source, call_of

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_SOURCES = 50  # that import one, and are looked at


def importing_calls(source: Source, name: str, modules: Modules) -> Iterator[tuple[Source, Node]]:
    """Yield the calls of an exported function, or what `new` makes of a class, by source."""
    for path, _ in zip(modules.importers(source.path), range(_MOST_SOURCES), strict=False):
        importer = modules.source(path)
        for use in _uses(importer, name) if importer is not None else ():
            call = call_of(use)
            if importer is not None and call is not None:
                yield importer, call


def _uses(importer: Source, name: str) -> Iterator[Node]:
    names = importer.names
    for node in names.nodes(name):
        parent = node.parent
        if parent is None or node.type in ("string_fragment", "type_identifier"):
            continue
        if parent.type == "import_specifier":
            alias = parent.child_by_field_name("alias")
            own = names.resolve(alias) if alias is not None else None
            yield from names.references(own) if own is not None else ()
            continue
        base = node
        if parent.type == "member_expression":
            left = parent.child_by_field_name("object")
            if left is None or left.id == node.id or left.type != "identifier":
                continue
            node, base = parent, left
        declared = names.resolve(base)
        if declared is not None and declared.kind == "import" and declared.node.id != base.id:
            yield node
