"""What methods, fields and constructors of classes get."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.parameters.calls import (
    MOST_USES,
    argument,
    arguments_in_importers,
    arguments_of_method,
    arguments_of_method_elsewhere,
)
from kvlens.js.property_names import property_name
from kvlens.js.syntax import call_of, outer
from kvlens.js.tree import ancestor
from kvlens.js.values import Class, Env, Instance, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow


def passed_to_class_member(flow: Flow, member: Node, place: int) -> Iterator[Value | None]:
    """Yield what a method, field or constructor of a class gets at a place."""
    body = member.parent
    owner = body.parent if body is not None else None
    key = member.child_by_field_name("name") or member.child_by_field_name("property")
    word = property_name(flow, key) if key is not None else None
    if owner is None or word is None:
        return
    if word == "constructor":
        if place == 1 and _is_made_by_runtime(flow, owner):
            yield Env()
            return
        yield from _to_constructor(flow, owner, place)
        return
    is_static = any(child.type == "static" for child in member.children)
    holder: Value = Class(flow, owner) if is_static else Instance(flow, owner)
    yield from arguments_of_method(flow, word, holder, place)
    name = owner.child_by_field_name("name")
    yield from arguments_of_method_elsewhere(flow, name, word, holder, place)


def _is_made_by_runtime(flow: Flow, owner: Node) -> bool:
    heritage = next((c for c in owner.children if c.type == "class_heritage"), None)
    words = flow.text(heritage) if heritage is not None else ""
    return any(name in words for name in conventions.ENV_CLASSES)


def _to_constructor(flow: Flow, owner: Node, place: int) -> Iterator[Value | None]:
    """Yield what `new` passes to the constructor of a class, and `super()` in its heirs."""
    name = owner.child_by_field_name("name")
    holder = outer(owner).parent
    if name is None and holder is not None and holder.type == "variable_declarator":
        name = holder.child_by_field_name("name")
    if name is None:
        return
    text = flow.text(name)
    for node in flow.names.occurrences(text):
        call = call_of(node)
        is_new = call is not None and call.type == "new_expression"
        if call is not None and is_new and flow.value(node) == Class(flow, owner):
            yield argument(flow, call, place)
    yield from _to_super(flow, Class(flow, owner), place)
    for exported in flow.program.exported_names(flow, text):
        yield from arguments_in_importers(flow, exported, place, _to_new)
        for other, _ in flow.program.importers(flow, exported):
            yield from _to_super(other, Class(flow, owner), place)


def _to_new(flow: Flow, use: Node, place: int) -> Iterator[Value | None]:
    """Yield what `new` passes at a use of a class."""
    call = call_of(use)
    if call is not None and call.type == "new_expression":
        yield argument(flow, call, place)


def _to_super(flow: Flow, base: Class, place: int) -> Iterator[Value | None]:
    """Yield what the heirs of a class pass to its constructor in this source."""
    heirs = flow.names.nodes("super")
    if len(heirs) > MOST_USES:
        yield None
    for word in heirs[:MOST_USES]:
        call = call_of(word)
        body = ancestor(word, {"class_body"}) if call is not None else None
        heir = body.parent if body is not None else None
        if call is None or heir is None:
            continue
        if flow.members.base(Instance(flow, heir)) == base:
            yield argument(flow, call, place)
