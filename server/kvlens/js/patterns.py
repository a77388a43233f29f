"""What patterns take from a value: `const { CARTS } = env`, `[first, ...others] = list`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.annotations import typed
from kvlens.js.env_access import may_have_env
from kvlens.js.parameters.parameter import parameter_value
from kvlens.js.property_names import property_name
from kvlens.js.scopes import Declaration
from kvlens.js.shared_objects import shared_of
from kvlens.js.syntax import plain
from kvlens.js.tree import ancestor, is_field
from kvlens.js.values import (
    NOTHING,
    Env,
    NamespaceAccess,
    Sequence,
    Value,
    element_of,
    settled,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow

_REST = "{...}"  # steps of a pattern
_OTHER_ITEMS = "[...]"


def steps_to(flow: Flow, declared: Declaration) -> tuple[Node, list[tuple[Node, str | int | None]]]:
    """Return the outermost pattern of a variable, and the steps from it to the variable."""
    steps: list[tuple[Node, str | int | None]] = []
    here = declared.node
    if here.type == "shorthand_property_identifier_pattern":
        steps.append((here, flow.text(here)))
    parent = here.parent
    while parent is not None and here.id != declared.origin.id:
        kind = parent.type
        if kind == "pair_pattern":
            key = parent.child_by_field_name("key")
            steps.append((parent, property_name(flow, key) if key is not None else None))
        elif kind == "array_pattern":
            steps.append((here, _place_in(parent, here)))
        elif kind == "rest_pattern":
            if parent.parent is not None and parent.parent.type == "object_pattern":
                steps.append((parent, _REST))
        elif kind not in ("object_pattern", "assignment_pattern", "object_assignment_pattern"):
            break
        here, parent = parent, parent.parent
    steps.reverse()
    return here, steps


def destructure(
    flow: Flow, value: Value | None, steps: list[tuple[Node, str | int | None]], top: Node
) -> Value | None:
    """Return what a pattern takes from a value, with the defaults on the way."""
    for node, step in steps:
        pattern = ancestor(node, {"object_pattern"}) if isinstance(step, str) else None
        if isinstance(value, Env) and pattern is not None:
            flow.env_patterns[pattern.id] = pattern
        if step == _REST:
            continue  # the rest has what the pattern doesn't name
        if step == _OTHER_ITEMS:
            value = Sequence((), element_of(value))
        elif isinstance(step, str):
            found = flow.members.of(value, step)
            if found is None and conventions.is_env_property(step):
                found = Env() if _may_be_workers(flow, node, top) else None
            if found is None:
                found = shared_of(value, step)
            if isinstance(found, NamespaceAccess) and isinstance(value, Env):
                found = replace(found, how="destructured")
            value = found
        elif isinstance(step, int):
            value = flow.members.at(value, step)
        else:
            return None
        default = _default_of(node)
        if default is not None and value in (None, NOTHING):
            value = flow.value(default)
    return value


def _may_be_workers(flow: Flow, node: Node, top: Node) -> bool:
    """Return whether `env` of the destructured value may be a Worker's: not `process.env`."""
    declarator = top if top.type == "variable_declarator" else top.parent
    if declarator is None or declarator.type != "variable_declarator":
        return True
    start = declarator.child_by_field_name("value")
    return start is None or may_have_env(flow, plain(start))


def destructured(flow: Flow, pattern: Node) -> Value | None:
    """Return what an object or array pattern destructures."""
    inner: Node = pattern
    steps: list[tuple[Node, str | int | None]] = []
    parent = inner.parent
    while parent is not None:
        kind = parent.type
        if (step := _step(flow, parent, inner)) is not None:
            steps.append(step)
        elif kind not in ("object_pattern", "assignment_pattern", "object_assignment_pattern"):
            break
        inner, parent = parent, parent.parent
    steps.reverse()
    if parent is None:
        return None
    origin = parent
    if parent.type == "variable_declarator":
        start = parent.child_by_field_name("value")
        type_node = parent.child_by_field_name("type")
        value = typed(
            flow.value(start) if start is not None else None,
            flow.types.value(type_node) if type_node is not None else None,
        )
    elif parent.type == "assignment_expression":
        right = parent.child_by_field_name("right")
        value = flow.value(right) if right is not None else None
    elif parent.type in ("required_parameter", "optional_parameter"):
        value = parameter_value(flow, parent)
    elif parent.type in ("formal_parameters", "arrow_function"):
        origin = inner
        value = parameter_value(flow, inner)
    elif parent.type == "for_in_statement":
        right = parent.child_by_field_name("right")
        value = element_of(settled(flow.value(right))) if right is not None else None
    else:
        return None
    return destructure(flow, value, steps, origin)


def _step(flow: Flow, pattern: Node, inner: Node) -> tuple[Node, str | int | None] | None:
    """Return what a pattern takes from its value for a node in it; None for other nodes."""
    if pattern.type == "pair_pattern":
        key = pattern.child_by_field_name("key")
        return pattern, property_name(flow, key) if key is not None else None
    if pattern.type == "array_pattern":
        return inner, _place_in(pattern, inner)
    return None


def assigned_values(flow: Flow, declared: Declaration) -> Iterator[Value | None]:
    """Yield what a variable is set to after its declaration."""
    for node in flow.names.references(declared):
        here, parent = node, node.parent
        steps: list[tuple[Node, str | int | None]] = []
        if parent is None or parent.type in ("member_expression", "arguments"):
            continue
        if node.type == "shorthand_property_identifier_pattern":
            steps.append((node, flow.text(node)))
        while parent is not None:
            kind = parent.type
            if (step := _step(flow, parent, here)) is not None:
                steps.append(step)
            elif kind not in (
                "object_pattern",
                "assignment_pattern",
                "object_assignment_pattern",
                "non_null_expression",
                "parenthesized_expression",
            ):
                break
            here, parent = parent, parent.parent
        if parent is None:
            continue
        if parent.type in ("assignment_expression", "augmented_assignment_expression"):
            right = parent.child_by_field_name("right")
            if right is not None and is_field(parent, "left", here):
                yield destructure(flow, flow.value(right), steps[::-1], parent)
        elif parent.type == "update_expression":
            yield None
        elif parent.type == "for_in_statement" and is_field(parent, "left", here):
            right = parent.child_by_field_name("right")
            value = element_of(settled(flow.value(right))) if right is not None else None
            yield destructure(flow, value, steps[::-1], parent)


def _place_in(pattern: Node, child: Node) -> int | str | None:
    """Return the place of a child in an array pattern, counting the holes before it."""
    place = 0
    for each in pattern.children:
        if each.id == child.id:
            return _OTHER_ITEMS if each.type == "rest_pattern" else place
        place += each.type == ","
    return None


def _default_of(node: Node) -> Node | None:
    """Return the default of one step of a pattern."""
    inner = node.child_by_field_name("value") if node.type == "pair_pattern" else node.parent
    if inner is not None and inner.type in ("assignment_pattern", "object_assignment_pattern"):
        left = inner.child_by_field_name("left")
        if node.type == "pair_pattern" or (left is not None and left.id == node.id):
            return inner.child_by_field_name("right")
    return None
