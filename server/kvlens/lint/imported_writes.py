"""Writes in functions of other sources whose promise gets lost where a source calls them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kvlens.js.analysis import Analysis
from kvlens.js.callers import name_of
from kvlens.js.calls import KvCall
from kvlens.js.scopes import FUNCTIONS, Declaration
from kvlens.js.source_context import read
from kvlens.js.syntax import Source, call_of
from kvlens.js.tree import ancestor
from kvlens.js.values import Function
from kvlens.lint.base import Context
from kvlens.lint.function_uses import MOST_CALLS, uses_of
from kvlens.lint.lost_promises import Lost, is_awaited, lost_promises
from kvlens.memo import memo

if TYPE_CHECKING:
    from tree_sitter import Node


def imported_writes(
    context: Context, known: dict[int, list[Lost]]
) -> Iterator[tuple[KvCall, Lost]]:
    """Yield the writes of functions of other sources that are called here, and are lost here.

    Without calls in a browser, which are requests there, and those of a script as it is started.
    """
    source, modules = context.analysis.source, context.project.modules
    if modules is None or _directive(source) == "use client":
        return
    for name, declared in _imported(source):
        nodes = [
            node
            for use in source.names.references(declared)
            if (node := call_of(use)) is not None and ancestor(node, FUNCTIONS) is not None
        ]
        lost = [each for node in nodes[:MOST_CALLS] for each in lost_promises(source, node, known)]
        path = modules.resolve(source.path, name) if lost else None
        other = modules.source(path) if path is not None else None
        if other is None or path == source.path or _directive(other) == "use server":
            continue
        written = source.text_of(declared.origin.child_by_field_name("name") or declared.node)
        call = _writers(read(other, context.project)).functions.get(written)
        if call is not None:
            yield from ((call, each) for each in lost if each.how == "dropped")
    yield from _of_methods(context, known)


def _of_methods(context: Context, known: dict[int, list[Lost]]) -> Iterator[tuple[KvCall, Lost]]:
    """Yield the writes of methods of imported classes, where a call is a statement."""
    source, modules = context.analysis.source, context.project.modules
    flow = context.analysis.resolver.flow
    specifiers = dict.fromkeys(source.text_of(one)[1:-1] for one in _modules(source))
    for path in dict.fromkeys(modules.resolve(source.path, one) for one in specifiers if modules):
        other = modules.source(path) if modules is not None and path is not None else None
        if other is None or path == source.path or _directive(other) == "use server":
            continue
        for name, writes in _writers(read(other, context.project)).methods.items():
            for word in source.names.nodes(name):
                member = word.parent
                node = call_of(member) if member is not None else None
                if member is None or node is None or ancestor(node, FUNCTIONS) is None:
                    continue
                lost = [one for one in lost_promises(source, node, known) if one.call == node]
                method = flow.value(member) if lost else None
                if isinstance(method, Function) and method.flow.source.path == path:
                    call = writes.get(method.node.start_byte)
                    if call is not None:
                        yield from ((call, each) for each in lost if each.how == "dropped")


class _Writers(NamedTuple):
    """A write of each function that waits for one, also through another."""

    functions: dict[str, KvCall]  # by name
    methods: dict[str, dict[int, KvCall]]  # of classes: by name, and by where they begin


@memo
def _writers(analysis: Analysis) -> _Writers:
    source = analysis.source
    found = _Writers({}, {})
    waiting = [
        (call, call.node)
        for call in analysis.complete_calls
        if call.method in ("put", "delete") and is_awaited(source, call.node)
    ]
    for call, node in waiting:
        function = ancestor(node, FUNCTIONS)
        name = _name_of(source, function) if function is not None else None
        if function is None or name is None:
            continue
        is_method = function.type == "method_definition"
        same = found.methods.setdefault(name, {}) if is_method else {}
        if name in found.functions or function.start_byte in same:
            continue
        if is_method:
            around = ancestor(call.node, {"try_statement", *FUNCTIONS})
            if around is not None and around.type == "try_statement":
                continue  # it handles its errors itself, as a logger does that nobody waits for
            same[function.start_byte] = call
        else:
            found.functions[name] = call
        for use in uses_of(source, function):
            outer_call = call_of(use)
            if outer_call is not None and is_awaited(source, outer_call):
                waiting.append((call, outer_call))
    return found


def _directive(source: Source) -> str:
    """Return the text that a source begins with, such as `use client`."""
    first = next((one for one in source.root.named_children if one.type != "comment"), None)
    is_text = first is not None and first.type == "expression_statement"
    return source.text_of(first).strip("\"'; ") if first is not None and is_text else ""


def _imported(source: Source) -> Iterator[tuple[str, Declaration]]:
    """Yield what is imported by name, with the name of its module."""
    for module in _modules(source):
        statement = module.parent
        for clause in statement.named_children if statement is not None else ():
            for group in clause.named_children if clause.type == "import_clause" else ():
                for one in group.named_children if group.type == "named_imports" else ():
                    local = one.child_by_field_name("alias") or one.child_by_field_name("name")
                    found = source.names.resolve(local) if local is not None else None
                    if found is not None and found.kind == "import":
                        yield source.text_of(module)[1:-1], found


def _modules(source: Source) -> Iterator[Node]:
    """Yield the names of the modules that import statements have."""
    for statement in source.root.named_children:
        module = statement.child_by_field_name("source")
        if statement.type == "import_statement" and module is not None:
            yield module


def _name_of(source: Source, function: Node) -> str | None:
    """Return the name of a function or method that a source declares outside all functions."""
    is_method = function.type == "method_definition"
    name = function.child_by_field_name("name") if is_method else name_of(function)
    if is_method and (function.parent is None or function.parent.type != "class_body"):
        return None
    is_outside = ancestor(function, FUNCTIONS) is None
    return source.text_of(name) if name is not None and is_outside else None
