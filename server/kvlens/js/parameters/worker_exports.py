"""Which objects are Workers: their functions are handlers, that the runtime calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.js.parameters.function_types import annotation_of, cast_of
from kvlens.js.syntax import outer
from kvlens.js.tree import ancestor

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow


def is_worker(flow: Flow, record: Node) -> bool:
    """Return whether an object is a Worker: exported, or of the type ExportedHandler."""
    cast = cast_of(record) or annotation_of(record)
    said = flow.text(cast) if cast is not None else flow.types.documented_text(record)
    if "ExportedHandler" in said:
        return True
    exported = ancestor(record, {"export_statement", "statement_block", "class_body"})
    if exported is not None and exported.type == "export_statement":
        return exported.child_by_field_name("value") is not None
    here = outer(record)
    parent = here.parent
    if parent is None:
        return False
    if parent.type == "assignment_expression":
        left = parent.child_by_field_name("left")
        return left is not None and flow.text(left) in ("module.exports", "exports.default")
    if parent.type == "variable_declarator":
        name = parent.child_by_field_name("name")
        if name is None or name.type != "identifier":
            return False
        declared = flow.names.resolve(name)
        return declared is not None and any(
            _is_default_export(flow, node) for node in flow.names.references(declared)
        )
    return False


def _is_default_export(flow: Flow, node: Node) -> bool:
    here = outer(node)
    parent = here.parent
    while parent is not None and parent.type in ("arguments", "call_expression"):
        here, parent = parent, parent.parent
    if parent is None:
        return False
    if parent.type == "export_statement":
        return parent.child_by_field_name("value") is not None
    if parent.type == "export_specifier":
        alias = parent.child_by_field_name("alias")
        return alias is not None and flow.text(alias) == "default"
    if parent.type == "assignment_expression":
        left = parent.child_by_field_name("left")
        return left is not None and flow.text(left) == "module.exports"
    return False
