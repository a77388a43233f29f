"""Evaluate calls: of the functions of `cf/config`, and of those in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.js.modes.expressions import equal
from kvlens.js.modes.patterns import bind_parameters
from kvlens.js.modes.statements import run
from kvlens.js.modes.values import DEEPEST, Kind, Scope, Value
from kvlens.js.syntax import plain

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.modes.evaluator import ModeEvaluator


_DEFINING = {"defineConfig", "defineWorker"}


def call(evaluator: ModeEvaluator, node: Node, scope: Scope, depth: int) -> Value:
    """Evaluate a call."""
    callee = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    if callee is None or arguments is None:
        return Value("unknown", node)
    given = [
        evaluator.value(each, scope, depth)
        for each in arguments.named_children
        if each.type != "comment"
    ]
    callee = plain(callee)
    function = evaluator.value(callee, scope, depth)
    if function.kind == "library" and function.value != "bindings":
        return _binding(node, function, given)
    name = _name(evaluator, callee, scope)
    if name in _DEFINING and given:
        return evaluator.config(given[0])
    if callee.type == "member_expression" and name == "includes" and len(given) == 1:
        return _includes(evaluator, node, evaluator.field(callee, "object", scope, depth), given[0])
    return run_function(evaluator, function, given, depth)


def _binding(node: Node, function: Value, given: list[Value]) -> Value:
    about = given[0] if given else Value("object", node)
    known = len(given) < 2 and about.kind == "object"
    kind: Kind = "kv" if function.value == "kv" else "binding"
    members = about.members if known else {}
    return Value(kind, node, function.value, members=members, complete=known and about.complete)


def _name(evaluator: ModeEvaluator, callee: Node, scope: Scope) -> str | None:
    """Return the name of a function: what a module calls it, or what is after the dot."""
    if callee.type == "identifier":
        name = evaluator.text(callee)
        return evaluator.imports.get(name, name) if scope.find(name) is None else None
    name_node = callee.child_by_field_name("property")
    return None if name_node is None else evaluator.text(name_node)


def _includes(evaluator: ModeEvaluator, node: Node, array: Value, wanted: Value) -> Value:
    if array.kind != "array":
        return Value("unknown", node)
    found = [equal(evaluator, wanted, item) for item in array.items]
    if True in found:
        return Value("boolean", node, True)
    if None in found or not array.complete:
        return Value("unknown", node)
    return Value("boolean", node, False)


def run_function(
    evaluator: ModeEvaluator, function: Value, given: list[Value], depth: int
) -> Value:
    """Return what a function returns for these arguments."""
    node = function.node
    body = node.child_by_field_name("body") if function.kind == "function" else None
    if body is None or depth > DEEPEST or any(child.type == "*" for child in node.children):
        return Value("unknown", node)
    scope = Scope(function.scope)
    bind_parameters(evaluator, node, scope, given, depth)
    if body.type != "statement_block":
        return evaluator.value(body, scope, depth)
    done = run(evaluator, body.named_children, scope, depth)
    return done if isinstance(done, Value) else Value("nothing", node)
