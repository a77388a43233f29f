"""The counts and sums that are read from a key, changed by a number, and put back."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from kvlens.js.analysis import Analysis
from kvlens.js.calls import KvCall
from kvlens.js.patterns import steps_to
from kvlens.js.same_key import is_same_key
from kvlens.js.scopes import FUNCTIONS, Declaration, is_assigned
from kvlens.js.syntax import arguments_of, call_of, callee, plain
from kvlens.js.then import promise_of
from kvlens.js.tree import ancestor
from kvlens.memo import memo

if TYPE_CHECKING:
    from tree_sitter import Node

_DEEPEST = 12
_AS_TEXT = ("String", "JSON.stringify")
_TOGETHER = ("Promise.all", "Promise.allSettled")
_MOST_ITEMS = 64  # promises that are awaited together
# Members and keys that say where something is, as in a form with several pages, or how many days in
# a row something was done, which a day adds to once: no counts.
_NO_COUNT = re.compile(
    r"(?:\b|_)(?:index|position|step|cursor|offset|streak)[\"'`]?\Z"
    r"|[a-z](?:Index|Position|Step|Cursor|Offset|Streak)[\"'`]?\Z"
)
# Names that say that a number only tells old from new: two may be the same.
_VERSION = re.compile(
    r"(?:\b|_)(?:version|revision|rev|epoch)(?![a-z])|[a-z](?:Version|Revision|Epoch)(?![a-z])"
    r"|(?:VERSION|REVISION)\b|(?:\b|_)EPOCH(?:\b|_)"
)
_EMPTY = ('""', "''", "``")
_MEMBERS = ("member_expression", "subscript_expression")
_FROM_TEXT = ("Number", "parseInt", "parseFloat", "Number.parseInt", "Number.parseFloat")
_AS_NUMBER = (*_FROM_TEXT, "JSON.parse", "Math.max", "Math.floor")


def is_no_count(name: str) -> bool:
    """Return whether a key or member says that its number is a place or a version."""
    return bool(_NO_COUNT.search(name)) or is_version(name)


def is_version(name: str) -> bool:
    """Return whether a name or key says that a number only tells old from new."""
    return bool(_VERSION.search(name))


@memo
def stored_counts(analysis: Analysis) -> dict[int, KvCall]:
    """Return the get() of the count that each put() stores, by the put()'s node.

    Of several branches that store one count, only the first.
    """
    found: dict[int, KvCall] = {}
    stored: set[int] = set()  # counts, by their get()
    first_counted: dict[int, float] = {}
    for put in analysis.certain_calls:
        if put.method != "put" or len(put.argument_nodes) < 2:
            continue
        counter = Counter(put.node, analysis, first_counted)
        read = counter.stepped_from(put.argument_nodes[1])
        if (
            read is None
            or read.node.id in stored
            or not is_same_key(put, read, counter.key, counter.through)
        ):
            continue
        found[put.node.id] = read
        if read.span.start < put.span.start:
            stored.add(read.node.id)
    return found


class Counter:
    """Follows a number, stored by the call at a node, back to the get() that it is made of.

    `first_counted`: where a member of a variable is first counted, by the declaration's node.
    """

    def __init__(self, node: Node, analysis: Analysis, first_counted: dict[int, float]) -> None:
        self._node = node
        self._analysis = analysis
        self._first_counted = first_counted
        self._names = analysis.source.names
        self._left = 200  # nodes that are looked at
        self.key: Node | None = None  # with which the number is taken from a bulk get()
        self.through: Node | None = None  # the call of a function that reads
        self._items: set[int] = set()  # promises that are awaited together

    def stepped_from(self, node: Node, depth: int = 0) -> KvCall | None:
        """Return the get() whose number an expression changes by a known one."""
        node = plain(node)
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            return None
        if (inner := self.as_text(node)) is not None:
            return self.stepped_from(inner, depth + 1)
        if (stepped := self._stepped(node)) is not None:
            return self._read(stepped, depth + 1)
        if node.type == "update_expression":  # ++n
            argument = node.child_by_field_name("argument")
            is_before = node.children[0].type in ("++", "--")
            return self._read(argument, depth + 1) if argument is not None and is_before else None
        if node.type == "ternary_expression":  # text ? Number(text) + 1 : 1
            return self._first_stepped(_sides(node), depth + 1)
        if node.type == "object":
            counted = filter(None, map(self._counted_in_pair, node.named_children))
            return next(filter(None, (self._read(each, depth + 1) for each in counted)), None)
        declared = self._variable(node)
        if declared is None:
            return None
        start = self._start(declared)
        if start is None:
            return None
        if self._has_counted_member(declared):
            return self._read(start, depth + 1)
        if not is_assigned(self._names, declared):
            return self.stepped_from(start, depth + 1)
        return self._counted(declared, start, depth)

    def _first_stepped(self, nodes: list[Node], depth: int) -> KvCall | None:
        return next(filter(None, (self.stepped_from(node, depth) for node in nodes)), None)

    def as_text(self, node: Node) -> Node | None:
        """Return the number in `String(n)`, `n.toString()`, `n.toFixed(2)`, `${n}` and the like."""
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
        method = self._text(name) if name is not None else ""
        is_text = method == "toFixed" or (method == "toString" and not given)
        return function.child_by_field_name("object") if is_text else None

    def _stepped(self, node: Node) -> Node | None:
        """Return the `n` in `n + 1`, `1 + n`, `n - 1`, and `n + amount` if it's made a number."""
        node = plain(node)
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is None or right is None or operator is None or operator.type not in ("+", "-"):
            return None
        if self._is_number(right) or self._is_made_number(left):
            return plain(left)
        return plain(right) if operator.type == "+" and self._is_number(left) else None

    def _counted(self, declared: Declaration, start: Node, depth: int) -> KvCall | None:
        """Return the get() of a variable that is only counted up or down after it."""
        read = self._read(start, depth + 1)
        changes = 0
        for use in self._names.references(declared):
            parent = use.parent
            if parent is None or use.start_byte > self._node.start_byte:
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
        is_same = self._text(name) == self._text(key)
        return before if is_same and not is_no_count(self._text(name)) else None

    def _has_counted_member(self, declared: Declaration) -> bool:
        """Return whether a member of a variable is counted up or down before the put()."""
        first = self._first_counted.get(declared.node.id)
        if first is None:
            counted = filter(self._is_counted_member, self._names.references(declared))
            first = next((use.start_byte for use in counted), math.inf)
            self._first_counted[declared.node.id] = first
        return first < self._node.start_byte

    def _is_counted_member(self, use: Node) -> bool:
        """Return whether this is the variable in `data.count++` or `data[key] = data[key] + 1`."""
        member, parent = use, use.parent
        while parent is not None and parent.type in _MEMBERS:
            if parent.child_by_field_name("object") != member:
                return False
            member, parent = parent, parent.parent
        if parent is None or member == use or is_no_count(self._text(member)):
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
        if found is not None and found.method == "get":
            return found if found.fate == "awaited" or node.id in self._items else None
        if node.type == "await_expression" and node.named_children:
            return self._read(node.named_children[-1], depth + 1)
        if node.type == "call_expression":
            function, given = callee(node), arguments_of(node)
            if function is None or not given:
                return self.read_in(function) if function is not None else None
            if (many := self._map_of(function)) is not None and len(given) == 1:
                self.key = given[0]
                return self._read(many, depth + 1)
            if self._text(function) not in _AS_NUMBER:
                return self.read_in(function)
            at = 1 if self._is_number(given[0]) and len(given) > 1 else 0
            return self._read(given[at], depth + 1)
        if node.type == "unary_expression":
            argument, operator = (node.child_by_field_name(n) for n in ("argument", "operator"))
            is_plus = operator is not None and operator.type == "+"
            return self._read(argument, depth + 1) if argument is not None and is_plus else None
        if node.type in _MEMBERS:  # of a JSON object
            if (item := self._item_at(node)) is not None:
                return self._read(item, depth + 1)
            held, name = (node.child_by_field_name(n) for n in ("object", "property"))
            is_length = name is not None and self._text(name) == "length"
            return self._read(held, depth + 1) if held is not None and not is_length else None
        if (inner := _without_default(node)) != node:
            return self._read(inner, depth + 1)
        if node.type == "ternary_expression":
            return next(filter(None, (self._read(side, depth + 1) for side in _sides(node))), None)
        if (promise := self._promise(node)) is not None:
            found = self._analysis.call_of(plain(promise))
            return found if found is not None and found.method == "get" else None
        declared = self._variable(node)
        start = self._start(declared) if declared is not None else None
        if declared is not None and start is None and "length" not in declared.path:
            start = declared.origin.child_by_field_name("value")  # { count } = JSON.parse(text)
        return self._read(start, depth + 1) if start is not None else None

    def read_in(self, name: Node) -> KvCall | None:
        """Return the one get() of a function of the source."""
        declared = self._names.resolve(name) if name.type == "identifier" else None
        if declared is None or declared.kind not in ("function", "const") or declared.path:
            return None
        function = declared.origin.child_by_field_name("value") or declared.origin
        reads = reads_by_function(self._analysis).get(function.id, [])
        if len(reads) != 1 or not reads[0].binding:
            return None
        self.through = call_of(name)
        return reads[0]

    def _promise(self, node: Node) -> Node | None:
        """Return the promise whose `then()` gives a parameter of the function around the put()."""
        declared = self._names.resolve(node) if node.type == "identifier" else None
        if declared is None or declared.kind != "parameter" or is_assigned(self._names, declared):
            return None
        function = ancestor(self._node, FUNCTIONS)
        is_here = ancestor(declared.node, FUNCTIONS) == function
        return promise_of(self._analysis.source, declared) if is_here else None

    def _variable(self, node: Node) -> Declaration | None:
        """Return the declaration of a variable of the function around the put()."""
        declared = self._names.resolve(node) if node.type == "identifier" else None
        if declared is None or declared.kind not in ("const", "let"):
            return None
        function = ancestor(self._node, FUNCTIONS)
        return declared if ancestor(declared.node, FUNCTIONS) == function else None

    def _start(self, declared: Declaration) -> Node | None:
        """Return what a variable starts with: also the promise of `[n] = await Promise.all(…)`."""
        start = declared.origin.child_by_field_name("value")
        if start is None or not declared.path:
            return start
        steps = [step for _, step in steps_to(self._analysis.resolver.flow, declared)[1]]
        return self._item(start, steps[0]) if len(steps) == 1 else None

    def _map_of(self, function: Node) -> Node | None:
        """Return the variable with the Map of a bulk get() in `found.get(key)`."""
        held, name = (function.child_by_field_name(field) for field in ("object", "property"))
        if held is None or name is None or self._text(name) != "get" or self.key is not None:
            return None
        return held if self._variable(held) is not None else None

    def _item_at(self, node: Node) -> Node | None:
        """Return the promise of `all[1]`, for the result of `Promise.all()`."""
        held, index = (node.child_by_field_name(name) for name in ("object", "index"))
        declared = self._variable(held) if held is not None and index is not None else None
        if declared is None or index is None or is_assigned(self._names, declared):
            return None
        start, place = self._start(declared), self._analysis.folder.value(index).number
        return self._item(start, int(place)) if start is not None and place is not None else None

    def _item(self, settled: Node, place: str | int | None) -> Node | None:
        """Return one of the promises in `await Promise.all([…])`."""
        node = plain(settled)
        inner = plain(node.named_children[-1]) if node.type == "await_expression" else None
        function = callee(inner) if inner is not None and inner.type == "call_expression" else None
        given = arguments_of(inner) if inner is not None else []
        if function is None or self._text(function) not in _TOGETHER or len(given) != 1:
            return None
        if given[0].named_child_count > _MOST_ITEMS:
            return None
        items = [one for one in given[0].named_children if one.type != "comment"]
        if given[0].type != "array" or not isinstance(place, int) or place >= len(items):
            return None
        if any(one.type == "spread_element" for one in items[: place + 1]):
            return None
        self._items.add(plain(items[place]).id)
        return items[place]

    def _is_made_number(self, node: Node, depth: int = 0) -> bool:
        """Return whether code makes a number of a text: `Number(text)`, `text ? +text : 0`."""
        node = plain(node)
        if depth > _DEEPEST:
            return False
        if node.type == "call_expression":
            function = callee(node)
            return function is not None and self._text(function) in _FROM_TEXT
        if node.type == "unary_expression":
            operator = node.child_by_field_name("operator")
            return operator is not None and operator.type == "+"
        if (inner := _without_default(node)) != node:
            return self._is_made_number(inner, depth + 1)
        if sides := _sides(node):
            made = [self._is_made_number(side, depth + 1) for side in sides]
            others = (side for side, is_made in zip(sides, made, strict=True) if not is_made)
            return any(made) and all(map(self._is_number, others))
        declared = self._variable(node)
        start = declared.origin.child_by_field_name("value") if declared is not None else None
        if declared is None or start is None or declared.path:
            return False
        return not is_assigned(self._names, declared) and self._is_made_number(start, depth + 1)

    def _is_number(self, node: Node) -> bool:
        return self._analysis.folder.value(node).kind == "number"

    def _text(self, node: Node) -> str:
        return self._analysis.source.text_of(node)


@memo
def reads_by_function(analysis: Analysis) -> dict[int, list[KvCall]]:
    """Return the reads in each function, not in those in it."""
    found: dict[int, list[KvCall]] = {}
    for call in analysis.certain_calls:
        function = ancestor(call.node, FUNCTIONS) if call.method.startswith("get") else None
        if function is not None:
            found.setdefault(function.id, []).append(call)
    return found


def _sides(node: Node) -> list[Node]:
    """Return the two results of `a ? b : c`; none of another expression."""
    if node.type != "ternary_expression":
        return []
    sides = (node.child_by_field_name(name) for name in ("consequence", "alternative"))
    return [side for side in sides if side is not None]


def _without_default(node: Node) -> Node:
    """Return the `n` in `n || 0` and `n ?? 0`, or the node itself."""
    left, operator = (node.child_by_field_name(name) for name in ("left", "operator"))
    is_default = operator is not None and operator.type in ("||", "??")
    return plain(left) if left is not None and is_default else node
