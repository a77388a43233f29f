"""A list that reads only the first page: a page has at most 1000 keys.

## What
The keys of a `list()` are read, and nothing in the same function asks for the next page: there is
neither `cursor` nor `list_complete`. It isn't reported if one page is enough: with a `limit`, where
the code looks only at `keys.length > 0`, `keys[0]` or `keys.slice(0, 50)`, in a `while` loop that
deletes the keys of each page, with an id in the prefix
(`cart:${userId}:`), as one user or record rarely has over 1000 keys, with days, countries or
devices of one thing (`${code}:daily:`), or with the name of things
that people enter by hand, such as `domain:`, `tag:`, `role:` or `settings:`. Nor is it below a
comment on pagination or on 1000 keys, right above the function, or if a comment on the keys says
that there are few: `// usually just one`.

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
from kvlens.js.comments import comments_above
from kvlens.js.constants.values import Value
from kvlens.js.scopes import FUNCTIONS, Declaration
from kvlens.js.syntax import Source, plain
from kvlens.js.then import value_of
from kvlens.js.together import value_together
from kvlens.js.tree import ancestor
from kvlens.kv.limits import MAX_LIST_KEYS
from kvlens.lint.base import CallRule, Context, Finding
from kvlens.lint.page_loop import read_every_page
from kvlens.memo import memo

if TYPE_CHECKING:
    from tree_sitter import Node

_PAGES = re.compile(r"list_complete|listComplete|cursor", re.IGNORECASE)
# What people enter by hand: the last part of a prefix.
_FEW = re.compile(
    r"(?:domain|destination|tag|role|plan|flag|feature|provider|category|categories|template|setting"
    r"|policy|policies|schema|secret|config(?:uration)?)s?\Z",
    re.IGNORECASE,
)
_KNOWN = re.compile(r"paginat|\b1[,.]?000\b", re.IGNORECASE)
# What there are few kinds of, for one link or user: days take years to be 1,000.
_FEW_KINDS = re.compile(
    r"(?<![A-Za-z])(?:daily|weekly|monthly|geo|country|countries|device|browser|weekday)s?(?![a-z])",
    re.IGNORECASE,
)
_SAYS_FEW = re.compile(
    r"\b(?:just|only|at most|usually|typically|normally|always)\s+(?:be\s+)?(?:just\s+)?"
    r"(?:one|two|a few|a handful|a couple|[1-9]\d{0,2})\b(?!\s+(?:page|call|request|at a time))"
    r"|\b(?:few|a handful of|a couple of)\s+(?:\w+\s+)?(?:keys|entries|records)\b",
    re.IGNORECASE,
)
_BLOCKS = {"statement_block", "program"}
_LOOPS = frozenset(("do_statement", "while_statement"))
_ID = re.compile(r"(?:\A|_)(?:id|ID)\Z|[a-z]I[dD]\Z")
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
        if prefix is not None and (
            _is_of_few(prefix.value)
            or _is_of_few_kinds(call.source, plain(prefix.value.node))
            or _is_of_one(call.source, plain(prefix.value.node))
        ):
            return
    if _is_emptied(call, context):
        return
    outermost = _outermost(call.node)
    is_paged, uses_keys = _looked_at(call.source, outermost)
    if is_paged or _KNOWN.search(_comment_above(call.source, outermost)):
        return
    if any(map(_SAYS_FEW.search, _comments_near(call))):
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


def _comments_near(call: KvCall) -> Iterator[str]:
    """Yield the comments above a call and right after its statement, above the next one."""
    yield from comments_above(call.source, call.node)
    here: Node | None = call.node
    while here is not None and here.parent is not None and here.parent.type not in _BLOCKS:
        here = here.parent
    after = here.next_named_sibling if here is not None else None
    if after is not None and after.type == "comment":
        yield call.source.text_of(after)


def _is_of_few(prefix: Value) -> bool:
    """Return whether a constant prefix names things of which nobody has over 1,000."""
    words = re.split(r"[^A-Za-z]+", str(prefix.value)) if prefix.kind == "string" else []
    last = next((word for word in reversed(words) if word), "")
    return bool(_FEW.match(last))


def _is_of_few_kinds(source: Source, prefix: Node) -> bool:
    """Return whether a prefix is of few kinds of one thing: `${code}:country:`."""
    if prefix.type != "template_string":
        return False
    names = [source.text_of(name) for name in _names_in(prefix)]
    has_own = any(not name.isupper() for name in names)  # a constant is the same for all
    return has_own and _FEW_KINDS.search(source.text_of(prefix).replace("_", " ")) is not None


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


RULE = CallRule(
    "list-without-cursor",
    "information",
    "Only the first page of a list is read",
    frozenset({"list"}),
    _check,
    read_every_page,
)
