"""Run the statements of a function, up to the value that they return."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kvlens.js.modes.declarations import below, declare
from kvlens.js.modes.expressions import equal
from kvlens.js.modes.patterns import bind_constants
from kvlens.js.modes.values import Scope, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.modes.evaluator import ModeEvaluator


def run(
    evaluator: ModeEvaluator, statements: Iterable[Node], scope: Scope, depth: int
) -> Value | str | None:
    """Run statements: the value that they return, "break", or None at their end."""
    listed = [each for each in statements if each.type != "comment"]
    for statement in listed:
        declare(evaluator, statement, scope)
    for statement in listed:
        done = _step(evaluator, statement, scope, depth + 1)
        if done is not None:
            return done
    return None


def _step(evaluator: ModeEvaluator, node: Node, scope: Scope, depth: int) -> Value | str | None:
    if not evaluator.goes_on(depth):
        return Value("unknown", node)
    if node.type == "return_statement":
        inside = [each for each in node.named_children if each.type != "comment"]
        return evaluator.value(inside[0], scope, depth) if inside else Value("nothing", node)
    if node.type == "statement_block":
        return run(evaluator, node.named_children, Scope(scope), depth)
    if node.type == "if_statement":
        return _if(evaluator, node, scope, depth)
    if node.type == "switch_statement":
        return _switch(evaluator, node, scope, depth)
    if node.type == "throw_statement":
        return Value("throws", node)
    if node.type == "break_statement":
        return "break"
    if node.type == "lexical_declaration":
        bind_constants(evaluator, node, scope, depth)
        return None
    if node.type in ("expression_statement", "function_declaration"):
        return None
    return _unsure(evaluator, node)


def _unsure(evaluator: ModeEvaluator, node: Node) -> Value | None:
    """Return "unknown" for a statement that may return or not."""
    returns = any(each.type in ("return_statement", "throw_statement") for each in below(node))
    return Value("unknown", node) if returns else None


def _if(evaluator: ModeEvaluator, node: Node, scope: Scope, depth: int) -> Value | str | None:
    truth = evaluator.field(node, "condition", scope, depth).truth
    if truth is None:
        return _unsure(evaluator, node)
    branch = node.child_by_field_name("consequence" if truth else "alternative")
    if branch is not None and branch.type == "else_clause":
        branch = next((each for each in branch.named_children if each.type != "comment"), None)
    return None if branch is None else _step(evaluator, branch, scope, depth)


def _switch(evaluator: ModeEvaluator, node: Node, scope: Scope, depth: int) -> Value | str | None:
    wanted = evaluator.field(node, "value", scope, depth)
    body = node.child_by_field_name("body")
    cases = [each for each in body.named_children if each.type != "comment"] if body else []
    inner, start = Scope(scope), None
    for index, case in enumerate(cases):
        value = case.child_by_field_name("value")
        if value is None:  # default
            continue
        same = equal(evaluator, wanted, evaluator.value(value, scope, depth))
        if same is None:
            return _unsure(evaluator, node)
        if same and start is None:
            start = index
    if start is None:
        start = next(
            (i for i, case in enumerate(cases) if case.type == "switch_default"), len(cases)
        )
    for case in cases[start:]:
        done = run(evaluator, case.children_by_field_name("body"), inner, depth)
        if done is not None:
            return None if done == "break" else done
    return None
