"""Helpers for walking the parser's tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node


def ancestor(node: Node, types: set[str] | frozenset[str]) -> Node | None:
    """Return the nearest ancestor with one of these types."""
    here = node.parent
    while here is not None and here.type not in types:
        here = here.parent
    return here


def is_field(parent: Node, field: str, node: Node) -> bool:
    """Return whether a node is the given field of its parent."""
    child = parent.child_by_field_name(field)
    return child is not None and child.id == node.id
