"""Numbers that the code gets from outside: a request, a response, or a variable of no config."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kvlens.js.analysis import Analysis
from kvlens.js.scopes import FUNCTIONS, Declaration, is_assigned
from kvlens.js.syntax import arguments_of, callee, plain
from kvlens.js.tree import ancestor

if TYPE_CHECKING:
    from tree_sitter import Node

SAME = {"Math.floor", "Math.round", "Math.ceil", "Math.trunc", "Number", "parseInt"}
"""Functions that return the number they get, or nearly."""
_NUMBERS = SAME | {"parseFloat", "Number.parseInt", "Number.parseFloat"}
_READ = {"json", "formData"}  # methods of a request or a response
_REQUESTS = {"request", "req"}
_REQUEST_TYPE = re.compile(r":\s*Request\b")
_HANDLER = re.compile(r"fetch\Z|onRequest\w*\Z")
_DEEPEST = 12


def outside_names(analysis: Analysis, node: Node) -> list[str] | None:
    """Return the variables through which a number comes from outside; None for any other number.

    A calculation isn't followed, as it may keep the number within bounds, except one that takes a
    constant away.
    """
    names: list[str] = []
    return names if _Outside(analysis, names).is_number(node) else None


class _Outside:
    def __init__(self, analysis: Analysis, names: list[str]) -> None:
        self._analysis = analysis
        self._source = analysis.source
        self._names = names

    def is_number(self, node: Node, depth: int = 0) -> bool:
        node = plain(node)
        if depth > _DEEPEST:
            return False
        if node.type in ("identifier", "shorthand_property_identifier"):
            self._names.append(self._source.text_of(node))
            return self._is_variable(node, depth)
        if node.type == "await_expression":
            return self.is_number(node.named_children[-1], depth + 1)
        if node.type == "ternary_expression":
            sides = [node.child_by_field_name(side) for side in ("consequence", "alternative")]
            return any(side is not None and self.is_number(side, depth + 1) for side in sides)
        if node.type == "binary_expression":
            operator, left = node.child_by_field_name("operator"), node.child_by_field_name("left")
            if operator is None or left is None:
                return False
            is_less = operator.type == "-" and self._is_constant(node.child_by_field_name("right"))
            return (is_less or operator.type in ("??", "||")) and self.is_number(left, depth + 1)
        if node.type == "call_expression":
            function, given = callee(node), arguments_of(node)
            word = self._source.text_of(function) if function is not None else ""
            if word in _NUMBERS:
                return bool(given) and self.is_number(given[0], depth + 1)
            if word == "Math.min":
                return any(self.is_number(each, depth + 1) for each in given)
            return function is not None and self._is_part(function, depth)
        return self._is_part(node, depth)

    def _is_constant(self, node: Node | None) -> bool:
        value = self._analysis.folder.value(node) if node is not None else None
        return value is not None and value.number is not None and value.number >= 0

    def _is_variable(self, node: Node, depth: int) -> bool:
        start = self._start(node)
        if start is None:
            return False
        value, path = start
        if not path:
            return self.is_number(value, depth + 1)
        if self._analysis.resolver.envs.is_env(value):
            return path[0] is not None and self._is_outside_config(path[0])
        return self._is_object(value, depth + 1)

    def _start(self, node: Node) -> tuple[Node, tuple[str | None, ...]] | None:
        """Return what a variable starts with, and the path to the part of it that it is."""
        declared = self._source.names.resolve(node)
        if declared is None or declared.kind not in ("const", "let", "var"):
            return None
        if is_assigned(self._source.names, declared):
            return None
        value = declared.origin.child_by_field_name("value")
        return (value, declared.path) if value is not None else None

    def _is_part(self, node: Node, depth: int) -> bool:
        """Return whether this is an environment variable, or a part of a request."""
        if node.type not in ("member_expression", "subscript_expression"):
            return False
        base, word = node.child_by_field_name("object"), node.child_by_field_name("property")
        if base is None:
            return False
        if self._analysis.resolver.envs.is_env(base):
            return word is not None and self._is_outside_config(self._source.text_of(word))
        return self._source.text_of(base) == "process.env" or self._is_object(base, depth + 1)

    def _is_outside_config(self, name: str) -> bool:
        """Return whether a member of `env` may be a variable that no config sets."""
        analysis = self._analysis
        return name not in analysis.declared.others and not analysis.is_kv(name)

    def _is_object(self, node: Node, depth: int) -> bool:
        """Return whether this is a request, or what is read from one or from a response."""
        node = plain(node)
        if depth > _DEEPEST:
            return False
        if node.type == "identifier":
            declared = self._source.names.resolve(node)
            if declared is not None and declared.kind == "parameter":
                return not declared.path and self._is_request(declared)
            start = self._start(node)
            return start is not None and self._is_object(start[0], depth + 1)
        if node.type == "await_expression":
            return self._is_object(node.named_children[-1], depth + 1)
        if node.type in ("member_expression", "subscript_expression"):
            word, base = node.child_by_field_name("property"), node.child_by_field_name("object")
            if word is not None and self._source.text_of(word) in _REQUESTS:
                return True
            return base is not None and self._is_object(base, depth + 1)
        if node.type not in ("call_expression", "new_expression"):
            return False
        function, given = callee(node), arguments_of(node)
        word = function.child_by_field_name("property") if function is not None else None
        if word is not None and self._source.text_of(word) in _READ:
            return True
        if function is not None and self._source.text_of(function) == "fetch":
            return True
        if function is not None and self._is_object(function, depth + 1):
            return True
        return any(self._is_object(each, depth + 1) for each in given)

    def _is_request(self, declared: Declaration) -> bool:
        if self._source.text_of(declared.node) in _REQUESTS:
            return True
        kind = declared.origin.child_by_field_name("type")
        if kind is not None:
            return bool(_REQUEST_TYPE.match(self._source.text_of(kind)))
        function = ancestor(declared.node, FUNCTIONS)
        parameters = function.child_by_field_name("parameters") if function is not None else None
        if function is None or parameters is None or not parameters.named_children:
            return False
        name = function.child_by_field_name("name")
        if name is None and function.parent is not None and function.parent.type == "pair":
            name = function.parent.child_by_field_name("key")
        is_first = parameters.named_children[0].id == declared.origin.id
        return is_first and name is not None and bool(_HANDLER.match(self._source.text_of(name)))
