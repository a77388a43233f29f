"""The calls in other sources of a project of a function that a source exports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.program import Modules
from kvlens.js.syntax import Source, call_of

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_SOURCES = 50  # that import one, and are looked at
_SPECIFIERS = ("import_specifier", "export_specifier")


def importing_calls(
    source: Source, name: str, modules: Modules
) -> Iterator[tuple[Source, Node | None]]:
    """Yield the calls of an exported function, each with its source.

    None instead of a call for a use that isn't one, such as a callback or another name for it.
    """
    for path, _ in zip(modules.importers(source.path), range(_MOST_SOURCES), strict=False):
        importer = modules.source(path)
        for node in importer.names.nodes(name) if importer is not None else ():
            assert importer is not None
            parent = node.parent
            if parent is None or node.type in ("string_fragment", "type_identifier"):
                continue
            if parent.type in _SPECIFIERS:
                if parent.child_by_field_name("alias") is not None or parent.type != _SPECIFIERS[0]:
                    yield importer, None
                continue
            if parent.type == "member_expression":
                base = parent.child_by_field_name("object")
                if base is None or base.id == node.id or base.type != "identifier":
                    continue
                node = parent
            else:
                base = node
            declared = importer.names.resolve(base)
            if declared is not None and declared.kind == "import" and declared.node.id != base.id:
                yield importer, call_of(node)
