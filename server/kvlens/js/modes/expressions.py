"""Evaluate expressions, except calls."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kvlens.js.constants.literals import number_of, string_text, unescaped
from kvlens.js.modes.values import OTHER_MODE, Member, Scope, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.modes.evaluator import ModeEvaluator


_LONGEST = 2_000  # characters of a text


def string(evaluator: ModeEvaluator, node: Node, _scope: Scope, _depth: int) -> Value:
    """Evaluate a string literal."""
    return Value("string", node, string_text(evaluator.source, node))


def template(evaluator: ModeEvaluator, node: Node, scope: Scope, depth: int) -> Value:
    """Evaluate a template; unknown if a part of it is."""
    parts: list[str] = []
    for child in node.named_children:
        if child.type == "string_fragment":
            parts.append(evaluator.text(child))
            continue
        if child.type == "escape_sequence":
            parts.append(unescaped(evaluator.text(child)))
            continue
        if child.type != "template_substitution":
            return Value("unknown", node)
        inside = [each for each in child.named_children if each.type != "comment"]
        value = evaluator.value(inside[0], scope, depth) if inside else Value("unknown", node)
        if value.kind != "string" or value.value == OTHER_MODE:
            return Value("unknown", node)
        parts.append(str(value.value))
    if sum(map(len, parts)) > _LONGEST:
        return Value("unknown", node)
    return Value("string", node, "".join(parts))


def number(evaluator: ModeEvaluator, node: Node, _scope: Scope, _depth: int) -> Value:
    """Evaluate a number literal."""
    found = number_of(evaluator.text(node))
    return Value("unknown", node) if found is None else Value("number", node, found)


def boolean(evaluator: ModeEvaluator, node: Node, _scope: Scope, _depth: int) -> Value:
    """Evaluate `true` or `false`."""
    return Value("boolean", node, node.type == "true")


def nothing(evaluator: ModeEvaluator, node: Node, _scope: Scope, _depth: int) -> Value:
    """Evaluate `null` or `undefined`."""
    return Value("nothing", node)


def function(evaluator: ModeEvaluator, node: Node, scope: Scope, _depth: int) -> Value:
    """Return a function with the names that it can use."""
    return Value("function", node, scope=scope)


def awaited(evaluator: ModeEvaluator, node: Node, scope: Scope, depth: int) -> Value:
    """Evaluate what `await` waits for."""
    inside = node.named_children
    return evaluator.value(inside[0], scope, depth) if inside else Value("unknown", node)


def identifier(evaluator: ModeEvaluator, node: Node, scope: Scope, depth: int) -> Value:
    """Return what a name stands for."""
    name = evaluator.text(node)
    found = scope.find(name)
    if found is None:
        is_library = evaluator.imports.get(name) == "bindings"
        return Value("library", node, "bindings") if is_library else Value("unknown", node)
    home, known = found
    if not isinstance(known, Value):
        home.names[name] = Value("unknown", node)  # while it is evaluated: it needs itself
        known = home.names[name] = replace(evaluator.value(known, home, depth), chosen=None)
    return known


def object_literal(evaluator: ModeEvaluator, node: Node, scope: Scope, depth: int) -> Value:
    """Evaluate an object with its spreads; incomplete if a member of it isn't known."""
    members: dict[str, Member] = {}
    complete = True
    for child in node.named_children:
        if child.type == "comment":
            continue
        if child.type == "spread_element":
            inside = child.named_children
            spread = evaluator.value(inside[0], scope, depth) if inside else None
            if spread is not None and spread.kind == "object":
                members |= spread.members
                complete = complete and spread.complete
            elif spread is None or spread.truth is not False:
                complete = False
        elif child.type == "shorthand_property_identifier":
            own = evaluator.text(child)
            members[own] = Member(own, child, child, identifier(evaluator, child, scope, depth))
        else:
            key = child.child_by_field_name("key") or child.child_by_field_name("name")
            name = None if key is None else _key(evaluator, key, scope, depth)
            if key is None or name is None:
                complete = False
                continue
            if child.type == "pair":
                value = evaluator.field(child, "value", scope, depth)
            else:
                value = Value("function", child, scope=scope)
            place = key.named_children[0] if key.type == "computed_property_name" else key
            members[name] = Member(name, place, child, value)
    return Value("object", node, members=members, complete=complete)


def _key(evaluator: ModeEvaluator, key: Node, scope: Scope, depth: int) -> str | None:
    if key.type == "string":
        return string_text(evaluator.source, key)
    if key.type != "computed_property_name":
        return evaluator.text(key)
    inside = key.named_children
    value = evaluator.value(inside[0], scope, depth) if inside else None
    if value is None or value.kind != "string" or value.value == OTHER_MODE:
        return None
    return str(value.value)


def array(evaluator: ModeEvaluator, node: Node, scope: Scope, depth: int) -> Value:
    """Evaluate an array with its spreads."""
    items: list[Value] = []
    complete = True
    for child in node.named_children:
        if child.type == "spread_element":
            inside = child.named_children
            spread = evaluator.value(inside[0], scope, depth) if inside else None
            if spread is not None and spread.kind == "array":
                items += spread.items
                complete = complete and spread.complete
            else:
                complete = False
        elif child.type != "comment":
            items.append(evaluator.value(child, scope, depth))
    return Value("array", node, items=tuple(items), complete=complete)


def member(evaluator: ModeEvaluator, node: Node, scope: Scope, depth: int) -> Value:
    """Evaluate `holder.name`."""
    holder = evaluator.field(node, "object", scope, depth)
    name = node.child_by_field_name("property")
    return lookup(evaluator, node, holder, "" if name is None else evaluator.text(name))


def subscript(evaluator: ModeEvaluator, node: Node, scope: Scope, depth: int) -> Value:
    """Evaluate `holder[name]`; of a mode, the members name modes."""
    holder = evaluator.field(node, "object", scope, depth)
    index = evaluator.field(node, "index", scope, depth)
    if index.kind != "string":
        return Value("unknown", node)
    if index.is_mode and holder.kind == "object":
        for member in holder.members.values():
            evaluator.modes.names.setdefault(member.name, member.key)
    return lookup(evaluator, node, holder, str(index.value), is_typed=index.is_mode)


def lookup(
    evaluator: ModeEvaluator, node: Node, holder: Value, name: str, *, is_typed: bool = False
) -> Value:
    """Return a member; with `is_typed`, the type allows only names that are there."""
    if holder.kind == "library" and holder.value == "bindings":
        return Value("library", node, name)
    if holder.kind != "object":  # a module as a whole: `cf.bindings`
        is_library = name == "bindings"
        return Value("library", node, "bindings") if is_library else Value("unknown", node)
    member = holder.members.get(name)
    if member is None:
        missing = holder.complete and not is_typed
        return Value("nothing" if missing else "unknown", node)
    if name == "isPreview" and member.key is member.whole:
        evaluator.modes.has_preview = True
    return replace(member.value, chosen=None)


def ternary(evaluator: ModeEvaluator, node: Node, scope: Scope, depth: int) -> Value:
    """Evaluate the branch that the condition chooses."""
    truth = evaluator.field(node, "condition", scope, depth).truth
    if truth is None:
        for each in ("consequence", "alternative"):  # they may name modes
            evaluator.field(node, each, scope, depth)
        return Value("unknown", node)
    branch = node.child_by_field_name("consequence" if truth else "alternative")
    value = Value("unknown", node) if branch is None else evaluator.value(branch, scope, depth)
    return replace(value, chosen=value.chosen or branch)


def binary(evaluator: ModeEvaluator, node: Node, scope: Scope, depth: int) -> Value:
    """Evaluate a comparison, a concatenation, or what `&&`, `||` and `??` choose."""
    operator = node.child_by_field_name("operator")
    sign = "" if operator is None else operator.type
    left = evaluator.field(node, "left", scope, depth)
    if sign in ("&&", "||", "??"):
        decides = left.truth
        if sign == "??":
            decides = None if left.truth is None else left.kind == "nothing"
        elif sign == "||" and decides is not None:
            decides = not decides
        right = evaluator.field(node, "right", scope, depth)
        if decides is None:
            return Value("unknown", node)
        return right if decides else left
    right = evaluator.field(node, "right", scope, depth)
    if sign in ("===", "==", "!==", "!="):
        same = equal(evaluator, left, right)
        if same is None:
            return Value("unknown", node)
        return Value("boolean", node, same == (sign in ("===", "==")))
    texts = [each.value for each in (left, right) if each.kind == "string"]
    if sign != "+" or len(texts) < 2 or OTHER_MODE in texts:
        return Value("unknown", node)
    joined = "".join(map(str, texts))
    return Value("string", node, joined) if len(joined) <= _LONGEST else Value("unknown", node)


def equal(evaluator: ModeEvaluator, one: Value, other: Value) -> bool | None:
    """Return whether two values are equal; None if that isn't known.

    A text compared with the mode names one.
    """
    for mode, named in ((one, other), (other, one)):
        if mode.is_mode and named.kind == "string" and not named.is_mode:
            evaluator.modes.names.setdefault(str(named.value), named.node)
    scalar = ("string", "number", "boolean", "nothing")
    if one.kind not in scalar or other.kind not in scalar:
        return None
    return one.kind == other.kind and one.value == other.value


def unary(evaluator: ModeEvaluator, node: Node, scope: Scope, depth: int) -> Value:
    """Evaluate `!`, and the sign of a number."""
    operator = node.child_by_field_name("operator")
    value = evaluator.field(node, "argument", scope, depth)
    if operator is not None and operator.type == "!" and value.truth is not None:
        return Value("boolean", node, not value.truth)
    if operator is not None and operator.type == "-" and isinstance(value.value, float):
        return Value("number", node, -value.value)
    return Value("unknown", node)
