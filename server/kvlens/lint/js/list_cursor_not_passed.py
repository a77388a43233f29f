"""A loop over the pages of a list that reads the first page again and again.

## What
A loop that goes on until `list_complete` calls `list()` without the cursor of the page before. It
isn't reported if the loop deletes keys, as the first page is another one then, if an option
changes in the loop, or if it has another list.

## Why
Without a cursor, `list()` always returns the first page. If there are more keys than one page has,
which is at most 1000, `list_complete` is never true, and the loop doesn't end.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const names = [];
    let page;
    do {
      page = await env.KV.list({ prefix: "cart:" });
      names.push(...page.keys.map((key) => key.name));
    } while (!page.list_complete);
    return Response.json(names);
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const names = [];
    let page;
    do {
      page = await env.KV.list({ prefix: "cart:", cursor: page?.cursor });
      names.push(...page.keys.map((key) => key.name));
    } while (!page.list_complete);
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
from kvlens.js.tree import ancestor
from kvlens.kv.limits import MAX_LIST_KEYS
from kvlens.lint.base import CallRule, Context, Finding

if TYPE_CHECKING:
    from tree_sitter import Node

_LOOPS = frozenset(("while_statement", "do_statement", "for_statement"))
_NEAREST = FUNCTIONS | _LOOPS | {"for_in_statement"}
_LONGEST = 20_000  # bytes of a loop that are searched
_PAGES = r"(?:list_complete|listComplete|cursor)"
_ENDS = re.compile(
    rf"\bif\s*\([^{{}};]{{0,200}}{_PAGES}[^{{}};]{{0,200}}\)\s*\{{?\s*(?:break|return)\b"
)
_NAME = re.compile(r"[!\s()]*([\w$]+)[\s()]*\Z")
_DELETE = re.compile(r"\.\s*delete\s*\(")
_LIST = re.compile(r"\.\s*list\s*[(<]")
_FOREVER = ("", "true", "1")
_WORD = re.compile(r"(?<![\w$.\"'])[A-Za-z_$][\w$]*")


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    options = call.options
    if options is not None:
        is_known = options.kind == "object" and options.complete
        if not is_known or "cursor" in options.properties:
            return
    loop = ancestor(call.node, _NEAREST)
    if loop is None or loop.type not in _LOOPS or loop.end_byte - loop.start_byte > _LONGEST:
        return
    text = call.source.text_of(loop)
    if not _is_paging(call, loop, text) or _DELETE.search(text) or len(_LIST.findall(text)) > 1:
        return
    if any(_is_set(word, text) for node in call.argument_nodes for word in _words(call, node)):
        return
    yield Finding(
        call.source.span(call.method_node),
        f"{call.title} doesn't get the cursor of the page before, so each turn of this loop reads "
        f"the first page, and it never ends if there are more than {MAX_LIST_KEYS} keys. Pass the "
        f"page's cursor.",
    )


def _is_paging(call: KvCall, loop: Node, text: str) -> bool:
    """Return whether a loop goes on until the last page."""
    node = loop.child_by_field_name("condition")
    condition = call.source.text_of(node).strip("(); \n") if node is not None else ""
    if re.search(_PAGES, condition):
        return True
    if condition in _FOREVER:
        return bool(_ENDS.search(text))
    name = _NAME.match(condition)
    return name is not None and bool(
        re.search(rf"(?<![\w$.]){re.escape(name[1])}\s*=(?!=)[^;\n]{{0,200}}{_PAGES}", text)
    )


def _words(call: KvCall, node: Node) -> set[str]:
    return set(_WORD.findall(call.source.text_of(node)))


def _is_set(word: str, text: str) -> bool:
    """Return whether a loop sets a variable."""
    return bool(
        re.search(rf"(?<![\w$.]){re.escape(word)}\s*(?:[-+*/|&?]{{0,2}}=(?![=>])|\+\+)", text)
    )


RULE = CallRule(
    "list-cursor-not-passed",
    "warning",
    "A loop over the pages of a list doesn't pass the cursor",
    frozenset({"list"}),
    _check,
)
