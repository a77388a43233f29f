"""What callbacks get from the functions that they are passed to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.parameters.calls import argument
from kvlens.js.parameters.function_types import values_by_type
from kvlens.js.syntax import arguments_of, call_of, callee, plain
from kvlens.js.values import (
    Class,
    Env,
    Function,
    Generic,
    Promised,
    Sequence,
    Value,
    element_of,
    join,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow

_EACH = {
    *("forEach", "map", "filter", "some", "every", "find", "findLast", "flatMap", "findIndex"),
}
_LONGEST_CHAIN = 1_000
_ROUTES = {"get", "post", "put", "patch", "delete", "head", "options", "all", "on", "use"}
_HONO = {"notFound", "onError", "createMiddleware", "createHandlers", "createApp"}


class Callbacks:
    """Finds what callbacks get that one source's functions, or libraries, call."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._roots: dict[int, tuple[Node, str] | None] = {}  # see _root

    def passed(self, call: Node, argument: Node, place: int) -> Iterator[Value | None]:
        """Yield what a callback gets from the function that it is passed to."""
        flow = self._flow
        function = callee(call)
        given = arguments_of(call)
        at = next((n for n, each in enumerate(given) if each.id == argument.id), None)
        if function is None or at is None:
            return
        function = plain(function)
        if call.type == "call_expression" and function.type == "member_expression":
            base, key = (
                function.child_by_field_name("object"),
                function.child_by_field_name("property"),
            )
            if base is not None and key is not None:
                found = self._from_library(base, flow.text(key), given, at, place)
                if found is not None:
                    yield found
                    return
        elif place == 0 and flow.text(function) in conventions.CONTEXT_FUNCTIONS:
            yield Generic(flow, call, "Context")
            return
        value = flow.value(function)
        if isinstance(value, Class):
            made = value.flow.members.constructor(value.node)
            value = Function(value.flow, made) if made is not None else None
        if isinstance(value, Function):
            yield value.flow.callbacks.given(value.node, at, place)

    def _from_library(
        self, base: Node, name: str, given: list[Node], at: int, place: int
    ) -> Value | None:
        flow = self._flow
        if name in ("then", "finally", "catch"):
            value = flow.value(base)
            if isinstance(value, Promised) and name == "then":
                return value.value if at == 0 and place == 0 else None
            return None
        if name in _EACH or name in ("reduce", "from"):
            value = flow.value(base)
            if name == "from" and given:
                value = flow.value(given[0])
            if isinstance(value, Sequence):
                wanted = 1 if name == "reduce" else 0
                return element_of(value) if place == wanted else None
        if name in _ROUTES or name in _HONO:
            root = self._root(base)
            if root is None:
                return None
            made, word = root
            if word in conventions.APPS or word == "createFactory":
                return Generic(flow, made, "Context") if place == (name == "onError") else None
            if conventions.ROUTERS.search(word) and place == 1:
                return Env()
        return None

    def _root(self, node: Node) -> tuple[Node, str] | None:
        """Return what makes the first object of a chain of calls, and its name."""
        way: list[int] = []
        while (here := plain(node)).id not in self._roots and len(way) < _LONGEST_CHAIN:
            way.append(here.id)
            self._roots[here.id] = None  # a chain that is made of itself
            following = self._before(here)
            if not isinstance(following, tuple):
                if following is None:
                    return None
                node = following
                continue
            self._roots.update(dict.fromkeys(way, following))
            return following
        found = self._roots.get(here.id)
        self._roots.update(dict.fromkeys(way, found))
        return found

    def _before(self, node: Node) -> Node | tuple[Node, str] | None:
        """Return what an expression gets a method from, or what makes it and by which name."""
        flow = self._flow
        if node.type == "identifier":
            declared = flow.names.resolve(node)
            if declared is None or declared.path:
                return None
            return declared.origin.child_by_field_name("value")
        if node.type not in ("new_expression", "call_expression"):
            return None
        function = callee(node)
        if function is None:
            return None
        if node.type == "call_expression" and function.type == "member_expression":
            return function.child_by_field_name("object")
        return node, flow.text(function).rpartition(".")[2]

    def given(self, function: Node, at: int, place: int) -> Value | None:
        """Return what a function of this source passes to the callback that is its parameter."""
        return self._flow.once(
            f"callback {at} {place}",
            function,
            lambda: _joined(self._to_own_callback(function, at, place)),
        )

    def _to_own_callback(self, function: Node, at: int, place: int) -> Iterator[Value | None]:
        parameters = function.child_by_field_name("parameters")
        if parameters is None or at >= len(parameters.named_children):
            return
        parameter = parameters.named_children[at]
        kind = parameter.child_by_field_name("type")
        if kind is not None:
            yield from values_by_type(self._flow, self._flow.types.value(kind), kind, place)
        name = parameter.child_by_field_name("pattern") or parameter
        if name.type != "identifier":
            return
        declared = self._flow.names.resolve(name)
        for node in self._flow.names.references(declared) if declared is not None else ():
            call = call_of(node)
            if call is not None:
                yield argument(self._flow, call, place)


def _joined(values: Iterable[Value | None]) -> Value | None:
    every = list(values)
    return join(every) if every else None
