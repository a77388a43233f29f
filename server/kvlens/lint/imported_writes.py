"""Writes in functions of other sources whose promise gets lost where a source calls them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.analysis import Analysis
from kvlens.js.callers import name_of
from kvlens.js.calls import KvCall
from kvlens.js.scopes import FUNCTIONS, Declaration
from kvlens.js.source_context import read
from kvlens.js.syntax import Source, call_of
from kvlens.js.tree import ancestor
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
        call = _writers(read(other, context.project)).get(written)
        if call is not None:
            yield from ((call, each) for each in lost if each.how == "dropped")


@memo
def _writers(analysis: Analysis) -> dict[str, KvCall]:
    """Return a write of each function that waits for one, by its name, also through another."""
    source = analysis.source
    found: dict[str, KvCall] = {}
    waiting = [
        (call, call.node)
        for call in analysis.complete_calls
        if call.method in ("put", "delete") and is_awaited(source, call.node)
    ]
    for call, node in waiting:
        function = ancestor(node, FUNCTIONS)
        name = _name_of(source, function) if function is not None else None
        if function is None or name is None or name in found:
            continue
        found[name] = call
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
    for statement in source.root.named_children:
        module = statement.child_by_field_name("source")
        if statement.type != "import_statement" or module is None:
            continue
        for clause in statement.named_children:
            for group in clause.named_children if clause.type == "import_clause" else ():
                for one in group.named_children if group.type == "named_imports" else ():
                    local = one.child_by_field_name("alias") or one.child_by_field_name("name")
                    found = source.names.resolve(local) if local is not None else None
                    if found is not None and found.kind == "import":
                        yield source.text_of(module)[1:-1], found


def _name_of(source: Source, function: Node) -> str | None:
    """Return the name of a function that a source declares outside all others."""
    name = name_of(function)
    is_outside = ancestor(function, FUNCTIONS) is None
    return source.text_of(name) if name is not None and is_outside else None
