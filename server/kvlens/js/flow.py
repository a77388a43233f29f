"""Follow values through a source: what each expression may be, see `values`.

Everything is evaluated on demand and only once. Calls aren't told apart: a parameter is what all
known callers pass, and what a function returns doesn't depend on the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from kvlens.js import conventions, expressions, function_calls
from kvlens.js.annotations import typed
from kvlens.js.constants.evaluator import ConstantEvaluator, Found
from kvlens.js.members import Members
from kvlens.js.parameters.callbacks import Callbacks
from kvlens.js.parameters.parameter import parameter_value, uncached_parameter_value
from kvlens.js.patterns import assigned_values, destructure, steps_to
from kvlens.js.scopes import Declaration
from kvlens.js.syntax import Source, plain
from kvlens.js.types import Types
from kvlens.js.values import (
    GLOBAL,
    NOTHING,
    OTHER,
    Class,
    Env,
    Function,
    NamespaceAccess,
    Value,
    element_of,
    join,
    settled,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.program import Program

_DEEPEST = 48  # evaluations within each other
_CALLS = ("call_expression", "await_expression")
_OTHERS = {
    "string",
    "template_string",
    "number",
    "true",
    "false",
    "regex",
    "update_expression",
    "unary_expression",
    "augmented_assignment_expression",
}


class Flow:
    """The values in one source."""

    def __init__(self, source: Source, program: Program) -> None:
        self.source = source
        self.names = source.names
        self.program = program
        self.types = Types(self)
        self.members = Members(self)
        self.callbacks = Callbacks(self)
        self.constants = ConstantEvaluator(source, self._constant)
        self.envs: dict[int, Node] = {}  # expressions that were found to be env
        self.env_names: dict[str, None] = {}  # variables that were found to be env
        self.env_patterns: dict[int, Node] = {}  # patterns that destructure env
        self._values: dict[tuple[str, int], Value | None] = {}

    def _constant(self, declared: Declaration, member: str | None) -> Found | None:
        found = self.program.constant(self, declared, member)
        if found is None:
            return None
        flow, what = found
        return flow.constants, what

    def text(self, node: Node) -> str:
        """Return the text of a node."""
        return self.names.text(node)

    def value(self, node: Node) -> Value | None:
        """Return what an expression may be."""
        kind = node.type
        if kind == "identifier":
            return self._identifier(node)
        worker = _WORKERS.get(kind)
        if worker is None:
            return OTHER if kind in _OTHERS else None
        return self.once("value", node, lambda: worker(self, node))

    def once(self, what: str, node: Node, make: Callable[[], Value | None]) -> Value | None:
        """Return a value of a node, made at most once.

        A value that is made of itself is NOTHING inside, so that only its other sources count.
        What was made meanwhile of only a part is not known, as the rest may differ.
        """
        key = (what, node.id)
        if key in self._values:
            return self._values[key]
        program = self.program
        if (id(self), key) in program.open:
            program.lowest = min(program.lowest, program.open[id(self), key])
            return NOTHING
        depth = len(program.open)
        if depth >= _DEEPEST or program.steps <= 0:
            program.lowest = -1
            return None
        program.steps -= 1
        before, program.lowest = program.lowest, depth
        program.open[id(self), key] = depth
        try:
            found = make()
        finally:
            del program.open[id(self), key]
        partial = program.lowest < depth
        self._values[key] = None if partial else found
        program.lowest = min(before, program.lowest) if partial else before
        return found

    def unless(
        self, nodes: Iterable[Node], value: Value, make: Callable[[], Value | None]
    ) -> Value | None:
        """Return what is made while a parameter is taken for a value; None if that is right.

        If it isn't, what was derived from it meanwhile is forgotten.
        """
        program = self.program
        kept: list[dict[Any, Any]] = [self._values, self.envs, self.env_names, self.env_patterns]
        sizes = [len(each) for each in kept]
        before, program.lowest = program.lowest, len(program.open)
        keys = {(what, node.id): value for node in nodes for what in ("declared", "parameter")}
        self._values.update(keys)
        found = make()
        if program.lowest < len(program.open):
            found = None  # of what is being looked for
        program.lowest = before
        for key in keys:
            self._values.pop(key, None)
        for each, size in zip(kept, sizes, strict=True):
            for name in list(each)[size:] if found is not None else ():
                del each[name]
        return found

    def kept(self, what: str, node: Node) -> Value | None:
        """Return a value that was made before; None also if only a part of it was."""
        return self._values.get((what, node.id))

    def _identifier(self, node: Node) -> Value | None:
        declared = self.names.resolve(node)
        if declared is not None:
            if declared.node.id == node.id and node.type == "identifier":
                return self.declared(declared)
            value = self.declared(declared)
            if isinstance(value, Env):
                self.envs[node.id] = node
                self.env_names[self.text(node)] = None
            return value
        name = self.text(node)
        if name in conventions.GLOBAL_OBJECTS:
            return GLOBAL
        if name == "undefined":
            return NOTHING
        if name == "env":
            self.envs[node.id] = node
            return Env()
        return NamespaceAccess(name, "global")

    def declared(self, declared: Declaration) -> Value | None:
        """Return what a variable may be."""
        return self.once("declared", declared.node, lambda: self._declared(declared))

    def _declared(self, declared: Declaration) -> Value | None:
        kind, origin = declared.kind, declared.origin
        if declared.ambient:
            kind_node = origin.child_by_field_name("type")
            value = self.types.value(kind_node) if kind_node is not None else None
            if isinstance(value, NamespaceAccess) and value.binding is None:
                return NamespaceAccess(self.text(declared.node), "global", typed=True)
            return value
        if kind == "import":
            return self.program.imported(self, origin, self.text(declared.node))
        if kind == "function":
            return Function(self, origin)
        if kind == "class":
            return Class(self, origin) if origin.type.endswith("class_declaration") else None
        if kind == "other" and origin.type != "for_in_statement":
            return None
        found = self._start(declared)
        if kind != "const":
            found = join([found, *assigned_values(self, declared)])
        return found

    def _start(self, declared: Declaration) -> Value | None:
        """Return what a variable has at first."""
        top, steps = steps_to(self, declared)
        origin = declared.origin
        if declared.kind == "parameter":
            find = parameter_value if steps else uncached_parameter_value
            value = find(self, origin)
        elif origin.type == "for_in_statement":
            right = origin.child_by_field_name("right")
            is_of = any(child.type == "of" for child in origin.children)
            value = element_of(settled(self.value(right))) if right is not None and is_of else None
        else:
            start = origin.child_by_field_name("value")
            value = self.value(start) if start is not None else None
            type_node = origin.child_by_field_name("type")
            if type_node is not None:
                by_type = self.types.value(type_node)
                value = (
                    typed(value, by_type) if declared.kind == "const" or steps else by_type or value
                )
            elif start is None:
                return self.types.documented(origin) or NOTHING
            elif value is None:
                value = self.types.documented(origin)
            is_env = not steps and conventions.is_env_name(self.text(declared.node))
            if value is None and is_env and start is not None and plain(start).type in _CALLS:
                value = Env(guessed=True)
        return destructure(self, value, steps, top)


_WORKERS: dict[str, Callable[[Flow, Node], Value | None]] = {
    "identifier": Flow._identifier,
    "shorthand_property_identifier": Flow._identifier,
    "undefined": expressions.nothing,
    "null": expressions.nothing,
    "member_expression": expressions.member,
    "subscript_expression": expressions.subscript,
    "this": expressions.this,
    "super": expressions.super_object,
    "ternary_expression": expressions.ternary,
    "binary_expression": expressions.binary,
    "assignment_expression": expressions.assignment,
    "augmented_assignment_expression": expressions.assignment,
    "sequence_expression": expressions.last,
    "parenthesized_expression": expressions.parentheses,
    "non_null_expression": expressions.first,
    "as_expression": expressions.cast,
    "satisfies_expression": expressions.cast,
    "type_assertion": expressions.cast,
    "await_expression": expressions.await_expression,
    "object": expressions.record,
    "array": expressions.array,
    "arrow_function": expressions.function,
    "function_expression": expressions.function,
    "function_declaration": expressions.function,
    "class": expressions.class_expression,
    "class_declaration": expressions.class_expression,
    "abstract_class_declaration": expressions.class_expression,
    "call_expression": function_calls.call,
    "new_expression": expressions.new,
}
