"""A loop over the pages of a list that reads the first page again and again.

## What
A loop that goes on until `list_complete` calls `list()` without the cursor of the page before. It
isn't reported if the loop deletes keys, itself or in a function, as the first page is another one
then, if an option changes in the loop, or if it has another list.

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

*Quick fix: passes the cursor of the page before, if a variable outside the loop holds that page or
its cursor. `kvlens check --fix` applies it.*
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.config.edit import Edit, newline_of
from kvlens.js.calls import KvCall
from kvlens.js.scopes import FUNCTIONS, Declaration
from kvlens.js.syntax import Source, plain
from kvlens.js.tree import ancestor, is_field
from kvlens.kv.limits import MAX_LIST_KEYS
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_LOOPS = frozenset(("while_statement", "do_statement", "for_statement"))
_NEAREST = FUNCTIONS | _LOOPS | {"for_in_statement"}
_LONGEST = 20_000  # bytes of a loop, and of the functions it names, that are searched
_PAGES = r"(?:list_complete|listComplete|cursor)"
_ENDS = re.compile(
    rf"\bif\s*\([^{{}};]{{0,200}}{_PAGES}[^{{}};]{{0,200}}\)\s*\{{?\s*(?:break|return)\b"
)
_NAME = re.compile(r"[!\s()]*([\w$]+)[\s()]*\Z")
_DELETE = re.compile(
    r"(?i)(?:delete|remove|purge|clear|clean|prune|evict|drop|wipe|move)\w{0,40}"
    r"(?:[\"'`]\])?(?:\s{0,20}\(|\.(?:bind|call|apply)\b)"
)
_LIST = re.compile(r"\.\s*list\s*[(<]")
_NOTHING = ("null", "undefined")
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
    if not _is_paging(call, loop, text) or len(_LIST.findall(text)) > 1:
        return
    if _DELETE.search(text) or any(_DELETE.search(each) for each in _named(call.source, text)):
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


def _named(source: Source, text: str) -> Iterator[str]:
    """Yield the texts of the file's functions that a loop names, up to a limit."""
    left = _LONGEST
    for word in sorted(set(_WORD.findall(text))):
        for declared in source.names.declarations(word):
            value = declared.origin.child_by_field_name("value")
            made = declared.origin if declared.kind == "function" else value
            if made is not None and made.type in FUNCTIONS:
                left -= made.end_byte - made.start_byte
                if left < 0:
                    return
                yield source.text_of(made)


def _words(call: KvCall, node: Node) -> set[str]:
    return set(_WORD.findall(call.source.text_of(node)))


def _is_set(word: str, text: str) -> bool:
    """Return whether a loop sets a variable."""
    return bool(
        re.search(rf"(?<![\w$.]){re.escape(word)}\s*(?:[-+*/|&?]{{0,2}}=(?![=>])|\+\+)", text)
    )


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    """Pass the cursor of the page before, which a variable outside the loop holds."""
    call = context.analysis.call_at(problem.span)
    loop = ancestor(call.node, _NEAREST) if call is not None else None
    if call is None or loop is None or loop.type not in _LOOPS:
        return
    cursor = _of_page(call, loop) or _of_cursor(call, loop)
    edit = _with(call, cursor) if cursor is not None else None
    if edit is not None:
        yield Fix("Pass the cursor of the page before", (edit,), safe=True)


def _of_page(call: KvCall, loop: Node) -> str | None:
    """Return the cursor in `page = await KV.list()`, where `page` has the page before."""
    awaited = call.node.parent
    set_to = awaited.parent if awaited is not None else None
    if awaited is None or awaited.type != "await_expression" or set_to is None:
        return None
    target = set_to.child_by_field_name("left")
    if set_to.type != "assignment_expression" or target is None or target.type != "identifier":
        return None
    declared = _outside(call.source, target, loop)
    if declared is None or _assignments(call.source, declared, loop) != [set_to]:
        return None
    page, start = call.source.text_of(target), declared.origin.child_by_field_name("value")
    is_typed = _is_typescript(call.source)
    if start is not None and start.type not in _NOTHING:
        condition = loop.child_by_field_name("condition")
        text = call.source.text_of(condition).strip("() ") if condition is not None else ""
        is_certain = loop.type == "while_statement" and text == f"!{page}.list_complete"
        return f"{page}.cursor" if is_certain and plain(start).type == "await_expression" else None
    if not is_typed:
        return f"{page}?.cursor"
    if not _begins_undefined(call.source, declared):
        return None
    return f"{page}?.list_complete === false ? {page}.cursor : undefined"


def _of_cursor(call: KvCall, loop: Node) -> str | None:
    """Return the variable that a loop sets to the cursor of each page."""
    source = call.source
    for word in source.names.nodes("cursor"):
        set_to = ancestor(word, {"assignment_expression", *FUNCTIONS})
        target, right = (
            set_to.child_by_field_name(name) if set_to is not None else None
            for name in ("left", "right")
        )
        if set_to is None or target is None or right is None or target.type != "identifier":
            continue
        if not call.node.end_byte < set_to.start_byte < loop.end_byte:
            continue
        declared = _outside(source, target, loop)
        if declared is None or not _is_cursor(call, right):
            continue
        start = declared.origin.child_by_field_name("value")
        is_empty = start is None or start.type in _NOTHING
        if _is_typescript(source):
            is_empty = _begins_undefined(source, declared)
        if is_empty and _assignments(source, declared, loop) == [set_to]:
            return source.text_of(target)
    return None


def _begins_undefined(source: Source, declared: Declaration) -> bool:
    """Return whether TypeScript lets a loop read a variable before it is set.

    Without `undefined` in its type that is an error (TS2454), and where it begins with `null`, what
    is set from it in turn has no type (TS7022).
    """
    kind, start = (declared.origin.child_by_field_name(name) for name in ("type", "value"))
    return start is None and kind is not None and "undefined" in source.text_of(kind)


def _is_cursor(call: KvCall, node: Node) -> bool:
    """Return whether this is the cursor of what the call returns, or nothing after the last."""
    node = plain(node)
    if node.type == "ternary_expression":
        sides = [node.child_by_field_name(name) for name in ("consequence", "alternative")]
        some = [side for side in sides if side is not None and plain(side).type not in _NOTHING]
        return len(some) == 1 and _is_cursor(call, some[0])
    base, path = node, ["cursor"]
    if node.type == "member_expression":
        word = node.child_by_field_name("property")
        base, path = node.child_by_field_name("object") or node, []
        if word is None or call.source.text_of(word) != "cursor":
            return False
    declared = call.source.names.resolve(base) if base.type == "identifier" else None
    start = declared.origin.child_by_field_name("value") if declared is not None else None
    if declared is None or start is None or [*declared.path] != path:
        return False
    return start.type == "await_expression" and plain(start.named_children[-1]) == call.node


def _outside(source: Source, name: Node, loop: Node) -> Declaration | None:
    """Return the variable of this name, if it is declared in the function around a loop."""
    declared = source.names.resolve(name)
    if declared is None or declared.kind not in ("let", "var") or declared.path:
        return None
    is_here = ancestor(declared.node, FUNCTIONS) == ancestor(loop, FUNCTIONS)
    return declared if is_here and declared.node.start_byte < loop.start_byte else None


def _assignments(source: Source, declared: Declaration, loop: Node) -> list[Node]:
    """Return what sets a variable in a loop."""
    found = []
    for use in source.names.references(declared):
        parent = use.parent
        if parent is None or not loop.start_byte < use.start_byte < loop.end_byte:
            continue
        if parent.type == "update_expression" or is_field(parent, "left", use):
            if parent.type.endswith(("assignment_expression", "update_expression")):
                found.append(parent)
        elif parent.type.endswith("pattern"):
            found.append(parent)
    return found


def _with(call: KvCall, cursor: str) -> Edit | None:
    """Return the edit that adds the cursor to the options, which are a literal in the call."""
    source, given = call.source, call.node.child_by_field_name("arguments")
    new = "cursor" if cursor == "cursor" else f"cursor: {cursor}"
    if given is None or given.type != "arguments":
        return None
    options = [child for child in given.named_children if child.type != "comment"]
    if not options:
        at = source.span(given).end - 1
        return Edit(Span(at, at), f"{{ {new} }}")
    inner = plain(options[0])
    if len(options) > 1 or inner.type != "object":
        return None
    members = [child for child in inner.named_children if child.type != "comment"]
    if not members:
        return Edit(source.span(inner), f"{{ {new} }}") if not inner.named_children else None
    last = source.span(members[-1])
    before = source.text[: last.start].rpartition("\n")[2]
    is_on_own_line = not before.strip() and source.span(inner).start < last.start - len(before)
    separator = f",{newline_of(source.text)}{before}" if is_on_own_line else ", "
    return Edit(Span(last.end, last.end), f"{separator}{new}")


def _is_typescript(source: Source) -> bool:
    return source.path.endswith((".ts", ".tsx", ".mts", ".cts"))


RULE = CallRule(
    "list-cursor-not-passed",
    "warning",
    "A loop over the pages of a list doesn't pass the cursor",
    frozenset({"list"}),
    _check,
    _fixes,
)
