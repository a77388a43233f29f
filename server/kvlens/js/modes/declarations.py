"""Find what a file or a function declares, and what the code changes afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.modes.values import Scope, Value
from kvlens.js.syntax import Source

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.modes.evaluator import ModeEvaluator


_ASSIGNING = {"assignment_expression", "augmented_assignment_expression", "update_expression"}


def declare(evaluator: ModeEvaluator, statement: Node, scope: Scope) -> None:
    """Note the names that a statement defines; constants are evaluated at first use."""
    if statement.type == "import_statement":
        _import(evaluator, statement)
    elif statement.type == "export_statement":
        _export(evaluator, statement, scope)
    elif statement.type == "lexical_declaration":
        kind = statement.child_by_field_name("kind")
        is_constant = kind is not None and kind.type == "const"
        for declarator in statement.named_children:
            name = declarator.child_by_field_name("name")
            value = declarator.child_by_field_name("value")
            if name is None or name.type != "identifier":
                continue
            text = evaluator.text(name)
            known = is_constant and value is not None and text not in evaluator.changed
            scope.names[text] = value if known and value else Value("unknown", declarator)
    elif statement.type == "function_declaration":
        name = statement.child_by_field_name("name")
        if name is not None:
            scope.names[evaluator.text(name)] = Value("function", statement, scope=scope)


def _import(evaluator: ModeEvaluator, statement: Node) -> None:
    for node in below(statement):
        if node.type == "import_specifier":
            name = node.child_by_field_name("name")
            alias = node.child_by_field_name("alias") or name
            if name is not None and alias is not None:
                evaluator.imports[evaluator.text(alias)] = evaluator.text(name)


def _export(evaluator: ModeEvaluator, statement: Node, scope: Scope) -> None:
    inner = statement.child_by_field_name("declaration")
    value = statement.child_by_field_name("value")
    is_default = any(child.type == "default" for child in statement.children)
    if inner is not None:
        declare(evaluator, inner, scope)
        if is_default:
            evaluator.default = inner.child_by_field_name("name") or inner
    elif value is not None and is_default:
        evaluator.default = value
    for clause in statement.named_children:
        for each in clause.named_children if clause.type == "export_clause" else ():
            alias = each.child_by_field_name("alias")
            if alias is not None and evaluator.text(alias) == "default":
                evaluator.default = each.child_by_field_name("name")


def below(node: Node) -> Iterator[Node]:
    """Yield all nodes in a node, without those in functions."""
    waiting = list(node.named_children)
    while waiting:
        here = waiting.pop()
        yield here
        if "function" not in here.type:
            waiting += here.named_children


def changed_names(source: Source) -> frozenset[str]:
    """Return the names whose values, or members of them, the code changes."""
    found: set[str] = set()
    waiting = [source.root]
    while waiting:
        here = waiting.pop()
        target: Node | None = None
        if here.type in _ASSIGNING:
            target = here.child_by_field_name("left") or here.child_by_field_name("argument")
        elif (
            here.type == "unary_expression" and here.children and here.children[0].type == "delete"
        ):
            target = here.child_by_field_name("argument")
        elif here.type == "call_expression":
            target = _changed_by_call(source, here)
        while target is not None and target.type in ("member_expression", "subscript_expression"):
            target = target.child_by_field_name("object")
        if target is not None and target.type == "identifier":
            found.add(source.text_of(target))
        waiting += here.named_children
    return frozenset(found)


def _changed_by_call(source: Source, call: Node) -> Node | None:
    """Return the first argument of `Object.assign` and the like, which they change."""
    callee = call.child_by_field_name("function")
    arguments = call.child_by_field_name("arguments")
    if callee is None or arguments is None or not source.text_of(callee).startswith("Object."):
        return None
    return next(iter(arguments.named_children), None)
