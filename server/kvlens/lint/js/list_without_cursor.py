"""A list that reads only the first page: a page has at most 1000 keys.

## What
The keys of a `list()` are read, and nothing in the same function asks for the next page: there is
neither `cursor` nor `list_complete`. It isn't reported if one page is enough: with a `limit`, where
the code looks only at `keys.length > 0`, `keys[0]` or `keys.slice(0, 50)`, in a `while` loop that
deletes the keys of each page, with an id in the prefix (`cart:${userId}:`), as one user or record
rarely has over 1000 keys, with days, countries or devices of one thing (`${code}:daily:`), or with
the name of things that people enter by hand, such as `domain:`, `tag:`, `role:` or `settings:`. Nor
is it below a comment on pagination or on 1000 keys, right above the function, or if a comment on
the keys says that there are few: `// usually just one`.

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
from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.analysis import Analysis
from kvlens.js.calls import KvCall
from kvlens.js.scopes import FUNCTIONS, Declaration
from kvlens.js.syntax import Source, plain
from kvlens.js.then import value_of
from kvlens.js.together import value_together
from kvlens.js.tree import ancestor
from kvlens.kv.limits import MAX_LIST_KEYS
from kvlens.lint.base import CallRule, Context, Finding
from kvlens.lint.few_keys import is_prefix_of_few, says_few
from kvlens.lint.page_loop import read_every_page
from kvlens.memo import memo

if TYPE_CHECKING:
    from tree_sitter import Node

_PAGES = re.compile(r"list_complete|listComplete|cursor", re.IGNORECASE)
_KNOWN = re.compile(r"paginat|\b1[,.]?000\b", re.IGNORECASE)
_LOOPS = frozenset(("do_statement", "while_statement"))
_KEYS = re.compile(r"\bkeys\b")
_KEYS_OF_PAGE = re.compile(r"\bpage\s*\??\s*\.\s*keys\b")
# Uses of the keys for which one page is enough, and their declaration.
_ONE_PAGE = re.compile(
    r"!\s*[\w.?!()\s]{0,80}\bkeys\??\.length\b"
    r"|\bkeys\??\.length\s*(?:[<>]=?|===?|!==?)\s*(?:\d{1,3}|[A-Z][A-Z\d_]+)\b(?!\s*[.*])"
    r"|\bkeys\??\.slice\(\s*0\s*,\s*\d{1,3}\s*\)|\bkeys\??\.at\(0\)|\bkeys(?:\?\.)?\[0\]"
    r"|\(\s*[\w.?]{0,80}\bkeys\s*(?:\?\?|\|\|)\s*\[\]\s*\)\.slice\(\s*0\s*,\s*\d{1,3}\s*\)"
    r"|\{\s*keys\s*\}\s*=|\bObject\.keys\b|\bkeys\s*:\s*\[\s*\]"
    r"|!\s*[\w.?]{1,80}\bkeys\b(?=\s*(?:\|\||\)))"
)
_AROUND = (2, 60)  # characters before and after a page, in which the keys are used


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    page = value_of(call.source, call.node) or value_together(call.source, call.node)
    if (call.fate != "awaited" and page is None) or len(call.argument_nodes) > 1:
        return
    options = call.options
    if options is not None:
        if options.kind != "object" or not options.complete:
            return
        if {"limit", "cursor"} & set(options.properties):
            return
        prefix = options.properties.get("prefix")
        if prefix is not None and is_prefix_of_few(call.source, prefix.value):
            return
    if _is_emptied(call, context):
        return
    outermost = _outermost(call.node)
    is_paged, uses_keys = _looked_at(call.source, outermost)
    if is_paged or _KNOWN.search(_comment_above(call.source, outermost)) or says_few(call):
        return
    texts = _texts(call, page)
    if texts:
        uses_keys = any(_KEYS_OF_PAGE.search(_ONE_PAGE.sub("", text)) for text in texts)
    if not uses_keys:
        return
    yield Finding(
        call.source.span(call.method_node),
        f"{call.title} returns at most {MAX_LIST_KEYS} keys, and the code doesn't read the next "
        f"page. Repeat the call with the cursor of each page until list_complete is true, or set "
        f"a limit if one page is enough.",
    )


def _looked_at(source: Source, function: Node) -> tuple[bool, bool]:
    """Return whether a function, which may have many lists, names pages, and uses all keys."""
    known = _functions(source)
    if function.id not in known:
        text = source.text_of(function)
        is_paged = _PAGES.search(text) is not None
        known[function.id] = is_paged, _KEYS.search(_ONE_PAGE.sub("", text)) is not None
    return known[function.id]


@memo
def _functions(source: Source) -> dict[int, tuple[bool, bool]]:
    """Return what was found out about the functions of a source, to add to."""
    return {}


def _is_emptied(call: KvCall, context: Context) -> bool:
    """Return whether a loop deletes the keys of each page: the next list begins after them."""
    loop = ancestor(call.node, _LOOPS | FUNCTIONS)
    if loop is None or loop.type not in _LOOPS:
        return False
    deletes = _deletes(context.analysis)
    return bisect_left(deletes, loop.start_byte) < bisect_left(deletes, loop.end_byte)


@memo
def _deletes(analysis: Analysis) -> list[int]:
    """Return where a source deletes keys, in bytes."""
    return sorted(
        call.node.start_byte for call in analysis.certain_calls if call.method == "delete"
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


def _texts(call: KvCall, page: Declaration | None) -> list[str]:
    """Return the code at each use of a page; none if not only its members are used.

    `page`: what `then()` or `Promise.all()` gives.
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
    declared = call.source.names.resolve(name)
    return declared if declared is not None and declared.origin == declarator else None


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


RULE = CallRule(
    "list-without-cursor",
    "information",
    "Only the first page of a list is read",
    frozenset({"list"}),
    _check,
    read_every_page,
)
