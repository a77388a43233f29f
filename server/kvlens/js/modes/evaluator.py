"""Evaluate the code of a cloudflare.config.ts for one mode, from the file alone.

What other code or the environment decides is "unknown". Names of modes that the code compares with
are collected, so that the next run can evaluate them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kvlens.js.modes import calls, expressions
from kvlens.js.modes.declarations import changed_names, declare
from kvlens.js.modes.patterns import bind_constants
from kvlens.js.modes.values import DEEPEST, OTHER_MODE, Member, Modes, Scope, Value
from kvlens.js.syntax import Source, plain

if TYPE_CHECKING:
    from tree_sitter import Node


class ModeEvaluator:
    """Evaluates a config's default export for one mode."""

    def __init__(
        self, source: Source, modes: Modes, mode: str = OTHER_MODE, *, is_preview: bool = False
    ) -> None:
        self.source = source
        self.modes = modes
        self.imports: dict[str, str] = {}  # local name -> the name in its module
        self.changed = changed_names(source)
        self.default: Node | None = None
        self._mode = mode
        self._is_preview = is_preview
        self._file = Scope()
        for statement in source.root.named_children:
            declare(self, statement, self._file)
        for statement in source.root.named_children:
            if statement.type == "lexical_declaration":
                bind_constants(self, statement, self._file, 0)

    def result(self) -> Value:
        """Return what the file exports by default; a function's is what it returns."""
        if self.default is None:
            return Value("unknown", self.source.root)
        return self.config(self.value(self.default, self._file, 0))

    def config(self, value: Value) -> Value:
        """Return a config: what a function returns for this mode, or the value itself."""
        if value.kind == "function":
            value = calls.run_function(self, value, [self._context(value.node)], 1)
        return value

    def _context(self, node: Node) -> Value:
        """Return the argument of a config's function, without what isn't known of it."""

        def member(name: str, value: Value) -> tuple[str, Member]:
            return name, Member(name, node, node, value)

        mode = Value("string", node, self._mode, is_mode=True)
        preview = Value("boolean", node, self._is_preview)
        members = dict([member("mode", mode), member("isPreview", preview)])
        return Value("object", node, members=members, complete=False)

    def text(self, node: Node) -> str:
        """Return the text of a node."""
        return self.source.text_of(node)

    def value(self, node: Node, scope: Scope, depth: int) -> Value:
        """Return the value of an expression."""
        inner = plain(node)
        worker = _WORKERS.get(inner.type)
        if worker is None or not self.goes_on(depth):
            return Value("unknown", node)
        return worker(self, inner, scope, depth + 1)

    def field(self, parent: Node, name: str, scope: Scope, depth: int) -> Value:
        """Return the value of a node's field."""
        child = parent.child_by_field_name(name)
        return Value("unknown", parent) if child is None else self.value(child, scope, depth)

    def goes_on(self, depth: int) -> bool:
        """Count a step, and return whether the limits allow it."""
        self.modes.left -= 1
        return depth <= DEEPEST and self.modes.left >= 0


_Worker = Callable[[ModeEvaluator, "Node", Scope, int], Value]
_WORKERS: dict[str, _Worker] = {
    "string": expressions.string,
    "template_string": expressions.template,
    "number": expressions.number,
    "true": expressions.boolean,
    "false": expressions.boolean,
    "null": expressions.nothing,
    "undefined": expressions.nothing,
    "identifier": expressions.identifier,
    "object": expressions.object_literal,
    "array": expressions.array,
    "member_expression": expressions.member,
    "subscript_expression": expressions.subscript,
    "ternary_expression": expressions.ternary,
    "binary_expression": expressions.binary,
    "unary_expression": expressions.unary,
    "call_expression": calls.call,
    "await_expression": expressions.awaited,
    "arrow_function": expressions.function,
    "function_expression": expressions.function,
    "function_declaration": expressions.function,
}
