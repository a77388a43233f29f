"""Evaluate calls: what functions of the file and of imported modules return."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from kvlens.js.callers import function_of
from kvlens.js.constants.library_calls import global_call, method_call
from kvlens.js.constants.values import Value, placed_at
from kvlens.js.platform import CLASSES
from kvlens.js.scopes import Declaration, is_assigned
from kvlens.js.syntax import arguments_of, callee, plain, prefix_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.constants.evaluator import ConstantEvaluator

_RETURN = re.compile(r"\breturn\b")


class Calls:
    """Evaluates the calls in one source."""

    def __init__(self, evaluator: ConstantEvaluator) -> None:
        self._evaluator = evaluator
        self._source = evaluator.source
        self._names = evaluator.names
        self._returned: dict[int, Node | None] = {}  # declaring node -> what a function returns

    def call(self, node: Node, depth: int) -> Value:
        """Evaluate a call."""
        function = callee(node)
        if function is None:
            return Value("unknown", node)
        found = self._called(node, plain(function), arguments_of(node), depth)
        prefix = prefix_of(node)  # await a.b<T>()
        if prefix == "await":
            return awaited(found)
        return found if prefix is None else Value("unknown", node)

    def _called(self, node: Node, function: Node, inner: list[Node], depth: int) -> Value:
        if function.type == "identifier":
            if (declared := self._names.resolve(function)) is not None:
                return self._own_call(node, declared, depth)
            return global_call(self._evaluator, node, self._source.text_of(function), inner, depth)
        if function.type != "member_expression":
            return Value("unknown", node)
        base = function.child_by_field_name("object")
        name = function.child_by_field_name("property")
        if base is None or name is None:
            return Value("unknown", node)
        word = self._source.text_of(name)
        declared = self._names.resolve(base) if base.type == "identifier" else None
        if declared is not None and declared.kind == "import":
            value = self._foreign_call(node, declared, word, depth)
            if value.kind != "unknown":
                return value
        return method_call(self._evaluator, node, base, word, inner, depth)

    def _own_call(self, node: Node, declared: Declaration, depth: int) -> Value:
        """Evaluate a call of a function of the file: what its only `return` says, if it has one."""
        if declared.kind == "import":
            return self._foreign_call(node, declared, None, depth)
        function = function_of(declared)
        if function is None or "generator" in function.type:
            return Value("unknown", node)
        key = declared.node.id
        if key not in self._returned:
            is_replaced = is_assigned(self._names, declared)
            self._returned[key] = None if is_replaced else self._only_return(function)
        inner = self._returned[key]
        value = Value("unknown", node)
        if inner is not None:
            value = replace(self._evaluator.value_once(inner, depth), node=node, thousand=False)
        if _takes_arguments(function):
            value.sometimes = None  # of another call
        if any(child.type == "async" for child in function.children):
            return Value("promise", node, items=(awaited(value),))
        return value

    def _foreign_call(
        self, node: Node, declared: Declaration, member: str | None, depth: int
    ) -> Value:
        """Evaluate a call of an imported function, or of one of an imported module."""
        found = self._evaluator.imported(declared, member, depth)
        if found is None:
            return Value("unknown", node)
        evaluator, what = found
        if not isinstance(what, Declaration) or function_of(what) is None:
            return Value("unknown", node)
        own = self._evaluator
        evaluator.steps_left = own.steps_left
        value = evaluator.calls._own_call(what.node, what, depth + 1)
        own.steps_left = min(own.steps_left, evaluator.steps_left)
        return placed_at(value, node)

    def _only_return(self, function: Node) -> Node | None:
        """Return what a function returns, whichever way its code goes."""
        body = function.child_by_field_name("body")
        if body is None or body.type != "statement_block":
            return body
        last = body.named_children[-1] if body.named_children else None
        if last is None or last.type != "return_statement":
            return None
        is_only = len(_RETURN.findall(self._source.text_of(body))) == 1
        return last.named_children[0] if is_only and last.named_children else None


def await_expression(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate `await x`."""
    inner = next((child for child in node.named_children if child.type != "comment"), None)
    return awaited(evaluator.value(inner, depth + 1)) if inner else Value("unknown", node)


def awaited(value: Value) -> Value:
    """Return what a promise resolves to; another value is returned as it is."""
    if value.kind != "promise":
        return value
    return replace(value.items[0]) if value.items else Value("unknown", value.node)


def new_expression(evaluator: ConstantEvaluator, node: Node, depth: int) -> Value:
    """Evaluate `new X(…)`."""
    made = node.child_by_field_name("constructor")
    given = node.child_by_field_name("arguments")
    if made is None or made.type != "identifier":
        return Value("unknown", node)
    name = evaluator.source.text_of(made)
    declared = evaluator.names.resolve(made)
    if declared is not None:
        is_own = declared.kind == "class" and name not in CLASSES
        if is_own and not any(c.type == "class_heritage" for c in declared.origin.children):
            return Value("custom", node, name)
        return Value("unknown", node)
    is_now = name == "Date" and not (given is not None and given.named_children)
    return Value("instance", node, name, complete=is_now)


def _takes_arguments(function: Node) -> bool:
    given = function.child_by_field_name("parameters")
    return given is None or bool(given.named_children)
