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
keys are used.*
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kvlens.config.edit import Edit, line_start, newline_of
from kvlens.js.calls import KvCall
from kvlens.js.constants.values import Value
from kvlens.js.scopes import FUNCTIONS
from kvlens.js.syntax import Source, plain
from kvlens.js.tree import ancestor
from kvlens.kv.limits import MAX_LIST_KEYS
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_STATEMENT = "lexical_declaration"
_STATEMENTS = frozenset((_STATEMENT, "expression_statement", "return_statement"))
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
    if call.fate != "awaited" or len(call.argument_nodes) > 1:
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
    if not any(_KEYS.search(_ONE_PAGE.sub("", text)) for text in _texts(call) or (around,)):
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


def _texts(call: KvCall) -> list[str]:
    """Return the code at each use of a page; none if not only its members are used."""
    names, text = call.source.names, call.source.text
    declarator = ancestor(call.node, frozenset(("variable_declarator", *FUNCTIONS)))
    name = declarator.child_by_field_name("name") if declarator is not None else None
    value = declarator.child_by_field_name("value") if declarator is not None else None
    if name is None or name.type != "identifier" or value is None:
        return []
    if value.type != "await_expression" or plain(value.named_children[-1]) != call.node:
        return []
    declared = names.resolve(name)
    nodes = names.references(declared) if declared is not None else []
    if any(node.parent is None or node.parent.type != "member_expression" for node in nodes):
        return []
    before, after = _AROUND
    spans = [call.source.span(node) for node in nodes]
    return [  # the page itself may be named `keys`
        f"{text[max(0, span.start - before) : span.start]}page{text[span.end : span.end + after]}"
        for span in spans
    ]


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
    """Read every page in a loop: for `const page = await KV.list(…)` as a statement."""
    call = context.analysis.call_at(problem.span)
    statement = ancestor(call.node, _STATEMENTS) if call is not None else None
    if call is None or statement is None or not _is_alone(call, statement):
        return
    source, names = call.source, call.source.names
    declarator = statement.named_children[0]
    pattern = declarator.child_by_field_name("name")
    if pattern is None or declarator.child_by_field_name("type") is not None:
        return
    options = _with_cursor(call)
    uses = _uses_of_keys(call, pattern)
    if options is None or uses is None:
        return
    keys = uses.name or "keys"
    page = source.text_of(pattern) if pattern.type == "identifier" else "page"
    new_names = {keys, "cursor", page} - {uses.name, source.text_of(pattern)}
    if any(names.occurrences(name) for name in new_names):
        return  # they may be others
    start, end = source.span(statement)
    text = source.text
    line = text[line_start(text, start) : start]
    indent = line[: len(line) - len(line.lstrip())]
    types = source.path.endswith((".ts", ".tsx", ".mts", ".cts"))
    arguments = call.node.child_by_field_name("arguments")
    assert arguments is not None
    get = f"{text[call.span.start : source.span(arguments).start]}({options})"
    step = "\t" if indent.startswith("\t") else "  "
    lines = (
        f"const {keys}{': KVNamespaceListKey<unknown>[]' if types else ''} = [];",
        f"let cursor{': string | undefined' if types else ''};",
        "do {",
        f"{step}const {page} = await {get};",
        f"{step}{keys}.push(...{page}.keys);",
        f"{step}cursor = {page}.list_complete ? undefined : {page}.cursor;",
        "} while (cursor);",
    )
    loop = f"{newline_of(text)}{indent}".join(lines)
    edits = (Edit(Span(start, end), loop), *(Edit(span, keys) for span in uses.spans))
    yield Fix("Read every page in a loop", edits)


class _Uses(NamedTuple):
    """Where the keys of a page are used, and their name if the page is destructured."""

    name: str | None
    spans: tuple[Span, ...]


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


def _uses_of_keys(call: KvCall, pattern: Node) -> _Uses | None:
    """Return the uses of `page.keys`, or the name in `{ keys }`; None for any other use."""
    names, source = call.source.names, call.source
    if pattern.type == "object_pattern":
        members = pattern.named_children
        if len(members) != 1 or source.text_of(members[0]) != "keys":
            return None
        return _Uses("keys", ())
    declared = names.resolve(pattern) if pattern.type == "identifier" else None
    spans: list[Span] = []
    for use in names.references(declared) if declared is not None else ():
        member = use.parent
        name = member.child_by_field_name("property") if member is not None else None
        is_keys = member is not None and member.type == "member_expression" and name is not None
        if member is None or name is None or not is_keys or source.text_of(name) != "keys":
            return None
        if any(child.type == "optional_chain" for child in member.children):
            return None
        spans.append(source.span(member))
    return _Uses(None, tuple(spans)) if spans else None


RULE = CallRule(
    "list-without-cursor",
    "information",
    "Only the first page of a list is read",
    frozenset({"list"}),
    _check,
    _fixes,
)
