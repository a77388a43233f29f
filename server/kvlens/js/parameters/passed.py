"""What a function gets from all that is known to call it, by where the function is."""

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
from kvlens.js.parameters.classes import passed_to_class_member
from kvlens.js.parameters.function_types import (
    annotation_of,
    cast_of,
    values_by_return_type,
    values_by_type,
)
from kvlens.js.parameters.worker_exports import is_worker
from kvlens.js.property_names import property_name
from kvlens.js.syntax import arguments_of, call_of, outer
from kvlens.js.tree import is_field
from kvlens.js.values import Env, Record, Value, join

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow

_MOST_CALLERS = 40


def passed_value(flow: Flow, function: Node, place: int) -> Value | None:
    """Return what a function gets at a place, from all that is known to call it."""
    return flow.once(f"passed {place}", function, lambda: _passed_value(flow, function, place))


def _passed_value(flow: Flow, function: Node, place: int) -> Value | None:
    found: list[Value | None] = []
    for count, value in enumerate(_each_passed(flow, function, place)):
        if value is None or count > _MOST_CALLERS:
            return None
        found.append(value)
    return join(found) if found else None


def _each_passed(flow: Flow, function: Node, place: int) -> Iterator[Value | None]:
    kind = function.type
    for exported in flow.program.exported_names(flow, function.id):
        yield from arguments_in_importers(flow, exported, place, _to_use)
    if kind == "method_definition":
        yield from _to_method(flow, function, place)
        return
    if kind in ("function_declaration", "generator_function_declaration"):
        name = function.child_by_field_name("name")
        if name is not None:
            yield from _to_name(flow, name, place)
        return
    here = outer(function)
    parent = here.parent
    if parent is None:
        return
    if parent.type == "variable_declarator":
        kind_node = parent.child_by_field_name("type")
        if kind_node is not None:
            yield from values_by_type(flow, flow.types.value(kind_node), kind_node, place)
        name = parent.child_by_field_name("name")
        if name is not None and name.type == "identifier":
            yield from _to_name(flow, name, place)
    elif parent.type == "pair":
        key = parent.child_by_field_name("key")
        word = property_name(flow, key) if key is not None else None
        if word is not None and parent.parent is not None:
            yield from _to_member(flow, parent.parent, word, place)
    elif parent.type == "arguments" and parent.parent is not None:
        yield from flow.callbacks.passed(parent.parent, here, place)
    elif parent.type == "call_expression" and is_field(parent, "function", here):
        yield argument(flow, parent, place)  # (function (kv) { … })(env.CARTS)
    elif parent.type in ("public_field_definition", "field_definition"):
        yield from passed_to_class_member(flow, parent, place)
    elif parent.type in ("return_statement", "arrow_function"):
        yield from values_by_return_type(flow, function, place)
    if function.type in ("arrow_function", "function_expression"):
        cast = cast_of(function)
        if cast is not None:
            yield from values_by_type(flow, flow.types.value(cast), cast, place)


def _to_name(flow: Flow, name: Node, place: int) -> Iterator[Value | None]:
    """Yield what is passed where a variable that holds the function is used."""
    names = flow.names
    declared = names.resolve(name)
    if declared is None or declared.node.id != name.id:
        return
    references = names.references(declared)
    if len(references) > MOST_USES:
        yield None
    for node in references[:MOST_USES]:
        yield from _to_use(flow, node, place)
    text = flow.text(name)
    for exported in flow.program.exported_names(flow, text):
        yield from arguments_in_importers(flow, exported, place, _to_use)


def _to_use(flow: Flow, node: Node, place: int) -> Iterator[Value | None]:
    here = outer(node)
    parent = here.parent
    if parent is None:
        return
    call = call_of(node)
    if call is not None:
        yield argument(flow, call, place)
    elif parent.type == "pair" and is_field(parent, "value", here):
        key = parent.child_by_field_name("key")
        word = property_name(flow, key) if key is not None else None
        if word is not None and parent.parent is not None:
            yield from _to_member(flow, parent.parent, word, place)
    elif node.type == "shorthand_property_identifier":
        if parent.type == "object":
            yield from _to_member(flow, parent, flow.text(node), place)
    elif parent.type == "arguments" and parent.parent is not None:
        yield from flow.callbacks.passed(parent.parent, here, place)
    elif parent.type == "member_expression" and is_field(parent, "object", here):
        name = parent.child_by_field_name("property")
        call = call_of(parent)
        if call is not None and name is not None:
            word = flow.text(name)
            if word == "call" or (word == "bind" and len(arguments_of(call)) > place + 1):
                yield argument(flow, call, place + 1)
    elif parent.type == "export_statement" and is_field(parent, "value", here):
        yield from arguments_in_importers(flow, "default", place, _to_use)


def _to_member(flow: Flow, record: Node, word: str, place: int) -> Iterator[Value | None]:
    """Yield what is passed to a member of an object: a handler, or a method."""
    if word in conventions.HANDLERS and is_worker(flow, record):
        if place == 1:
            yield Env()
        return
    cast = cast_of(record) or annotation_of(record)
    if cast is not None:
        method = flow.members.of(flow.types.value(cast), word)
        yield from values_by_type(flow, method, cast, place)
    yield from arguments_of_method(flow, word, Record(flow, record), place)
    declarator = outer(record).parent
    if declarator is not None and declarator.type == "variable_declarator":
        name = declarator.child_by_field_name("name")
        yield from arguments_of_method_elsewhere(flow, name, word, Record(flow, record), place)


def _to_method(flow: Flow, method: Node, place: int) -> Iterator[Value | None]:
    owner = method.parent
    key = method.child_by_field_name("name")
    word = property_name(flow, key) if key is not None else None
    if owner is None or word is None:
        return
    if owner.type == "object":
        yield from _to_member(flow, owner, word, place)
    elif owner.type == "class_body":
        yield from passed_to_class_member(flow, method, place)
