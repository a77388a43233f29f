"""What calls may return: of functions, of methods, and of the library's functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.members import is_promise_step
from kvlens.js.passed_on import passed_on
from kvlens.js.property_names import constant_text
from kvlens.js.syntax import arguments_of, callee, plain, prefix_of
from kvlens.js.values import (
    OTHER,
    Choice,
    Env,
    Function,
    Generic,
    Method,
    NamespaceAccess,
    Promised,
    Sequence,
    Table,
    Value,
    element_of,
    join,
    merged,
    settled,
    table_of,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow

_LIBRARY = ("Object", "Promise", "Reflect", "Array")


def call(flow: Flow, node: Node) -> Value | None:
    """Return what a call may return."""
    found = _called(flow, node)
    if prefix_of(node) == "await":
        found = settled(found)
    if isinstance(found, Env):
        flow.envs[node.id] = node
    return found


def _called(flow: Flow, node: Node) -> Value | None:
    function = callee(node)
    if function is None:
        return None
    function = plain(function)
    given = arguments_of(node)
    if function.type == "import":
        return _module(flow, given, is_promised=True)
    if function.type == "super":
        return None
    if function.type == "member_expression":
        name = function.child_by_field_name("property")
        base = function.child_by_field_name("object")
        if name is None or base is None:
            return None
        return _method_call(flow, node, function, base, flow.text(name), given)
    name_text = _name_of(flow, function) if function.type == "identifier" else ""
    value = flow.value(function)
    if name_text == "env" and not isinstance(value, Function):
        return Env()  # env(c) of hono/adapter
    if isinstance(value, NamespaceAccess):
        if name_text == "require":
            return _module(flow, given, is_promised=False)
        value = None
    found = passed_on(flow, value, name_text, given)
    if found is None:
        found = flow.members.returned(value)
    if found is None and name_text == conventions.MAKES_CONTEXT:
        return Generic(flow, node, name_text)
    if found is None and conventions.gives_env(name_text):
        return Env(guessed=True)
    return found


def _name_of(flow: Flow, function: Node) -> str:
    """Return a function's name, of an imported one as its module has it."""
    local, declared = flow.text(function), flow.names.resolve(function)
    if declared is None or declared.origin.type != "import_specifier":
        return local
    name = declared.origin.child_by_field_name("name")
    return flow.text(name) if name is not None else local


def _module(flow: Flow, given: list[Node], *, is_promised: bool) -> Value | None:
    name = constant_text(flow, given[0]) if given else None
    found = flow.program.module(flow, name) if name else None
    return Promised(found) if is_promised and found is not None else found


def _method_call(
    flow: Flow, node: Node, function: Node, base: Node, name: str, given: list[Node]
) -> Value | None:
    is_global = base.type == "identifier" and flow.names.resolve(base) is None
    if is_global and flow.text(base) in _LIBRARY:
        return _static_call(flow, f"{flow.text(base)}.{name}", given)
    value = flow.value(base)
    if name == "bind":  # the calls of a method that has arguments already have others
        return value if len(given) < 2 or not isinstance(value, Method) else None
    if is_promise_step(name) and isinstance(value, Promised):
        if name != "then" or not given:
            return value
        found = flow.members.returned(flow.value(given[0]))
        return found if isinstance(found, Promised) or found is None else Promised(found)
    if isinstance(value, Sequence):
        return flow.members.sequence_call(value, name, given)
    is_namespace = isinstance(value, NamespaceAccess) and (
        value.how != "global" or value.typed or value.binding in flow.program.declared
    )
    if is_namespace:
        return OTHER
    if isinstance(value, Table) and name in ("get", "at"):
        return value.element
    if isinstance(value, Table) and name == "values":
        return Sequence((), value.element)
    if name == "getKVNamespace" and given and (word := constant_text(flow, given[0])) is not None:
        return Promised(NamespaceAccess(word, "context", typed=True))
    method = flow.members.of(value, name)
    found = passed_on(flow, method, name, given)
    if found is None and isinstance(method, (Function, Choice)):
        found = flow.members.returned(method)
    if found is None and name in ("get", "getStore"):
        found = flow.members.stored(value, name, given)
    if found is None and not isinstance(method, Function) and conventions.gives_env(name):
        return Env(guessed=True)
    return found


def _static_call(flow: Flow, name: str, given: list[Node]) -> Value | None:
    values = [flow.value(each) for each in given if each.type != "spread_element"]
    if not values or len(values) != len(given):
        return None
    first = values[0]
    if name in ("Object.freeze", "Object.seal", "Object.preventExtensions"):
        return first
    if name == "Object.assign":
        parts = [each for each in reversed(values) if each is not None]
        return merged(parts) if len(parts) == len(values) else None
    if name == "Promise.resolve":
        return first if isinstance(first, Promised) or first is None else Promised(first)
    if name in ("Promise.all", "Promise.allSettled"):
        if not isinstance(first, Sequence) or name != "Promise.all":
            return None
        items = tuple(settled(each) for each in first.items)
        return Promised(Sequence(items, settled(first.element)))
    if name in ("Promise.race", "Promise.any"):
        return Promised(settled(element_of(first)))
    if name == "Reflect.get" and len(given) > 1:
        word = constant_text(flow, given[1])
        return flow.members.of(first, word) if word is not None else flow.members.any_of(first)
    if name == "Object.fromEntries":
        return table_of(first)
    if name == "Object.values":
        return Sequence((), flow.members.any_of(first))
    if name == "Object.entries":
        element = flow.members.any_of(first)
        return Sequence((), Sequence((OTHER, element), None))
    if name == "Array.from":
        return Sequence((), element_of(first)) if len(given) == 1 else None
    if name == "Array.of":
        return Sequence(tuple(values), join(values))
    return None
