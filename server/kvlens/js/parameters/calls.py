"""What calls pass: to a function of an imported module, and to a method of an object or class."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from kvlens.js.syntax import arguments_of, call_of
from kvlens.js.values import NOTHING, Class, Instance, Merged, Value

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow

MOST_USES = 300  # of a name, to find its callers; of more, nothing is known


def argument(flow: Flow, call: Node, place: int) -> Value | None:
    """Return what a call passes at a place; None if a spread argument hides it."""
    given = arguments_of(call)
    if any(each.type == "spread_element" for each in given[: place + 1]):
        return None
    return flow.value(given[place]) if place < len(given) else NOTHING


def _arguments_in_module(
    flow: Flow, namespace: str, exported: str, place: int
) -> Iterator[Value | None]:
    """Yield what is passed to a function of an imported module: `module.save(env.CARTS)`."""
    for word in flow.names.nodes(exported):
        member = word.parent
        if member is None or member.type != "member_expression":
            continue
        base, call = member.child_by_field_name("object"), call_of(member)
        if call is not None and base is not None and flow.text(base) == namespace:
            yield argument(flow, call, place)


def arguments_in_importers(
    flow: Flow,
    exported: str,
    place: int,
    of_use: Callable[[Flow, Node, int], Iterator[Value | None]],
) -> Iterator[Value | None]:
    """Yield what is passed in the modules that import something by this name.

    `of_use` is for a use of the imported name, in its module.
    """
    for other, name in flow.program.importers(flow, exported):
        if isinstance(name, str):
            yield from _arguments_in_module(other, name, exported, place)
            continue
        declared = other.names.resolve(name)
        for node in other.names.references(declared) if declared is not None else ():
            yield from of_use(other, node, place)


def arguments_of_method(flow: Flow, word: str, holder: Value, place: int) -> Iterator[Value | None]:
    """Yield what is passed in calls of a method of this object or class."""
    every = flow.names.nodes(word)
    if len(every) > MOST_USES:
        yield None
    for name in every[:MOST_USES]:
        member = name.parent
        if member is None or member.type != "member_expression":
            continue
        call = call_of(member)
        base = member.child_by_field_name("object")
        if call is None or base is None:
            continue
        owner = flow.value(base)
        same = owner == holder or (isinstance(owner, Merged) and holder in owner.parts)
        if same or (isinstance(owner, Instance) and _extends(flow, owner, holder)):
            yield argument(flow, call, place)


def arguments_of_method_elsewhere(
    flow: Flow, name: Node | None, word: str, holder: Value, place: int
) -> Iterator[Value | None]:
    """Yield what the modules pass to a method that import its class or object by this name."""
    local = flow.text(name) if name is not None else ""
    for exported in flow.program.exported_names(flow, local):
        for other, _ in flow.program.importers(flow, exported):
            yield from arguments_of_method(other, word, holder, place)


def _extends(flow: Flow, value: Instance, base: Value) -> bool:
    here: Value | None = value
    for _ in range(8):
        if not isinstance(here, (Instance, Class)) or not isinstance(base, (Instance, Class)):
            return False
        if here.key == base.key:
            return True
        here = flow.members.base(here)
    return False
