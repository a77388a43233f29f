"""Find the places of `env`, the object with a Worker's bindings.

The search starts from names and follows values: only a few places of a large file are visited.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.flow import Flow
from kvlens.js.patterns import destructured
from kvlens.js.syntax import outer
from kvlens.js.values import Env

if TYPE_CHECKING:
    from tree_sitter import Node

_TYPE_WORDS = (b"Env", b"Bindings")
_IN_TYPES = {
    "type_identifier",
    "nested_type_identifier",
    "generic_type",
    "type_arguments",
    "intersection_type",
    "union_type",
}
_TARGETS = {"variable_declarator": "name", "assignment_expression": "left"}


class Envs:
    """The places of `env` in one source."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._names = flow.names

    @cached_property
    def nodes(self) -> list[Node]:
        """The expressions that are `env`, directly or through variables."""
        flow, found = self._flow, self._flow.envs
        waiting = ["env", *self._typed_names, *self._handler_names]
        for word in conventions.WORDS:
            waiting.append(word)
            for node in self._names.nodes(word):
                parent = node.parent
                if parent is None:
                    continue
                if node.type == "identifier":
                    if parent.type == "call_expression":
                        flow.value(parent)
                    elif parent.type == "import_specifier":  # import { env as other }
                        alias = parent.child_by_field_name("alias")
                        waiting += [self._names.text(alias)] if alias is not None else []
                elif parent.type == "member_expression":
                    flow.value(parent)
                elif parent.type == "pair_pattern":
                    value = parent.child_by_field_name("value")
                    waiting += [self._names.text(value)] if value is not None else []
        seen: set[str] = set()
        nodes = names = 0  # that have been looked at
        while True:
            if len(found) > nodes:
                more = list(found.values())[nodes:]
                nodes = len(found)
                waiting += [name for node in more if (name := self._variable_of(node))]
            if len(flow.env_names) > names:
                waiting += list(flow.env_names)[names:]
                names = len(flow.env_names)
            if not waiting:
                return sorted(found.values(), key=lambda node: node.start_byte)
            name = waiting.pop()
            if name in seen or name.startswith("{"):
                continue
            seen.add(name)
            for node in self._names.occurrences(name):
                if node.type != "shorthand_property_identifier_pattern" and self._is_used(node):
                    flow.value(node)

    def _is_used(self, node: Node) -> bool:
        """Return whether a variable is used here, not declared."""
        declared = self._names.resolve(node)
        if declared is None:
            return node.type != "shorthand_property_identifier"
        return declared.node.id != node.id

    def _variable_of(self, node: Node) -> str | None:
        """Return the variable that an expression initializes."""
        here = outer(node)
        parent = here.parent
        if parent is None or parent.type != "variable_declarator":
            return None
        name = parent.child_by_field_name("name")
        return self._names.text(name) if name is not None and name.type == "identifier" else None

    @cached_property
    def patterns(self) -> list[Node]:
        """The object patterns that destructure `env`."""
        found: dict[int, Node] = {}
        for node in self.nodes:
            here = outer(node)
            parent = here.parent
            while parent is not None and parent.type == "await_expression":
                here = outer(parent)
                parent = here.parent
            if parent is None:
                continue
            place = _TARGETS.get(parent.type)
            target = parent.child_by_field_name(place) if place else None
            if target is not None and target.type == "object_pattern":
                found[target.id] = target
        for node in self._names.nodes("env"):  # { env: { X } }
            pair = node.parent
            if pair is not None and pair.type == "pair_pattern":
                value = pair.child_by_field_name("value")
                if value is not None and value.type == "assignment_pattern":
                    value = value.child_by_field_name("left")
                if value is not None and value.type == "object_pattern" and self.takes(value):
                    found[value.id] = value
        for node in (*self._typed, *self._second_parameters):
            if node.type == "object_pattern" and self.takes(node):
                found[node.id] = node
        found.update(self._flow.env_patterns)
        return sorted(found.values(), key=lambda node: node.start_byte)

    def takes(self, pattern: Node) -> bool:
        """Return whether an object pattern destructures `env`."""
        return isinstance(destructured(self._flow, pattern), Env)

    def is_env(self, node: Node) -> bool:
        """Return whether an expression is the object with a Worker's bindings."""
        return isinstance(self._flow.value(node), Env)

    @cached_property
    def _typed(self) -> list[Node]:
        """The names and patterns of variables and parameters of type Env or the like."""
        found: dict[int, Node] = {}
        source = self._flow.source
        data, root = source.offsets.data, source.root
        for word in _TYPE_WORDS:
            at = data.find(word)
            while at >= 0:
                node = root.descendant_for_byte_range(at, at + len(word))
                at = data.find(word, at + len(word))
                here = node
                while here is not None and here.type in _IN_TYPES:
                    here = here.parent
                owner = here.parent if here is not None and here.type == "type_annotation" else None
                if owner is None or here is None:
                    continue
                if not conventions.ENV_TYPE.match(self._names.text(here)):
                    continue
                target = owner.child_by_field_name("pattern") or owner.child_by_field_name("name")
                if target is not None:
                    found[target.id] = target
        return list(found.values())

    @property
    def _typed_names(self) -> list[str]:
        return [self._names.text(node) for node in self._typed if node.type == "identifier"]

    @cached_property
    def _second_parameters(self) -> list[Node]:
        """The second parameters of functions that may be the file's handlers."""
        found = []
        for word in conventions.HANDLERS:
            for node in self._names.nodes(word):
                if node.type != "property_identifier" or node.parent is None:
                    continue
                function = node.parent
                if function.type == "pair":
                    value = function.child_by_field_name("value")
                    if value is None:
                        continue
                    function = value
                parameters = function.child_by_field_name("parameters")
                if parameters is None or len(parameters.named_children) < 2:
                    continue
                second = parameters.named_children[1]
                found.append(second.child_by_field_name("pattern") or second)
        return found

    @property
    def _handler_names(self) -> list[str]:
        return [
            self._names.text(node) for node in self._second_parameters if node.type == "identifier"
        ]
