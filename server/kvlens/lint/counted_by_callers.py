"""Counts that a function stores, and that its callers have from another function: `set(k, n + 1)`.

Both functions are in one source, of which the callers may be others.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from kvlens.js.analysis import Analysis
from kvlens.js.calls import KvCall
from kvlens.js.passed_values import passed_values
from kvlens.js.same_key import with_arguments
from kvlens.js.scopes import is_assigned
from kvlens.js.source_context import SourceContext, read
from kvlens.js.stored_counts import Counter, is_no_count, reads_by_function
from kvlens.js.syntax import Source, call_of, callee, plain
from kvlens.js.tree import ancestor
from kvlens.js.values import Function
from kvlens.lint.base import Context

if TYPE_CHECKING:
    from tree_sitter import Node

_READ = ("awaited", "returned", "chained")


class Counted(NamedTuple):
    """The get() of a count that a caller changes, and the file and line of the caller."""

    read: KvCall
    place: str


def counted_by_callers(
    put: KvCall, context: Context, is_fine: Callable[[Source, Node], bool]
) -> Counted | None:
    """Return how a call of the function around a put() stores a count that was read before.

    `is_fine`: whether a call may do that.
    """
    source, project = put.source, context.project
    if len(put.argument_nodes) < 2:
        return None
    value = plain(put.argument_nodes[1])
    value = plain(Counter(put.node, context.analysis, {}).as_text(value) or value)
    declared = source.names.resolve(value) if value.type == "identifier" else None
    if declared is None or declared.kind != "parameter" or is_assigned(source.names, declared):
        return None
    for caller, argument in passed_values(source, declared, project.modules):
        call = ancestor(argument, {"call_expression"})
        if call is None or is_fine(caller, call):
            continue
        analysis = context.analysis if caller is source else read(caller, project)
        counter = _Counter(call, analysis, project)
        found = counter.stepped_from(argument)
        if found is None or counter.through is None or found.source is not source:
            continue
        one, other = (_written(put, caller, call), _written(found, caller, counter.through))
        if one is not None and one == other and not is_no_count(one[-1]):
            line = caller.text.count("\n", 0, caller.span(call).start) + 1
            return Counted(found, f"{PurePath(caller.path).name}, line {line}")
    return None


class _Counter(Counter):
    """Follows a number that a caller passes to the call of another function, in its source."""

    def __init__(self, node: Node, analysis: Analysis, project: SourceContext) -> None:
        super().__init__(node, analysis, {})
        self._caller = analysis
        self._project = project

    def read_in(self, name: Node) -> KvCall | None:
        """Return the one get() of a function."""
        value = self._caller.resolver.flow.value(name)
        if not isinstance(value, Function):
            return None
        source = value.flow.source
        own = self._caller if source is self._caller.source else read(source, self._project)
        reads = reads_by_function(own).get(value.node.id, [])
        if len(reads) != 1 or reads[0].method != "get" or reads[0].fate not in _READ:
            return None
        self.through = call_of(name)
        return reads[0]


def _written(kv_call: KvCall, caller: Source, call: Node) -> tuple[str, ...] | None:
    """Return a call's object, namespace and key, with what a call of its function passes."""
    key, function = kv_call.argument_nodes[0], callee(call)
    holder = function.child_by_field_name("object") if function is not None else None
    parts = [with_arguments(kv_call, one, caller, call) for one in (kv_call.receiver, key)]
    known = [part for part in parts if part is not None]
    return (caller.text_of(holder) if holder else "", *known) if len(known) == 2 else None
