"""Evaluate members: of objects, enums, classes, imported modules and the platform's objects."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from kvlens.js.constants.values import Property, Value, placed_at, with_named_unit
from kvlens.js.platform import MEMBERS
from kvlens.js.tree import ancestor, is_field

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.constants.evaluator import ConstantEvaluator

_MEMBER_NAMES = {name for _, name in MEMBERS}
_NUMBERS = {"MAX_SAFE_INTEGER": 2.0**53 - 1, "NaN": math.nan}


def member(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate `base.name`."""
    base, name = node.child_by_field_name("object"), node.child_by_field_name("property")
    if base is None or name is None:
        return Value("unknown", node)
    word = evaluator.source.text_of(name)
    if base.type == "identifier":
        holder = evaluator.source.text_of(base)
        if holder == "Number" and word in _NUMBERS and evaluator.names.resolve(base) is None:
            return Value("number", node, _NUMBERS[word])
        value = _holder(evaluator, base, word, depth + 1)
        found = value.properties.get(word) if value and value.kind == "object" else None
        if value is not None and found is not None:
            if value.foreign or found.value.foreign:
                return with_named_unit(word, placed_at(found.value, node))
            followed = replace(found.value, source=found.value.source or found.value.node)
            return with_named_unit(word, replace(followed, thousand=False))
        declared = evaluator.names.resolve(base) if word == "request" else None
        if declared is not None and evaluator.variables.is_event(declared):
            return Value("instance", node, "Request")
    elif base.type == "member_expression":
        value = member(evaluator, base, depth + 1)
        found = value.properties.get(word) if value.kind == "object" else None
        if found is not None:
            if found.value.foreign:
                return with_named_unit(word, placed_at(found.value, node))
            return with_named_unit(
                word, replace(found.value, source=found.value.node, thousand=False)
            )
    elif base.type == "this":
        return _own_field(evaluator, node, word, depth)
    if word in _MEMBER_NAMES:
        value = evaluator.value(base, depth + 1)
        kind = MEMBERS.get((str(value.value), word)) if value.kind == "instance" else None
        if kind is not None:
            return Value("instance", node, kind)
    return evaluator.of_env(node, base, word)


def subscript(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate `base["name"]` and `base[0]`."""
    base, index = node.child_by_field_name("object"), node.child_by_field_name("index")
    if base is None or index is None:
        return Value("unknown", node)
    key = evaluator.value(index, depth + 1)
    found: Value | None = None
    if key.kind == "string":
        word = str(key.value)
        holder = _holder(evaluator, base, word, depth + 1) if base.type == "identifier" else None
        holder = holder or evaluator.value(base, depth + 1)
        member = holder.properties.get(word) if holder.kind == "object" else None
        found = member.value if member is not None else None
    elif key.kind == "number" and isinstance(key.value, float) and key.value.is_integer():
        holder = evaluator.value(base, depth + 1)
        at = int(key.value)
        is_known = holder.kind == "array" and holder.complete and 0 <= at < len(holder.items)
        found = holder.items[at] if is_known else None
    if found is None:
        is_name = key.kind == "string"
        return evaluator.of_env(node, base, str(key.value)) if is_name else Value("unknown", node)
    if found.foreign:
        return placed_at(found, node)
    return replace(found, source=found.source or found.node, thousand=False)


def _own_field(evaluator: ConstantEvaluator, node: Node, word: str, depth: int) -> Value:
    """Return the value of a `readonly` or private field of the enclosing class."""
    here = node.parent
    while here is not None and here.type != "class_body":
        here = here.parent
    for member in here.named_children if here is not None else ():
        if member.type == "method_definition":
            found = _own_parameter(evaluator, member, node, word, depth)
            if found is not None:
                return found
        if member.type != "public_field_definition":
            continue
        name, value = member.child_by_field_name("name"), member.child_by_field_name("value")
        if name is None or value is None or evaluator.source.text_of(name) != word:
            continue
        words = {evaluator.source.text_of(child) for child in member.children}
        is_kept = (
            bool({"readonly", "private"} & words) or name.type == "private_property_identifier"
        )
        if is_kept and not _may_differ(evaluator, name, words):
            found = replace(evaluator.value(value, depth + 1), source=value, thousand=False)
            return with_named_unit(word, found)
    return Value("unknown", node)


def _own_parameter(
    evaluator: ConstantEvaluator, method: Node, node: Node, word: str, depth: int
) -> Value | None:
    """Return the value of a field that is a parameter: `constructor(private ttl = 30)`."""
    given = method.child_by_field_name("parameters")
    for each in given.named_children if given is not None else ():
        words = {evaluator.source.text_of(child) for child in each.children}
        name = each.child_by_field_name("pattern")
        if name is None or evaluator.source.text_of(name) != word:
            continue
        declared = evaluator.names.resolve(name) if {"readonly", "private"} & words else None
        if declared is not None and not _may_differ(evaluator, name, words):
            return evaluator.variables.value_of(declared, word, node, depth)
    return None


def _may_differ(evaluator: ConstantEvaluator, name: Node, words: set[str]) -> bool:
    """Return whether code of the class may set a field, or a subclass may have its own."""
    whole = ancestor(name, {"class_declaration", "class", "abstract_class_declaration"})
    is_private = "private" in words or name.type == "private_property_identifier"
    if whole is not None and whole.type.startswith("abstract") and not is_private:
        return True
    for node in evaluator.names.nodes(evaluator.source.text_of(name)):
        parent = node.parent
        if parent is None or node.id == name.id:
            continue
        is_other = parent.type in ("public_field_definition", "method_definition")
        if is_other and is_field(parent, "name", node) and not is_private:
            return True
        target = parent.parent
        if parent.type == "member_expression" and target is not None:
            is_set = target.type.endswith("assignment_expression")
            if is_set and is_field(target, "left", parent):
                return True
            if target.type in ("update_expression", "array_pattern", "pair_pattern"):
                return True
    return False


def _holder(evaluator: ConstantEvaluator, node: Node, member: str, depth: int) -> Value | None:
    """Return the object, enum or class that a name stands for, or the module's member."""
    declared = evaluator.names.resolve(node)
    if declared is None:
        return None
    if declared.kind == "class":
        return members_of(evaluator, declared.origin, depth + 1)
    if declared.kind == "import":
        whole = evaluator.imported_value(declared, member, depth + 1)
        if whole is not None:
            inner = Property(member, node, placed_at(whole, node))
            return Value("object", node, properties={member: inner})
    return evaluator.variables.value_of(declared, evaluator.source.text_of(node), node, depth)


def members_of(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value | None:
    """Return the constants of an enum, or the constant static fields of a class."""
    found: dict[str, Property] = {}
    body = node.child_by_field_name("body")
    following: float | None = 0.0
    for member in body.named_children if body is not None else ():
        key = member.child_by_field_name("name") or member.child_by_field_name("property")
        start = member.child_by_field_name("value")
        if member.type in ("property_identifier", "enum_assignment"):
            key = key or member
            value = evaluator.value(start, depth + 1) if start is not None else None
            if value is None and following is not None:
                value = Value("number", member, following)
            is_number = value is not None and value.kind == "number"
            following = float(str(value.value)) + 1 if value and is_number else None
        elif key is None or start is None or not _is_constant(evaluator, member, key):
            continue
        else:
            value = evaluator.value(start, depth + 1)
        name = evaluator.source.text_of(key)
        if value is not None:
            found[name] = Property(name, key, value)
    return Value("object", node, properties=found)


def _is_constant(evaluator: ConstantEvaluator, member: Node, key: Node) -> bool:
    """Return whether a static field of a class keeps its value."""
    words = {child.type for child in member.children}
    if "static" not in words:
        return False
    if "readonly" in words:
        return True
    for node in evaluator.names.nodes(evaluator.source.text_of(key)):
        parent = node.parent
        whole = parent.parent if parent is not None else None
        if parent is None or whole is None or parent.type != "member_expression":
            continue
        if whole.type == "update_expression":
            return False
        left = whole.child_by_field_name("left")
        if whole.type.endswith("assignment_expression") and left and left.id == parent.id:
            return False
    return True
