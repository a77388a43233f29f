"""Functions of a file, and what the calls in it pass for their parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kvlens.js.scopes import FUNCTIONS, Declaration, Scopes
from kvlens.js.syntax import arguments_of, call_of, plain
from kvlens.js.tree import ancestor, is_field

if TYPE_CHECKING:
    from tree_sitter import Node

_CLASSES = {"class_declaration", "abstract_class_declaration", "class"}
_MOST_CALLS = 100  # of a function that are looked at


def function_of(declared: Declaration) -> Node | None:
    """Return the function of the file that a name always stands for."""
    if declared.kind == "function":
        return declared.origin
    start = declared.origin.child_by_field_name("value")
    if declared.kind != "const" or declared.path or start is None:
        return None
    return plain(start) if plain(start).type in FUNCTIONS else None


def name_of(function: Node) -> Node | None:
    """Return the name of a function that is declared, or the variable that it is the value of."""
    holder = function if function.type.endswith("declaration") else function.parent
    name = holder.child_by_field_name("name") if holder is not None else None
    return name if name is not None and name.type == "identifier" else None


class PlainParameter(NamedTuple):
    """A parameter that isn't destructured, of a function or method with a name."""

    function: Node  # its name
    at: int
    is_exported: bool  # other files may call the function


def plain_parameter(names: Scopes, declared: Declaration) -> PlainParameter | None:
    """Return the place of a parameter; None for any that calls can't be found of."""
    function = ancestor(declared.node, FUNCTIONS)
    given = function.child_by_field_name("parameters") if function is not None else None
    if declared.kind != "parameter" or declared.path or function is None or given is None:
        return None
    places = [child.id for child in given.named_children if child.type != "comment"]
    name, holder = function.child_by_field_name("name"), function.parent
    if function.type in ("arrow_function", "function_expression"):
        if holder is None or holder.type != "variable_declarator":
            return None
        name = holder.child_by_field_name("name")
        holder = holder.parent.parent if holder.parent is not None else None
    if name is None or name.type not in ("identifier", "property_identifier"):
        return None
    if declared.origin.id not in places:
        return None
    if name.type == "property_identifier" and names.text(name) == "constructor":
        whole = ancestor(name, _CLASSES)
        holder = whole.parent if whole is not None else None
    is_exported = holder is not None and holder.type == "export_statement"
    return PlainParameter(name, places.index(declared.origin.id), is_exported)


def arguments_for(names: Scopes, parameter: PlainParameter) -> Iterator[Node | None]:
    """Yield what each call in the file passes for a parameter; None for nothing."""
    calls = (call for use in uses_of_name(names, parameter.function) if (call := call_of(use)))
    for call, _ in zip(calls, range(_MOST_CALLS), strict=False):
        given = arguments_of(call)
        if any(node.type == "spread_element" for node in given[: parameter.at + 1]):
            continue
        yield given[parameter.at] if parameter.at < len(given) else None


def uses_of_name(names: Scopes, function: Node) -> Iterator[Node]:
    """Yield the uses of a function by its name, or of a method in its class: `this.save`."""
    if function.type == "identifier":
        own = names.resolve(function)
        yield from names.references(own) if own is not None else ()
        return
    body = ancestor(function, {"class_body"})
    title = body.parent.child_by_field_name("name") if body is not None and body.parent else None
    if title is not None and names.text(function) == "constructor":
        for node in names.nodes(names.text(title)):
            call = call_of(node)
            if call is not None and call.type == "new_expression":
                yield node
        return
    for node in names.nodes(names.text(function)) if body is not None else ():  # this.save()
        member = node.parent
        if member is None or member.type != "member_expression":
            continue
        base = member.child_by_field_name("object")
        if base is None or base.type != "this" or not is_field(member, "property", node):
            continue
        if ancestor(member, {"class_body"}) == body:
            yield member
