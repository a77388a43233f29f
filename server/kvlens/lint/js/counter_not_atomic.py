"""A number that is read, changed and put back: two requests at once lose one of the changes.

## What
`put()` stores a number that is one more or less, or some other known number more or less, than what
`get()` of the same key returned before in the same function; also as a member of a JSON object. A
count that several branches store is reported once. It isn't reported in a Durable Object and in a
`scheduled()` handler, which don't run twice at once, nor for a number that only tells old from new
by its name or its key (`cacheVersion`), nor in a file with a comment on races in KV:
`// KV isn't atomic: a burst may pass`.

## Why
KV is last-write-wins and has no atomic operations. Two requests that read 7 both write 8, and a
location that still has the old value in its cache, for a minute or longer, writes that plus one.
KV also allows only one write per second to a key, and rejects more with 429.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const visits = Number(await env.KV.get("visits"));
    await env.KV.put("visits", String(visits + 1));
    return new Response("ok");
  },
};
```

## Fix
Count in a Durable Object, whose requests run one after another, or in Analytics Engine:

```js
export default {
  async fetch(request, env, ctx) {
    const counter = env.COUNTER.get(env.COUNTER.idFromName("visits"));
    await counter.increment();
    return new Response("ok");
  },
};
```

If an approximate number is enough, say so in a comment about KV and atomic operations, or in
`// kvlens-disable-line counter-not-atomic -- approximate`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.analysis import Analysis
from kvlens.js.calls import KvCall
from kvlens.js.scopes import FUNCTIONS, Declaration, is_assigned
from kvlens.js.syntax import Source, arguments_of, callee, plain
from kvlens.js.tree import ancestor
from kvlens.lint.base import CallRule, Context, Finding, Related
from kvlens.lint.durable_objects import is_in_durable_object
from kvlens.memo import memo

if TYPE_CHECKING:
    from tree_sitter import Node

_DEEPEST = 12
_AS_TEXT = ("String", "JSON.stringify")
_EMPTY = ('""', "''", "``")
_AS_NUMBER = ("Number", "parseInt", "parseFloat", "Number.parseInt", "Number.parseFloat",
              "JSON.parse", "Math.max", "Math.floor")  # fmt: skip
_MEMBERS = ("member_expression", "subscript_expression")
_VERSION = re.compile(
    r"(?:\b|_)(?:version|revision)(?![a-z])|[a-z](?:Version|Revision)(?![a-z])|(?:VERSION|REVISION)\b"
)
_ALONE = ("scheduled", "alarm")  # handlers
_RACE = re.compile(
    r"(?:\bno|\bnot|\bnon|n't)[ -]+atomic|\brac(?:e|es|y)\b|\bconcurren|\blast[ -]write"
    r"|\bclobber|\bdurable[ -]object|\bsoft (?:cap|limit)|\bapproximate",
    re.IGNORECASE,
)


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    read = _reads(context.analysis).get(call.node.id)
    if read is None or _is_alone(call, context) or _is_known(call.source) or _is_version(call):
        return
    yield Finding(
        call.method_span,
        f"{call.title} stores a count that was read before, and KV has no atomic operations: of "
        "two requests at the same time, one isn't counted. Count in a Durable Object instead.",
        related=(Related(read.span, "the count is read here"),),
    )


def _is_version(call: KvCall) -> bool:
    """Return whether the names say that a number only tells old from new: two may be the same."""
    return any(_VERSION.search(call.source.text_of(node)) for node in call.argument_nodes[:2])


@memo
def _reads(analysis: Analysis) -> dict[int, KvCall]:
    """Return the get() of the count that each put() stores, by the put()'s node.

    Of several branches that store one count, only the first.
    """
    found: dict[int, KvCall] = {}
    stored: set[int] = set()  # counts, by their get()
    first_counted: dict[int, float] = {}
    for put in analysis.certain_calls:
        if put.method != "put" or len(put.argument_nodes) < 2:
            continue
        read = _Counter(put, analysis, first_counted).stepped_from(put.argument_nodes[1])
        if read is None or read.node.id in stored or not _is_same_key(put, read):
            continue
        found[put.node.id] = read
        if read.span.start < put.span.start:
            stored.add(read.node.id)
    return found


class _Counter:
    """Follows a stored number back to the get() that it is made of.

    `first_counted`: where a member of a variable is first counted, by the declaration's node.
    """

    def __init__(self, call: KvCall, analysis: Analysis, first_counted: dict[int, float]) -> None:
        self._call = call
        self._analysis = analysis
        self._first_counted = first_counted
        self._names = call.source.names
        self._left = 200  # nodes that are looked at

    def stepped_from(self, node: Node, depth: int = 0) -> KvCall | None:
        """Return the get() whose number an expression changes by a known one."""
        node = plain(node)
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            return None
        if (inner := self._as_text(node)) is not None:
            return self.stepped_from(inner, depth + 1)
        if (stepped := self._stepped(node)) is not None:
            return self._read(stepped, depth + 1)
        if node.type == "update_expression":  # ++n
            argument = node.child_by_field_name("argument")
            is_before = node.children[0].type in ("++", "--")
            return self._read(argument, depth + 1) if argument is not None and is_before else None
        if node.type == "object":
            counted = filter(None, map(self._counted_in_pair, node.named_children))
            return next(filter(None, (self._read(each, depth + 1) for each in counted)), None)
        declared = self._variable(node)
        if declared is None:
            return None
        start = declared.origin.child_by_field_name("value")
        if start is None:
            return None
        if self._has_counted_member(declared):
            return self._read(start, depth + 1)
        if not is_assigned(self._names, declared):
            return self.stepped_from(start, depth + 1)
        return self._counted(declared, start, depth)

    def _as_text(self, node: Node) -> Node | None:
        """Return the number in `String(n)`, `n.toString()`, `${n}` and the like."""
        if node.type == "template_string":
            parts = node.named_children
            is_alone = len(parts) == 1 and parts[0].type == "template_substitution"
            return parts[0].named_children[0] if is_alone and parts[0].named_children else None
        if node.type == "binary_expression":  # "" + n
            sides = [node.child_by_field_name("left"), node.child_by_field_name("right")]
            others = [one for one in sides if one is not None and self._text(one) not in _EMPTY]
            return others[0] if len(others) == 1 else None
        if node.type != "call_expression":
            return None
        function, given = callee(node), arguments_of(node)
        if function is None:
            return None
        if given[1:] == [] and given and self._text(function) in _AS_TEXT:
            return given[0]
        name = function.child_by_field_name("property")
        is_method = name is not None and self._text(name) == "toString"
        return function.child_by_field_name("object") if is_method and not given else None

    def _stepped(self, node: Node) -> Node | None:
        """Return the `n` in `n + 1`, `1 + n` and `n - 1`."""
        node = plain(node)
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is None or right is None or operator is None or operator.type not in ("+", "-"):
            return None
        if self._is_number(right):
            return plain(left)
        return plain(right) if operator.type == "+" and self._is_number(left) else None

    def _counted(self, declared: Declaration, start: Node, depth: int) -> KvCall | None:
        """Return the get() of a variable that is only counted up or down after it."""
        read = self._read(start, depth + 1)
        changes = 0
        for use in self._names.references(declared):
            parent = use.parent
            if parent is None or use.start_byte > self._call.node.start_byte:
                continue
            left, right = parent.child_by_field_name("left"), parent.child_by_field_name("right")
            if parent.type == "update_expression":
                changes += 1
            elif left == use and right is not None and parent.type.endswith("nment_expression"):
                if parent.type.startswith("augmented"):
                    is_added = self._is_addition(parent)
                else:
                    is_added = self._is_step(right, declared)
                if not is_added:
                    return None
                changes += 1
        return read if changes else None

    def _counted_in_pair(self, pair: Node) -> Node | None:
        """Return the `data.count` in `{ count: data.count + 1 }`."""
        key, value = (pair.child_by_field_name(name) for name in ("key", "value"))
        stepped = self._stepped(value) if value is not None else None
        if key is None or stepped is None:
            return None
        before = _without_default(stepped)
        name = before.child_by_field_name("property") or before
        return before if self._text(name) == self._text(key) else None

    def _has_counted_member(self, declared: Declaration) -> bool:
        """Return whether a member of a variable is counted up or down before the put()."""
        first = self._first_counted.get(declared.node.id)
        if first is None:
            counted = filter(self._is_counted_member, self._names.references(declared))
            first = next((use.start_byte for use in counted), math.inf)
            self._first_counted[declared.node.id] = first
        return first < self._call.node.start_byte

    def _is_counted_member(self, use: Node) -> bool:
        """Return whether this is the variable in `data.count++` or `data[key] = data[key] + 1`."""
        member, parent = use, use.parent
        while parent is not None and parent.type in _MEMBERS:
            if parent.child_by_field_name("object") != member:
                return False
            member, parent = parent, parent.parent
        if parent is None or member == use:
            return False
        if parent.type == "update_expression":
            return True
        left, right = parent.child_by_field_name("left"), parent.child_by_field_name("right")
        if left != member or right is None:
            return False
        if parent.type == "augmented_assignment_expression":
            return self._is_addition(parent)
        stepped = self._stepped(right)
        return stepped is not None and self._text(_without_default(stepped)) == self._text(member)

    def _is_addition(self, node: Node) -> bool:
        """Return whether an assignment is `n += 1` or `n -= 1`."""
        operator, right = (node.child_by_field_name(name) for name in ("operator", "right"))
        is_sum = operator is not None and operator.type in ("+=", "-=")
        return is_sum and right is not None and self._is_number(right)

    def _is_step(self, node: Node, declared: Declaration) -> bool:
        """Return whether this is `n + 1`, of a variable."""
        stepped = self._stepped(node)
        return (
            stepped is not None
            and stepped.type == "identifier"
            and self._names.resolve(stepped) == declared
        )

    def _read(self, node: Node, depth: int = 0) -> KvCall | None:
        """Return the get() that a number is read from: `Number(await kv.get(k)) || 0`."""
        node = plain(node)
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            return None
        found = self._analysis.call_of(node)
        if found is not None and found.method == "get" and found.fate == "awaited":
            return found
        if node.type == "await_expression" and node.named_children:
            return self._read(node.named_children[-1], depth + 1)
        if node.type == "call_expression":
            function, given = callee(node), arguments_of(node)
            if function is None or not given or self._text(function) not in _AS_NUMBER:
                return None
            at = 1 if self._is_number(given[0]) and len(given) > 1 else 0
            return self._read(given[at], depth + 1)
        if node.type == "unary_expression":
            argument, operator = (node.child_by_field_name(n) for n in ("argument", "operator"))
            is_plus = operator is not None and operator.type == "+"
            return self._read(argument, depth + 1) if argument is not None and is_plus else None
        if node.type in _MEMBERS:  # of a JSON object
            held, name = (node.child_by_field_name(n) for n in ("object", "property"))
            is_length = name is not None and self._text(name) == "length"
            return self._read(held, depth + 1) if held is not None and not is_length else None
        if (inner := _without_default(node)) != node:
            return self._read(inner, depth + 1)
        if node.type == "ternary_expression":
            sides = (node.child_by_field_name(n) for n in ("consequence", "alternative"))
            reads = (self._read(side, depth + 1) for side in sides if side is not None)
            return next((read for read in reads if read is not None), None)
        declared = self._variable(node, in_pattern=True)  # const { count } = JSON.parse(text)
        start = declared.origin.child_by_field_name("value") if declared is not None else None
        return self._read(start, depth + 1) if start is not None else None

    def _variable(self, node: Node, *, in_pattern: bool = False) -> Declaration | None:
        """Return the declaration of a variable of the function around the put()."""
        declared = self._names.resolve(node) if node.type == "identifier" else None
        if declared is None or declared.kind not in ("const", "let"):
            return None
        if declared.path and (not in_pattern or "length" in declared.path):
            return None
        function = ancestor(self._call.node, FUNCTIONS)
        return declared if ancestor(declared.node, FUNCTIONS) == function else None

    def _is_number(self, node: Node) -> bool:
        return self._call.folder.value(node).kind == "number"

    def _text(self, node: Node) -> str:
        return self._call.source.text_of(node)


def _without_default(node: Node) -> Node:
    """Return the `n` in `n || 0` and `n ?? 0`, or the node itself."""
    left, operator = (node.child_by_field_name(name) for name in ("left", "operator"))
    is_default = operator is not None and operator.type in ("||", "??")
    return plain(left) if left is not None and is_default else node


def _is_same_key(put: KvCall, get: KvCall) -> bool:
    """Return whether both calls are certainly of one key of one namespace."""
    if put.binding is None or put.binding != get.binding:
        text = put.source.text_of
        if put.binding or get.binding or text(plain(put.receiver)) != text(plain(get.receiver)):
            return False
    if put.key is None or get.key is None or get.key.kind == "array":
        return False
    if put.key.kind == get.key.kind == "string":
        return put.key.value == get.key.value
    one, other = put.argument_nodes[0], get.argument_nodes[0]
    if put.source.text_of(one) != put.source.text_of(other):
        return False
    return all(_is_constant(put, node) for node in _identifiers(one))


def _identifiers(node: Node) -> Iterator[Node]:
    if node.type == "identifier":
        yield node
    for child in node.named_children:
        yield from _identifiers(child)


def _is_constant(call: KvCall, node: Node) -> bool:
    declared = call.source.names.resolve(node)
    return declared is None or not is_assigned(call.source.names, declared)


@memo
def _is_known(source: Source) -> bool:
    """Return whether a comment in the file speaks of races in KV."""
    comments = (source.text[slice(*span)] for span in source.comments_with("KV"))
    return any(_RACE.search(comment) for comment in comments)


def _is_alone(call: KvCall, context: Context) -> bool:
    """Return whether the code never runs twice at once: in a Durable Object or a cron job."""
    if is_in_durable_object(context, call.source, call.node):
        return True
    function = ancestor(call.node, FUNCTIONS)
    while function is not None:
        name = function.child_by_field_name("name")
        if name is None and function.parent is not None and function.parent.type == "pair":
            name = function.parent.child_by_field_name("key")
        if name is not None and call.source.text_of(name) in _ALONE:
            return True
        function = ancestor(function, FUNCTIONS)
    return False


RULE = CallRule(
    "counter-not-atomic",
    "information",
    "A count is read, changed and put back, which loses changes",
    frozenset({"put"}),
    _check,
)
