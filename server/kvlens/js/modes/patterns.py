"""Give the names in a pattern, such as `{ mode }`, their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.js.modes.expressions import lookup
from kvlens.js.modes.values import Scope, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.modes.evaluator import ModeEvaluator


def bind_parameters(
    evaluator: ModeEvaluator, node: Node, scope: Scope, given: list[Value], depth: int
) -> None:
    """Give the parameters of a function their arguments, or their defaults."""
    alone = node.child_by_field_name("parameter")
    parameters = node.child_by_field_name("parameters")
    patterns = [alone] if alone else parameters.named_children if parameters else []
    patterns = [each for each in patterns if each.type != "comment"]
    for index, pattern in enumerate(patterns):
        inner = pattern.child_by_field_name("pattern") or pattern
        default = pattern.child_by_field_name("value")
        value = given[index] if index < len(given) else Value("nothing", node)
        if value.kind == "nothing" and default is not None:
            value = evaluator.value(default, scope, depth)
        bind(evaluator, inner, value, scope, depth)


def bind_constants(evaluator: ModeEvaluator, statement: Node, scope: Scope, depth: int) -> None:
    """Give the names in the patterns of a declaration their values: `const { mode } = ctx`."""
    kind = statement.child_by_field_name("kind")
    for declarator in statement.named_children:
        pattern, value = (declarator.child_by_field_name(each) for each in ("name", "value"))
        if pattern is not None and pattern.type == "object_pattern" and value is not None:
            is_constant = kind is not None and kind.type == "const"
            known = evaluator.value(value, scope, depth) if is_constant else None
            bind(evaluator, pattern, known or Value("unknown", value), scope, depth)


def bind(evaluator: ModeEvaluator, pattern: Node, value: Value, scope: Scope, depth: int) -> None:
    """Give the names in a pattern their parts of a value."""
    if not evaluator.goes_on(depth):
        return
    if pattern.type in ("identifier", "shorthand_property_identifier_pattern"):
        name = evaluator.text(pattern)
        scope.names[name] = Value("unknown", pattern) if name in evaluator.changed else value
    elif pattern.type in ("assignment_pattern", "object_assignment_pattern"):
        left, right = (pattern.child_by_field_name(each) for each in ("left", "right"))
        if left is not None and right is not None:
            if value.kind == "nothing":
                value = evaluator.value(right, scope, depth)
            bind(evaluator, left, value, scope, depth + 1)
    elif pattern.type == "object_pattern":
        for child in pattern.named_children:
            _bind_member(evaluator, child, value, scope, depth + 1)


def _bind_member(
    evaluator: ModeEvaluator, child: Node, value: Value, scope: Scope, depth: int
) -> None:
    target: Node | None = child
    if child.type == "pair_pattern":
        key, target = (child.child_by_field_name(each) for each in ("key", "value"))
    else:
        key = child.child_by_field_name("left") or child
    if key is None or target is None or child.type in ("comment", "rest_pattern"):
        return
    bind(evaluator, target, lookup(evaluator, child, value, evaluator.text(key)), scope, depth)
