"""A list that reads only the first page: a page has at most 1000 keys.

## What
The keys of a `list()` are read, and nothing in the same function asks for the next page: there is
neither `cursor` nor `list_complete`. It isn't reported if one page is enough: with a `limit`, where
the code looks only at `keys.length > 0`, `keys[0]` or `keys.slice(0, 50)`, with an id in the prefix
(`cart:${userId}:`), as one user or record rarely has over 1000 keys, or with the name of things
that people enter by hand, such as `domain:`, `tag:`, `role:` or `settings:`. Nor is it below a
comment on pagination or on 1000 keys, right above the function.

## Why
A page has at most 1000 keys. If there are more, the rest is missing without an error. In a busy
namespace a page can even be shorter and still not be the last.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const page = await env.KV.list({ prefix: "cart:" });
    return Response.json(page.keys.map((key) => key.name));
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const names = [];
    let cursor;
    do {
      const page = await env.KV.list({ prefix: "cart:", cursor });
      names.push(...page.keys.map((key) => key.name));
      cursor = page.list_complete ? undefined : page.cursor;
    } while (cursor);
    return Response.json(names);
  },
};
```

*Quick fix: reads every page in such a loop, where the page is declared by a statement and only its
keys are used, or where a statement begins with `(await KV.list()).keys`.*
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kvlens.config.edit import Edit, line_start, newline_of
from kvlens.js.calls import KvCall
from kvlens.js.constants.values import Value
from kvlens.js.scopes import FUNCTIONS, Declaration
from kvlens.js.syntax import Source, outer, plain
from kvlens.js.then import value_of
from kvlens.js.tree import ancestor, is_field
from kvlens.kv.limits import MAX_LIST_KEYS
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
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
_PAGES = re.compile(r"list_complete|listComplete|cursor", re.IGNORECASE)
# What people enter by hand: the last part of a prefix.
_FEW = re.compile(
    r"(?:domain|destination|tag|role|plan|flag|feature|provider|category|categories|template|setting"
    r"|policy|policies|schema|config(?:uration)?)s?\Z",
    re.IGNORECASE,
)
_KNOWN = re.compile(r"paginat|\b1[,.]?000\b", re.IGNORECASE)
_ID = re.compile(r"(?:\A|_)(?:id|ID)\Z|[a-z]I[dD]\Z")
_KEYS = re.compile(r"\bkeys\b")
# Uses of the keys for which one page is enough, and their declaration.
_ONE_PAGE = re.compile(
    r"!\s*[\w.?!()\s]{0,80}\bkeys\??\.length\b"
    r"|\bkeys\??\.length\s*(?:>=?|===?|!==?|<)\s*[01]\b"
    r"|\bkeys\??\.slice\(\s*0\s*,\s*\d{1,3}\s*\)|\bkeys\??\.at\(0\)|\bkeys(?:\?\.)?\[0\]"
    r"|\(\s*[\w.?]{0,80}\bkeys\s*(?:\?\?|\|\|)\s*\[\]\s*\)\.slice\(\s*0\s*,\s*\d{1,3}\s*\)"
    r"|\{\s*keys\s*\}\s*=|\bObject\.keys\b|\bkeys\s*:\s*\[\s*\]"
    r"|!\s*[\w.?]{1,80}\bkeys\b(?=\s*(?:\|\||\)))"
)
_AROUND = (2, 60)  # characters before and after a page, in which the keys are used


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    page = value_of(call.source, call.node)
    if (call.fate != "awaited" and page is None) or len(call.argument_nodes) > 1:
        return
    options = call.options
    if options is not None:
        if options.kind != "object" or not options.complete:
            return
        if {"limit", "cursor"} & set(options.properties):
            return
        prefix = options.properties.get("prefix")
        if prefix is not None and (
            _is_of_few(prefix.value) or _is_of_one(call.source, plain(prefix.value.node))
        ):
            return
    outermost = _outermost(call.node)
    around = call.source.text_of(outermost)
    if _PAGES.search(around) or _KNOWN.search(_comment_above(call.source, outermost)):
        return
    if not any(_KEYS.search(_ONE_PAGE.sub("", text)) for text in _texts(call, page) or (around,)):
        return
    yield Finding(
        call.source.span(call.method_node),
        f"{call.title} returns at most {MAX_LIST_KEYS} keys, and the code doesn't read the next "
        f"page. Repeat the call with the cursor of each page until list_complete is true, or set "
        f"a limit if one page is enough.",
    )


def _comment_above(source: Source, function: Node) -> str:
    """Return the comment right above a function, or above the export that it is in."""
    holder = function
    while holder.parent is not None and holder.parent.type != "program":
        if holder.parent.type in ("class_body", "statement_block"):
            break
        holder = holder.parent
    above = holder.prev_named_sibling
    return source.text_of(above) if above is not None and above.type == "comment" else ""


def _is_of_few(prefix: Value) -> bool:
    """Return whether a constant prefix names things of which nobody has over 1,000."""
    words = re.split(r"[^A-Za-z]+", str(prefix.value)) if prefix.kind == "string" else []
    last = next((word for word in reversed(words) if word), "")
    return bool(_FEW.match(last))


def _texts(call: KvCall, page: Declaration | None) -> list[str]:
    """Return the code at each use of a page; none if not only its members are used.

    `page`: what `then()` gives.
    """
    declared = page or _variable_of(call)
    text = call.source.text
    nodes = call.source.names.references(declared) if declared is not None else []
    if any(node.parent is None or node.parent.type != "member_expression" for node in nodes):
        return []
    before, after = _AROUND
    spans = [call.source.span(node) for node in nodes]
    return [  # the page itself may be named `keys`
        f"{text[max(0, span.start - before) : span.start]}page{text[span.end : span.end + after]}"
        for span in spans
    ]


def _variable_of(call: KvCall) -> Declaration | None:
    """Return the variable that a page is the value of."""
    declarator = ancestor(call.node, frozenset(("variable_declarator", *FUNCTIONS)))
    name = declarator.child_by_field_name("name") if declarator is not None else None
    value = declarator.child_by_field_name("value") if declarator is not None else None
    if name is None or name.type != "identifier" or value is None:
        return None
    if value.type != "await_expression" or plain(value.named_children[-1]) != call.node:
        return None
    return call.source.names.resolve(name)


def _is_of_one(source: Source, prefix: Node) -> bool:
    """Return whether a prefix has an id in it: one user or record rarely has over 1,000 keys."""
    declared = source.names.resolve(prefix) if prefix.type.endswith("identifier") else None
    if declared is not None and declared.kind == "const" and not declared.path:
        prefix = declared.origin.child_by_field_name("value") or prefix
    return any(_ID.search(source.text_of(name)) for name in _names_in(plain(prefix)))


def _names_in(node: Node) -> Iterator[Node]:
    if node.type in ("identifier", "property_identifier"):
        yield node
    for child in node.named_children:
        yield from _names_in(child)


def _outermost(node: Node) -> Node:
    """Return the outermost function around a node, or the file."""
    found, here = node, node.parent
    while here is not None:
        if here.type in FUNCTIONS or here.parent is None:
            found = here
            if here.type == "method_definition":
                return here
        here = here.parent
        if here is not None and here.parent is None and found is not node:
            return found
    return found


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
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


RULE = CallRule(
    "list-without-cursor",
    "information",
    "Only the first page of a list is read",
    frozenset({"list"}),
    _check,
    _fixes,
)
