"""Evaluate expressions: literals, constants, also imported ones, and arithmetic on them.

A value that other code determines is "unknown", and never reported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kvlens.js.constants import literals, members, operators
from kvlens.js.constants.calls import Calls, await_expression, new_expression
from kvlens.js.constants.values import Value, with_named_unit
from kvlens.js.constants.variables import Variables
from kvlens.js.scopes import Declaration
from kvlens.js.syntax import Source, plain

if TYPE_CHECKING:
    from tree_sitter import Node

_STEPS = 20_000  # per value
_DEPTH = 40  # nesting of constants and operators

Found = tuple["ConstantEvaluator", "Declaration | Node"]
"""A constant of a source: its declaration, or the expression that a module exports."""


class ConstantEvaluator:
    """Evaluates expressions of one source.

    `imported` finds the constants of other sources: by the declaration of an import, and the name
    after it if the whole module is imported.
    """

    def __init__(
        self,
        source: Source,
        imported: Callable[[Declaration, str | None], Found | None] | None = None,
    ) -> None:
        self.source = source
        self.names = source.names
        self.steps_left = 0
        self.variables = Variables(self)
        self.calls = Calls(self)
        self.numbers_of_env: Callable[[Node, str], tuple[float, ...]] = lambda base, name: ()
        """What a config sets a member to, if the object is `env` and the values are numbers."""
        self._imported = imported
        self._cut = False  # something was skipped because of the depth or the number of steps
        self._known: dict[tuple[int, int], Value] = {}  # see value_once

    def value(self, node: Node, depth: int = 0) -> Value:
        """Return the value of a node."""
        if depth == 0:
            self.steps_left = _STEPS
        inner = plain(node)
        self.steps_left -= 1
        if depth > _DEPTH or self.steps_left < 0:
            self._cut = True
            return Value("unknown", node)
        worker = _WORKERS.get(inner.type)
        if worker is None:
            return Value("unknown", node)
        found = worker(self, inner, depth)
        found.node = node  # parentheses and casts belong to the expression
        return found

    def value_once(self, start: Node, depth: int, declared: Declaration | None = None) -> Value:
        """Return the value of a variable, or what a function returns, evaluated once.

        Others may use it several times. A result that was cut because of its depth is kept for that
        depth only.
        """
        for key in ((start.id, -1), (start.id, depth)):
            if key in self._known:
                self._cut = self._cut or key[1] >= 0
                return self._known[key]
        before, self._cut = self._cut, False
        value = self.value(start, depth + 1)
        if declared is not None:
            value = self.variables.unchanged(declared, value)
        self._known[start.id, depth if self._cut else -1] = value
        self._cut = self._cut or before
        return value

    def of_env(self, node: Node, base: Node, name: str) -> Value:
        """Return the number that a config sets `env.NAME` to, or the least one of several."""
        numbers = self.numbers_of_env(base, name)
        if not numbers:
            return Value("unknown", node)
        least = with_named_unit(name, Value("number", node, min(numbers), foreign=True))
        return least if len(numbers) == 1 else Value("unknown", node, sometimes=least)

    def imported(self, declared: Declaration, member: str | None, depth: int) -> Found | None:
        """Find an imported constant or function, or a member of an imported module."""
        return self._imported(declared, member) if self._imported and depth <= _DEPTH else None

    def imported_value(self, declared: Declaration, member: str | None, depth: int) -> Value | None:
        """Return the value of an imported constant, or of a member of an imported module."""
        found = self.imported(declared, member, depth)
        if found is None:
            return None
        evaluator, what = found
        evaluator.steps_left = self.steps_left
        if not isinstance(what, Declaration):
            return evaluator.value(what, depth + 1)
        if what.kind == "class":
            return members.members_of(evaluator, what.origin, depth + 1)
        return evaluator.variables.value_of(
            what, evaluator.names.text(what.node), what.node, depth + 1
        )


_WORKERS: dict[str, Callable[[ConstantEvaluator, Node, int], Value]] = {
    "string": literals.string,
    "template_string": literals.template,
    "number": literals.number,
    "true": literals.word,
    "false": literals.word,
    "null": literals.word,
    "undefined": literals.word,
    "object": literals.object_literal,
    "array": literals.array,
    "regex": literals.regex,
    "arrow_function": literals.function,
    "function_expression": literals.function,
    "identifier": lambda evaluator, node, depth: evaluator.variables.identifier(node, depth),
    "shorthand_property_identifier": (
        lambda evaluator, node, depth: evaluator.variables.identifier(node, depth)
    ),
    "member_expression": members.member,
    "subscript_expression": members.subscript,
    "unary_expression": operators.unary,
    "binary_expression": operators.binary,
    "call_expression": lambda evaluator, node, depth: evaluator.calls.call(node, depth),
    "new_expression": new_expression,
    "await_expression": await_expression,
    "ternary_expression": operators.ternary,
    "update_expression": operators.update,
}
