"""A list that reads only the first page: a page has at most 1000 keys.

## What
The keys of a `list()` are read, and nothing in the same function asks for the next page: there is
neither `cursor` nor `list_complete`. It isn't reported if one page is enough: with a `limit`, or
where the code looks only at `keys.length > 0`, `keys[0]` or `keys.slice(0, 50)`.

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
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.calls import KvCall
from kvlens.js.scopes import FUNCTIONS
from kvlens.kv.limits import MAX_LIST_KEYS
from kvlens.lint.base import CallRule, Context, Finding

if TYPE_CHECKING:
    from tree_sitter import Node

_PAGES = re.compile(r"list_complete|listComplete|cursor", re.IGNORECASE)
_KEYS = re.compile(r"\bkeys\b")
# Uses of the keys for which one page is enough, and their declaration.
_ONE_PAGE = re.compile(
    r"!\s*[\w.?!()\s]{0,80}\bkeys\??\.length\b"
    r"|\bkeys\??\.length\s*(?:>=?|===?|!==?|<)\s*[01]\b"
    r"|\bkeys\??\.slice\(\s*0\s*,\s*\d{1,3}\s*\)|\bkeys\??\.at\(0\)|\bkeys(?:\?\.)?\[0\]"
    r"|\{\s*keys\s*\}\s*=|\bObject\.keys\b"
)


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    if call.fate != "awaited" or len(call.argument_nodes) > 1:
        return
    options = call.options
    if options is not None:
        if options.kind != "object" or not options.complete:
            return
        if {"limit", "cursor"} & set(options.properties):
            return
    around = call.source.text_of(_outermost(call.node))
    if _PAGES.search(around) or not _KEYS.search(_ONE_PAGE.sub("", around)):
        return
    yield Finding(
        call.source.span(call.method_node),
        f"{call.title} returns at most {MAX_LIST_KEYS} keys, and the code doesn't read the next "
        f"page. Repeat the call with the cursor of each page until list_complete is true, or set "
        f"a limit if one page is enough.",
    )


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
)
