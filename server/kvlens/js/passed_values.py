"""What the calls of a function pass for a parameter, in its file and in those that import it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from kvlens.js.callers import PlainParameter, arguments_for, plain_parameter
from kvlens.js.importing_calls import importing_calls
from kvlens.js.program import Modules
from kvlens.js.scopes import Declaration
from kvlens.js.syntax import Source, arguments_of, call_of, outer
from kvlens.js.tree import ancestor, is_field

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST = 100  # calls of a function that are looked at


def passed_values(
    source: Source, declared: Declaration, modules: Modules | None
) -> Iterator[tuple[Source, Node]]:
    """Yield the arguments that known calls pass for a parameter, each with its source.

    Methods are followed on `this`, and on variables that are made with `new`.
    """
    parameter = plain_parameter(source.names, declared)
    if parameter is None:
        return
    for given in arguments_for(source.names, parameter):
        if given is not None:
            yield source, given
    for caller, call in islice(_calls(source, parameter, modules), _MOST):
        given_here = arguments_of(call)[: parameter.at + 1]
        if len(given_here) > parameter.at and not any(
            node.type == "spread_element" for node in given_here
        ):
            yield caller, given_here[parameter.at]


def _calls(
    source: Source, parameter: PlainParameter, modules: Modules | None
) -> Iterator[tuple[Source, Node]]:
    """Yield the calls that aren't in the file itself or of a method on `this`."""
    name = source.text_of(parameter.function)
    if parameter.function.type == "identifier":
        if modules is not None:
            yield from importing_calls(source, name, modules)
        return
    owner = ancestor(parameter.function, {"class_declaration"})
    title = owner.child_by_field_name("name") if owner is not None else None
    if title is None:
        return
    word = source.text_of(title)
    made = [
        (source, call) for use in source.names.nodes(word) if (call := call_of(use)) is not None
    ]
    if modules is not None:
        made += importing_calls(source, word, modules)
    for caller, call in made:
        yield from ((caller, use) for use in _method_calls(caller, call, name))


def _method_calls(source: Source, made: Node, name: str) -> Iterator[Node]:
    """Yield the calls of a method on a variable that is an instance."""
    if made.type != "new_expression":
        return
    declarator = outer(made).parent
    if declarator is None or declarator.type != "variable_declarator":
        return
    variable = declarator.child_by_field_name("name")
    declared = source.names.resolve(variable) if variable is not None else None
    for use in source.names.references(declared) if declared is not None else ():
        member = use.parent
        word = member.child_by_field_name("property") if member is not None else None
        if member is None or word is None or not is_field(member, "object", use):
            continue
        if source.text_of(word) == name and (call := call_of(member)) is not None:
            yield call
