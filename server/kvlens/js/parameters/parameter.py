"""What a parameter is: by its type, its name, its default, or what callers pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.annotations import may_hold_kv, typed
from kvlens.js.parameters.passed import passed_value
from kvlens.js.runtime_parameters import is_of_runtime
from kvlens.js.values import (
    NOTHING,
    OTHER,
    Choice,
    Env,
    Merged,
    NamespaceAccess,
    Typed,
    Value,
    join,
    settled,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow

_ANY = ("any", "unknown")


def parameter_value(flow: Flow, parameter: Node) -> Value | None:
    """Return what a parameter is, before a pattern takes it apart."""
    return flow.once("parameter", parameter, lambda: uncached_parameter_value(flow, parameter))


def uncached_parameter_value(flow: Flow, parameter: Node) -> Value | None:
    """Return what a parameter is whose only variable keeps the result."""
    pattern = parameter.child_by_field_name("pattern") or parameter
    default = parameter.child_by_field_name("value")
    if pattern.type == "assignment_pattern":
        default = pattern.child_by_field_name("right")
        pattern = pattern.child_by_field_name("left") or pattern
    if pattern.type == "rest_pattern":
        kind = parameter.child_by_field_name("type")
        return flow.types.value(kind) if kind is not None else None
    name = flow.text(pattern) if pattern.type == "identifier" else ""
    kind = parameter.child_by_field_name("type")
    function = _function_of(parameter)
    by_type: Value | None = None
    if kind is not None:
        by_type = flow.types.value(kind)
        if by_type is not None:
            if _is_env(flow, by_type, name, parameter):
                return Env()
            if conventions.is_env_name(name) or not may_hold_kv(by_type):
                return by_type
        elif "ProcessEnv" in flow.text(kind):
            return OTHER
        elif flow.text(kind).strip(": ") not in _ANY:
            return Env() if conventions.is_env_name(name) else None
    elif function is not None and not conventions.is_env_name(name):
        documented = flow.types.documented_parameter(function, name, _place_of(parameter))
        if documented is not None:
            return documented
    if conventions.is_env_name(name):
        if function is not None and not _may_be_called(flow, function):
            return Env()
        other = flow.unless(
            (parameter, pattern), Env(), lambda: _other_than_env(flow, parameter, name)
        )
        return other or Env()
    start = flow.value(default) if default is not None else NOTHING
    if function is None:
        return by_type
    found = value_from_callers(flow, parameter)
    if found is None and default is not None:
        return typed(start, by_type)
    return typed(join([start, found]) if found is not None else None, by_type)


def _is_env(flow: Flow, kind: Value | None, name: str, parameter: Node) -> bool:
    """Return whether a parameter is `env` although its type is called otherwise.

    If only its name says so, the type has to have a namespace: `{ CARTS: Map<string, string> }`
    is of a double.
    """
    members = flow.members
    if not isinstance(kind, Typed | Merged):
        return False
    found = [each for each in flow.program.declared if members.has(kind, each)]
    if not found:
        return False
    if is_of_runtime(flow.source, parameter):
        return True
    kinds = [members.of(kind, each) for each in found]
    has_kv = any(isinstance(each, NamespaceAccess) for each in kinds)
    return conventions.is_env_name(name) and has_kv and not flow.types.is_double(kind)


def _may_be_called(flow: Flow, function: Node) -> bool:
    """Return quickly whether anything may call a function: its name is used, or its source."""
    name = function.child_by_field_name("name")
    if function.type != "function_declaration" or name is None:
        return True
    modules = flow.program.modules
    is_named = len(flow.source.names.nodes(flow.text(name))) > 1
    return is_named or (modules is not None and any(modules.importers(flow.source.path)))


def _other_than_env(flow: Flow, parameter: Node, name: str) -> Value | None:
    """Return what all known callers pass for a parameter without a type that is named `env`.

    None if that may be a Worker's `env`.
    """
    if is_of_runtime(flow.source, parameter):
        return None
    found = settled(value_from_callers(flow, parameter))
    every = found.values if isinstance(found, Choice) else (found,)
    if any(
        each in (None, NOTHING) or isinstance(each, Env) or _is_env(flow, each, name, parameter)
        for each in every
    ):
        return None
    function = _function_of(parameter)
    is_typed = function is not None and flow.types.documented_parameter(
        function, name, _place_of(parameter)
    )
    return None if is_typed else found


def value_from_callers(flow: Flow, parameter: Node) -> Value | None:
    """Return what all known callers pass for a parameter, whatever its type says."""
    function, place = _function_of(parameter), _place_of(parameter)
    return (
        passed_value(flow, function, place) if function is not None and place is not None else None
    )


def _function_of(parameter: Node) -> Node | None:
    parent = parameter.parent
    if parent is None:
        return None
    return parent.parent if parent.type == "formal_parameters" else parent


def _place_of(parameter: Node) -> int | None:
    parent = parameter.parent
    if parent is None or parent.type != "formal_parameters":
        return 0
    place = 0
    for each in parent.named_children:
        if each.id == parameter.id:
            return place
        pattern = each.child_by_field_name("pattern")
        place += each.type != "comment" and (pattern is None or pattern.type != "this")
    return None
