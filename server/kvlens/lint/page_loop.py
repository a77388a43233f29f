"""The loop over all pages of a list, which a quick fix writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kvlens.config.edit import Edit, line_start, newline_of
from kvlens.js.calls import KvCall
from kvlens.js.syntax import outer, plain
from kvlens.js.tree import ancestor, is_field
from kvlens.lint.base import Context, Fix, Problem
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_STATEMENT = "lexical_declaration"
_STATEMENTS = frozenset((_STATEMENT, "expression_statement", "return_statement"))
_BLOCKS = ("statement_block", "program")
# Statements, and what ends the way to one.
_BEGINNING = ("expression_statement", "return_statement", "variable_declarator", "for_in_statement")
# The field that is evaluated first; any child without one.
_FIRST = {
    "member_expression": "object",
    "call_expression": "function",
    "parenthesized_expression": "",
    "await_expression": "",
    "variable_declarator": "value",
    "for_in_statement": "right",
    "return_statement": "",
    "expression_statement": "",
}


def read_every_page(context: Context, problem: Problem) -> Iterator[Fix]:
    """Read every page in a loop, before or instead of the statement with the list."""
    call = context.analysis.call_at(problem.span)
    if call is None:
        return
    uses, options = _declared(call) or _within(call), _with_cursor(call)
    if uses is None or options is None:
        return
    source, text = call.source, call.source.text
    page, keys = uses.page or "page", uses.keys or "keys"
    new_names = {keys, "cursor", page} - {uses.keys, uses.page}
    if any(source.names.occurrences(name) for name in new_names):
        return  # they may be others
    start, end = source.span(uses.statement)
    line = text[line_start(text, start) : start]
    indent = line[: len(line) - len(line.lstrip())]
    types = source.path.endswith((".ts", ".tsx", ".mts", ".cts"))
    arguments = call.node.child_by_field_name("arguments")
    assert arguments is not None
    get = f"{text[call.span.start : source.span(arguments).start]}({options})"
    step = "\t" if indent.startswith("\t") else "  "
    lines = [
        f"const {keys}{': KVNamespaceListKey<unknown>[]' if types else ''} = [];",
        f"let cursor{': string | undefined' if types else ''};",
        "do {",
        f"{step}const {page} = await {get};",
        f"{step}{keys}.push(...{page}.keys);",
        f"{step}cursor = {page}.list_complete ? undefined : {page}.cursor;",
        "} while (cursor);",
    ]
    if not uses.is_whole:
        end = start
        lines.append("")  # the statement itself
    loop = f"{newline_of(text)}{indent}".join(lines)
    edits = [Edit(Span(start, end), loop), *(Edit(span, keys) for span in uses.spans)]
    if uses.spans and uses.spans[0].start == start:  # one edit for one place
        edits[:2] = [Edit(uses.spans[0], loop + keys)]
    yield Fix("Read every page in a loop", tuple(edits))


class _Uses(NamedTuple):
    """Where the keys of a page are used, and the names of the page and its keys, if they have any.

    `is_whole`: the statement only declares them.
    """

    statement: Node
    page: str | None
    keys: str | None
    spans: tuple[Span, ...]
    is_whole: bool


def _declared(call: KvCall) -> _Uses | None:
    """Return the uses of `const page = await kv.list()`, which is a statement of a block."""
    statement = ancestor(call.node, _STATEMENTS)
    if statement is None or not _is_alone(call, statement):
        return None
    declarator = statement.named_children[0]
    pattern = declarator.child_by_field_name("name")
    if pattern is None or declarator.child_by_field_name("type") is not None:
        return None
    return _uses_of_keys(call, statement, pattern)


def _within(call: KvCall) -> _Uses | None:
    """Return the use of `(await kv.list()).keys` that its statement in a block begins with."""
    awaited = outer(call.node).parent
    if awaited is None or awaited.type != "await_expression":
        return None
    here = keys = _member_of(outer(awaited))
    if keys is None or call.source.text_of(keys.child_by_field_name("property") or keys) != "keys":
        return None
    if call.node.child_by_field_name("type_arguments") is not None or _has_chain(keys):
        return None
    while here is not None and here.type not in _BEGINNING:
        here = _first_in(here)
    statement = here.parent if here is not None and here.type == "variable_declarator" else here
    block = statement.parent if statement is not None else None
    if here is None or statement is None or block is None or block.type not in _BLOCKS:
        return None
    if statement.type == _STATEMENT and len(statement.named_children) == 1:
        name, value = here.child_by_field_name("name"), here.child_by_field_name("value")
        if value == keys and name is not None and name.type == "identifier":
            is_const = call.source.text_of(statement).startswith("const ")
            if not is_const or here.child_by_field_name("type") is not None:
                return None
            return _Uses(statement, None, call.source.text_of(name), (), True)
    return _Uses(statement, None, None, (call.source.span(keys),), False)


def _member_of(node: Node) -> Node | None:
    """Return the access to a member of a value."""
    parent = node.parent
    is_member = parent is not None and parent.type == "member_expression"
    return parent if is_member and parent is not None and is_field(parent, "object", node) else None


def _first_in(node: Node) -> Node | None:
    """Return what a node is the first part of that is evaluated."""
    parent = node.parent
    if parent is None:
        return None
    field = _FIRST.get(parent.type)
    is_first = field is not None and (not field or is_field(parent, field, node))
    if parent.type == "for_in_statement":
        operator = parent.child_by_field_name("operator")
        is_first = is_first and operator is not None and operator.type == "of"
    if parent.type == "variable_declarator":
        holder = parent.parent
        is_first = is_first and holder is not None and holder.named_children[0] == parent
    return parent if is_first else None


def _has_chain(member: Node) -> bool:
    return any(child.type == "optional_chain" for child in member.children)


def _is_alone(call: KvCall, statement: Node) -> bool:
    """Return whether a statement only declares what a list returns, in a block."""
    parent, declarators = statement.parent, statement.named_children
    if parent is None or parent.type not in ("statement_block", "program"):
        return False
    value = declarators[0].child_by_field_name("value") if len(declarators) == 1 else None
    types = call.node.child_by_field_name("type_arguments")
    if value is None or value.type != "await_expression" or types is not None:
        return False
    return plain(value.named_children[-1]) == call.node and statement.type == _STATEMENT


def _with_cursor(call: KvCall) -> str | None:
    """Return the options with the cursor; None if they aren't a literal on one line."""
    nodes = call.argument_nodes
    if not nodes:
        return "{ cursor }"
    inner = plain(nodes[0])
    text = call.source.text_of(inner)
    if inner.type != "object" or "\n" in text or len(nodes) > 1 or "//" in text:
        return None
    members = text[1:-1].strip().rstrip(",").rstrip()
    return f"{{ {members}, cursor }}" if members else "{ cursor }"


def _uses_of_keys(call: KvCall, statement: Node, pattern: Node) -> _Uses | None:
    """Return the uses of `page.keys`, or the name in `{ keys }`; None for any other use."""
    names, source = call.source.names, call.source
    if pattern.type == "object_pattern":
        members = pattern.named_children
        if len(members) != 1 or source.text_of(members[0]) != "keys":
            return None
        return _Uses(statement, None, "keys", (), True)
    declared = names.resolve(pattern) if pattern.type == "identifier" else None
    spans: list[Span] = []
    for use in names.references(declared) if declared is not None else ():
        member = _member_of(use)
        name = member.child_by_field_name("property") if member is not None else None
        if member is None or name is None or source.text_of(name) != "keys" or _has_chain(member):
            return None
        spans.append(source.span(member))
    return _Uses(statement, source.text_of(pattern), None, tuple(spans), True) if spans else None
