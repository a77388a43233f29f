"""Evaluate arguments: literals, constants, also imported ones, and arithmetic on them.

A value that other code determines is "unknown", and never reported.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from kvlens.js.callers import arguments_for, function_of, plain_parameter
from kvlens.js.object_changes import Changes, ObjectChanges
from kvlens.js.platform import BODIES, CLASSES, LIST_NAME, MEMBERS, READS, REQUEST_NAMES
from kvlens.js.scopes import FUNCTIONS, Declaration, is_assigned
from kvlens.js.syntax import Source, arguments_of, callee, plain, prefix_of
from kvlens.js.tree import ancestor, is_field

if TYPE_CHECKING:
    from tree_sitter import Node

Kind = Literal[
    "string",  # value: str
    "text",  # a string whose value is not known; value: the least length in UTF-8 bytes
    "number",  # value: float
    "time",  # value: Time
    "boolean",  # value: bool
    "null",
    "undefined",
    "object",  # properties
    "array",  # items
    "numeric",  # a number that isn't known
    "instance",  # an object of a class of the platform; value: the name of the class
    "custom",  # an object of a class of the file; value: the name of the class
    "promise",  # items: what it resolves to
    "parsed",  # what parsing JSON returns
    "function",
    "unknown",
]

_STEPS = 20_000  # per value
_LONGEST = 2_000  # characters of a computed text; only the size of longer ones is known
_LONGEST_IN_V8 = 2**29  # characters of any string
_NESTED = 4  # objects in an imported one
_DEPTH = 40  # nesting of constants and operators
_RETURN = re.compile(r"\breturn\b")
_MILLISECONDS = re.compile(r"(?:_MS|[a-z\d]Ms|_MILLIS(?:ECONDS)?|[a-z\d]Millis(?:econds)?)$")
_SECONDS = re.compile(r"(?:_S|_SECS?|_SECONDS?|[a-z\d]Secs?|[a-z\d]Seconds?)$")
_ARRAY_METHODS = {"map", "filter", "flatMap", "split", "slice", "concat", "flat", "toSorted"}
_SURE_ARRAY_METHODS = {"map", "filter", "flatMap", "split", "flat", "toSorted"}
_NUMERIC = ("number", "numeric")
_OF_NUMBERS = {"-", "*", "/", "%", "**", "|", "&", "^", "<<", ">>", ">>>"}
_COMPARISONS = {"==", "===", "!=", "!==", "<", "<=", ">", ">=", "in", "instanceof"}
_BLOCKS = {"statement_block", "program"}
_LEAVING = {"return_statement", "throw_statement", "break_statement", "continue_statement"}
_BRANCHES = (
    _BLOCKS
    | FUNCTIONS
    | {
        "if_statement",
        "else_clause",
        "for_statement",
        "for_in_statement",
        "while_statement",
        "do_statement",
        "switch_body",
    }
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


_EMPTY: Mapping[str, Property] = MappingProxyType({})


class Time(NamedTuple):
    """A point in time that follows the clock: `now in milliseconds * scale + offset`."""

    scale: float  # 1: milliseconds; 0.001: seconds
    offset: float | None  # None: not known
    up: bool = False  # possibly rounded up

    @property
    def is_milliseconds(self) -> bool:
        """Whether it counts milliseconds."""
        return math.isclose(self.scale, 1)

    @property
    def is_seconds(self) -> bool:
        """Whether it counts seconds."""
        return math.isclose(self.scale, 0.001)


@dataclass(slots=True, eq=False)
class Property:
    """One property of an object literal."""

    name: str
    key: Node
    value: Value


@dataclass(slots=True, eq=False)
class Value:
    """The value of an expression."""

    kind: Kind
    node: Node  # the expression
    value: str | float | bool | Time | None = None
    properties: Mapping[str, Property] = field(default_factory=lambda: _EMPTY)
    items: tuple[Value, ...] = ()
    complete: bool = False  # of objects and arrays: all members are known; of a Date: it is now
    unit: Literal["", "ms", "s"] = ""  # of a number, from how it is written or named
    thousand: bool = False  # a literal 1000
    source: Node | None = None  # where a constant gets its value
    foreign: bool = False  # another file determines it; its nodes are those of the use
    sometimes: Value | None = None  # what it is in some cases, if it isn't known in all of them

    @property
    def number(self) -> float | None:
        """The number, or the number that a string converts to; None if it isn't one."""
        if self.kind == "number":
            assert isinstance(self.value, float)
            return self.value
        if self.kind == "string":
            assert isinstance(self.value, str)
            try:
                return float(self.value) if self.value.strip() else None
            except ValueError:
                return None
        return None


Found = tuple["ConstantEvaluator", "Declaration | Node"]
"""A constant of a source: its declaration, or the expression that a module exports."""


class ConstantEvaluator:
    """Evaluates expressions of one source.

    `imported` finds the constants of other sources: by the declaration of an import, and the name
    after it if the whole module is imported.
    """

    def __init__(
        self,
        source: Source,
        imported: Callable[[Declaration, str | None], Found | None] | None = None,
    ) -> None:
        self._source = source
        self._names = source.names
        self._imported = imported
        self._left = 0
        self._cut = False  # something was skipped because of the depth or the number of steps
        self._known: dict[tuple[int, int], Value] = {}  # see _start
        self._reassigned: dict[int, bool] = {}  # declaring node -> whether it may be reassigned
        self._numeric: dict[int, bool] = {}  # declaring node -> whether it is always a number
        self._changes = ObjectChanges(source)
        self._returned: dict[int, Node | None] = {}  # declaring node -> what a function returns
        self._defaults: dict[int, Value | None] = {}  # declaring node -> a default that is used

    def value(self, node: Node, depth: int = 0) -> Value:
        """Return the value of a node."""
        if depth == 0:
            self._left = _STEPS
        inner = plain(node)
        self._left -= 1
        if depth > _DEPTH or self._left < 0:
            self._cut = True
            return Value("unknown", node)
        worker = _WORKERS.get(inner.type)
        if worker is None:
            return Value("unknown", node)
        found = worker(self, inner, depth)
        found.node = node  # parentheses and casts belong to the expression
        return found

    def string(self, node: Node) -> str:
        """Return the value of a string literal's node, or of part of a template."""
        parts = []
        for child in node.named_children:
            text = self._source.text_of(child)
            parts.append(_unescape(text) if child.type == "escape_sequence" else text)
        return "".join(parts)

    def _string(self, node: Node, depth: int) -> Value:
        return Value("string", node, self.string(node))

    def _template(self, node: Node, depth: int) -> Value:
        text, size, known = "", 0.0, True
        for child in node.named_children:
            if child.type == "template_substitution":
                inner = child.named_children
                part = self.value(inner[0], depth + 1) if len(inner) == 1 else None
                piece = as_text(part) if part else None
                if piece is None or len(text) + len(piece) > _LONGEST:
                    known = False
                    size += _least(part) if part else 0
                    continue
            elif child.type == "escape_sequence":
                piece = _unescape(self._source.text_of(child))
            else:
                piece = self._source.text_of(child)
            text += piece
            size += len(piece.encode("utf-8", "replace"))
        return Value("string", node, text) if known else Value("text", node, size)

    def _number(self, node: Node, depth: int) -> Value:
        number = _parse_number(self._source.text_of(node))
        if number is None:
            return Value("unknown", node)
        return Value("number", node, number, thousand=number == 1000)

    def _word(self, node: Node, depth: int) -> Value:
        kind = node.type
        if kind in ("true", "false"):
            return Value("boolean", node, kind == "true")
        return Value("null" if kind == "null" else "undefined", node)

    def _object(self, node: Node, depth: int) -> Value:
        properties: dict[str, Property] = {}
        complete = True
        for child in node.named_children:
            if child.type == "pair":
                key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
                name = self._key(key) if key is not None else None
                if name is None or key is None or value is None:
                    complete = False
                else:
                    properties[name] = Property(name, key, self.value(value, depth + 1))
            elif child.type == "shorthand_property_identifier":
                name = self._source.text_of(child)
                properties[name] = Property(name, child, self.value(child, depth + 1))
            elif child.type == "method_definition":
                key = child.child_by_field_name("name")
                name = self._key(key) if key is not None else None
                if name is not None and key is not None:
                    properties[name] = Property(name, key, Value("function", child))
            elif child.type != "comment":
                inner = self._spread(child, depth)
                if inner.kind != "object" or not inner.complete:
                    complete = complete and inner.kind in ("null", "undefined")
                    properties = {}  # it may override any property before it
                properties.update(inner.properties)
        return Value("object", node, properties=properties, complete=complete)

    def _spread(self, node: Node, depth: int) -> Value:
        """Return the value that is spread in an object or an array."""
        inner = node.named_children[-1] if node.type == "spread_element" else None
        return self.value(inner, depth + 1) if inner is not None else Value("unknown", node)

    def _key(self, key: Node) -> str | None:
        if key.type == "string":
            return self.string(key)
        if key.type in ("property_identifier", "number"):
            return self._source.text_of(key)
        return None

    def _array(self, node: Node, depth: int) -> Value:
        items: list[Value] = []
        complete = True
        for child in node.named_children:
            if child.type == "spread_element":
                inner = self._spread(child, depth)
                items += inner.items if inner.kind == "array" else ()
                complete = complete and inner.kind == "array" and inner.complete
            elif child.type != "comment":
                items.append(self.value(child, depth + 1))
        return Value("array", node, items=tuple(items), complete=complete)

    def _function(self, node: Node, depth: int) -> Value:
        return Value("function", node)

    def _regex(self, node: Node, depth: int) -> Value:
        return Value("instance", node, "RegExp")

    def _identifier(self, node: Node, depth: int) -> Value:
        name = self._source.text_of(node)
        declared = self._names.resolve(node)
        if declared is None:
            if name in ("NaN", "Infinity"):
                return Value("number", node, float(name.lower()[:3]))
            return Value("unknown", node)
        return self._declared(declared, name, node, depth)

    def _declared(self, declared: Declaration, name: str, node: Node, depth: int) -> Value:
        if declared.kind == "import":
            found = self._elsewhere(declared, None, depth)
            if found is None:
                return Value("unknown", node)
            if found.kind in ("object", "array"):
                found = _without(found, self._changes.of(declared, found))
            return _by_name(name, _placed(found, node))
        if declared.kind == "parameter":
            return self._parameter(declared, node, depth)
        if declared.kind not in ("const", "let", "var") or declared.path:
            return Value("unknown", node)
        start = declared.origin.child_by_field_name("value")
        if start is None:
            return Value("unknown", node)
        if declared.kind != "const" and self._assigned(declared):
            kind: Kind = "numeric" if self._counts(declared, start, depth) else "unknown"
            return Value(kind, node)
        value = self._start(declared, start, depth)
        if value.kind == "object" and plain(start).type == "object":
            value = self._with_members_set(declared, start, value, node, depth)
        return _by_name(name, replace(value, node=node, source=start, thousand=False))

    def _with_members_set(
        self, declared: Declaration, start: Node, value: Value, use: Node, depth: int
    ) -> Value:
        """Return an object with the members that are set before its use: `options.ttl = 30`.

        What is set only on a condition is so sometimes.
        """
        changes = self._changes.of(declared, value)
        function = ancestor(declared.node, FUNCTIONS)
        places = [use, *(change for _, _, change in changes.assignments)]
        if len(places) == 1 or any(ancestor(place, FUNCTIONS) != function for place in places):
            return value
        if not all(_comes_before(change, use) for change in places[1:]):
            return value
        made = self.value(start, depth + 1)
        found = dict(made.properties)
        block = ancestor(declared.origin, _BLOCKS)
        for name, key, change in changes.assignments:
            right = change.child_by_field_name("right")
            if right is None:
                return value
            new, known = self.value(right, depth + 1), found.get(name)
            branch = ancestor(change, _BRANCHES)
            if branch is not None and branch != block:
                may_stay = known is not None or not made.complete
                if may_stay or any(child.type in _LEAVING for child in branch.named_children):
                    new = Value("unknown", right)
                else:
                    new = Value("unknown", right, sometimes=new)
            found[name] = Property(name, key, new)
        for name in changes.names & found.keys():
            key = found[name].key
            found[name] = Property(name, key, Value("unknown", found[name].value.node))
        return replace(made, properties=found)

    def _parameter(self, declared: Declaration, node: Node, depth: int) -> Value:
        """Return the value of a parameter, as far as its type, default or handler says it."""
        if self._assigned(declared):
            return Value("unknown", node)
        origin, name = declared.origin, self._source.text_of(node)
        kind = origin.child_by_field_name("type")
        is_optional = origin.type == "optional_parameter"
        if kind is not None and not declared.path and not is_optional:
            word = self._source.text_of(kind).strip(": ")
            if word == "number":
                return Value("numeric", node, sometimes=self._default(declared, depth))
            if word.split("<")[0] in CLASSES and self._is_platform(word.split("<")[0]):
                return Value("instance", node, word.split("<")[0])
        function = ancestor(declared.node, FUNCTIONS) if kind is None else None
        if function is not None and name in REQUEST_NAMES and self._handles(function, declared):
            return Value("instance", node, "Request")
        return Value("unknown", node, sometimes=self._default(declared, depth))

    def _default(self, declared: Declaration, depth: int) -> Value | None:
        """Return the default of a parameter, if a call of its function uses it."""
        key = declared.node.id
        if key not in self._defaults:
            self._defaults[key] = None  # while it is evaluated: it may be made of itself
            self._defaults[key] = self._used_default(declared, depth)
        return self._defaults[key]

    def _used_default(self, declared: Declaration, depth: int) -> Value | None:
        origin = declared.origin
        start = origin.child_by_field_name("value") or origin.child_by_field_name("right")
        own = plain_parameter(self._names, declared) if start is not None else None
        if start is None or own is None:
            return None
        is_used = own.is_exported or None in arguments_for(self._names, own)
        return self.value(start, depth + 1) if is_used else None

    def _handles(self, function: Node, declared: Declaration) -> bool:
        """Return whether a parameter is the request that a handler gets."""
        given = function.child_by_field_name("parameters")
        first = next(iter(given.named_children), None) if given is not None else None
        parent = function.parent
        name = function.child_by_field_name("name")
        if name is None and parent is not None:
            name = parent.child_by_field_name("key") or parent.child_by_field_name("name")
        if first is None or name is None:
            return False
        word = self._source.text_of(name)
        if declared.path == ("request",):  # a function of Pages
            return word.startswith("onRequest")
        return word == "fetch" and declared.origin.id == first.id and not declared.path

    def _is_platform(self, name: str) -> bool:
        """Return whether a type's or class's name is that of the platform."""
        if self._names.declarations(name):
            return False
        return not any(
            node.parent is not None
            and node.parent.type in ("interface_declaration", "type_alias_declaration")
            and is_field(node.parent, "name", node)
            for node in self._names.nodes(name)
        )

    def _counts(self, declared: Declaration, start: Node, depth: int) -> bool:
        """Return whether a variable is always a number: it is only counted up or down."""
        key = declared.node.id
        if key not in self._numeric:
            self._numeric[key] = False  # while it is evaluated: it may be made of itself
            self._numeric[key] = self._is_counted(declared, start, depth)
        return self._numeric[key]

    def _is_counted(self, declared: Declaration, start: Node, depth: int) -> bool:
        if declared.kind == "var" or self.value(start, depth + 1).kind not in _NUMERIC:
            return False
        for node in self._names.references(declared):
            parent = node.parent
            if parent is None or parent.type == "update_expression":
                continue
            if parent.type.endswith("pattern"):
                return False
            right = parent.child_by_field_name("right")
            if right is None or not is_field(parent, "left", node):
                continue
            if not parent.type.endswith("assignment_expression"):
                if parent.type == "for_in_statement":
                    return False
                continue
            if self.value(right, depth + 1).kind not in _NUMERIC:
                return False
        return True

    def _elsewhere(self, declared: Declaration, member: str | None, depth: int) -> Value | None:
        """Return the value of an imported constant, or of a member of an imported module."""
        if self._imported is None or depth > _DEPTH:
            return None
        found = self._imported(declared, member)
        if found is None:
            return None
        evaluator, what = found
        evaluator._left = self._left
        if not isinstance(what, Declaration):
            return evaluator.value(what, depth + 1)
        if what.kind == "class":
            return evaluator._members_of(what.origin, depth + 1)
        return evaluator._declared(what, evaluator._names.text(what.node), what.node, depth + 1)

    def _members_of(self, node: Node, depth: int) -> Value | None:
        """Return the constants of an enum, or the constant static fields of a class."""
        found: dict[str, Property] = {}
        body = node.child_by_field_name("body")
        following: float | None = 0.0
        for member in body.named_children if body is not None else ():
            key = member.child_by_field_name("name") or member.child_by_field_name("property")
            start = member.child_by_field_name("value")
            if member.type in ("property_identifier", "enum_assignment"):
                key = key or member
                value = self.value(start, depth + 1) if start is not None else None
                if value is None and following is not None:
                    value = Value("number", member, following)
                is_number = value is not None and value.kind == "number"
                following = float(str(value.value)) + 1 if value and is_number else None
            elif key is None or start is None or not self._is_constant(member, key):
                continue
            else:
                value = self.value(start, depth + 1)
            name = self._source.text_of(key)
            if value is not None:
                found[name] = Property(name, key, value)
        return Value("object", node, properties=found)

    def _is_constant(self, member: Node, key: Node) -> bool:
        """Return whether a static field of a class keeps its value."""
        words = {child.type for child in member.children}
        if "static" not in words:
            return False
        if "readonly" in words:
            return True
        for node in self._names.nodes(self._source.text_of(key)):
            parent = node.parent
            whole = parent.parent if parent is not None else None
            if parent is None or whole is None or parent.type != "member_expression":
                continue
            if whole.type == "update_expression":
                return False
            left = whole.child_by_field_name("left")
            if whole.type.endswith("assignment_expression") and left and left.id == parent.id:
                return False
        return True

    def _holder(self, node: Node, member: str, depth: int) -> Value | None:
        """Return the object, enum or class that a name stands for, or the module's member."""
        declared = self._names.resolve(node)
        if declared is None:
            return None
        if declared.kind == "class":
            return self._members_of(declared.origin, depth + 1)
        if declared.kind == "import":
            whole = self._elsewhere(declared, member, depth + 1)
            if whole is not None:
                inner = Property(member, node, whole)
                return Value("object", node, properties={member: inner})
        return self._declared(declared, self._source.text_of(node), node, depth)

    def _start(self, declared: Declaration | None, start: Node, depth: int) -> Value:
        """Return the value of a variable, or what a function returns, evaluated once.

        Others may use it several times. A result that was cut because of its depth is kept for that
        depth only.
        """
        for key in ((start.id, -1), (start.id, depth)):
            if key in self._known:
                self._cut = self._cut or key[1] >= 0
                return self._known[key]
        before, self._cut = self._cut, False
        value = self.value(start, depth + 1)
        if declared is not None and value.kind in ("object", "array"):
            value = _without(value, self._changes.of(declared, value))
        elif declared is not None and value.kind == "instance" and value.complete:
            value = replace(value, complete=self._is_only_read(declared))  # may be another time
        self._known[start.id, depth if self._cut else -1] = value
        self._cut = self._cut or before
        return value

    def _assigned(self, declared: Declaration) -> bool:
        """Return whether a variable may be reassigned."""
        key = declared.node.id
        if key not in self._reassigned:
            self._reassigned[key] = is_assigned(self._names, declared)
        return self._reassigned[key]

    def _is_only_read(self, declared: Declaration) -> bool:
        """Return whether no use of a Date can move it: `date.setDate(5)`, `later(date)`."""
        for node in self._names.references(declared):
            parent = node.parent
            if parent is None or parent.type not in _READING:
                return False
            name = parent.child_by_field_name("property")
            if name is not None and self._source.text_of(name).startswith("set"):
                return False
        return True

    def _member(self, node: Node, depth: int) -> Value:
        base, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if base is None or name is None:
            return Value("unknown", node)
        word = self._source.text_of(name)
        if base.type == "identifier":
            holder = self._source.text_of(base)
            if holder == "Number" and word in _NUMBERS and self._names.resolve(base) is None:
                return Value("number", node, _NUMBERS[word])
            value = self._holder(base, word, depth + 1)
            found = value.properties.get(word) if value and value.kind == "object" else None
            if value is not None and found is not None:
                if value.foreign or found.value.foreign:
                    return _by_name(word, _placed(found.value, node))
                followed = replace(found.value, source=found.value.source or found.value.node)
                return _by_name(word, replace(followed, thousand=False))
        elif base.type == "member_expression":
            value = self._member(base, depth + 1)
            found = value.properties.get(word) if value.kind == "object" else None
            if found is not None:
                if found.value.foreign:
                    return _by_name(word, _placed(found.value, node))
                return _by_name(word, replace(found.value, source=found.value.node, thousand=False))
        elif base.type == "this":
            return self._own_field(node, word, depth)
        if word in _MEMBER_NAMES:
            value = self.value(base, depth + 1)
            kind = MEMBERS.get((str(value.value), word)) if value.kind == "instance" else None
            if kind is not None:
                return Value("instance", node, kind)
        return Value("unknown", node)

    def _own_field(self, node: Node, word: str, depth: int) -> Value:
        """Return the value of a `readonly` field of the enclosing class."""
        here = node.parent
        while here is not None and here.type != "class_body":
            here = here.parent
        for member in here.named_children if here is not None else ():
            if member.type != "public_field_definition":
                continue
            name, value = member.child_by_field_name("name"), member.child_by_field_name("value")
            if name is None or value is None or self._source.text_of(name) != word:
                continue
            if any(child.type == "readonly" for child in member.children):
                found = replace(self.value(value, depth + 1), source=value, thousand=False)
                return _by_name(word, found)
        return Value("unknown", node)

    def _unary(self, node: Node, depth: int) -> Value:
        inner, operator = node.child_by_field_name("argument"), node.child_by_field_name("operator")
        if inner is None or operator is None:
            return Value("unknown", node)
        if operator.type == "void":
            return Value("undefined", node)
        if operator.type == "typeof":
            return Value("text", node, 0.0)
        value = self.value(inner, depth + 1)
        if operator.type == "!":
            return Value("boolean", node) if value.kind != "unknown" else Value("unknown", node)
        if value.kind == "number" and isinstance(value.value, float):
            if operator.type == "-":
                return Value("number", node, -value.value)
            if operator.type == "+":
                return value
        if operator.type == "+":
            if value.kind == "time":
                return value
            if value.kind == "instance" and value.value == "Date":
                return _time_of(node, value)
            return Value("numeric", node)
        if operator.type == "-" and value.kind == "numeric":
            return Value("numeric", node)
        return Value("unknown", node)

    def _update(self, node: Node, depth: int) -> Value:
        inner = node.child_by_field_name("argument")
        is_number = inner is not None and self.value(inner, depth + 1).kind in _NUMERIC
        return Value("numeric" if is_number else "unknown", node)

    def _await(self, node: Node, depth: int) -> Value:
        inner = next((child for child in node.named_children if child.type != "comment"), None)
        return self._awaited(self.value(inner, depth + 1)) if inner else Value("unknown", node)

    @staticmethod
    def _awaited(value: Value) -> Value:
        if value.kind != "promise":
            return value
        return replace(value.items[0]) if value.items else Value("unknown", value.node)

    def _ternary(self, node: Node, depth: int) -> Value:
        """Evaluate a choice; of two numbers, the larger one counts."""
        parts = [node.child_by_field_name(name) for name in ("consequence", "alternative")]
        values = [self.value(part, depth + 1) for part in parts if part is not None]
        numbers = [value for value in values if value.kind == "number"]
        if len(numbers) == 2:
            largest = max(numbers, key=lambda value: value.number or 0.0)
            return Value("numeric", node, sometimes=largest)
        return Value("unknown", node)

    def _binary(self, node: Node, depth: int) -> Value:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is None or right is None or operator is None:
            return Value("unknown", node)
        one, other = self.value(left, depth + 1), self.value(right, depth + 1)
        if operator.type in _COMPARISONS:
            return Value("boolean", node)
        if operator.type in ("??", "||"):
            is_known = one.kind not in ("unknown", "numeric", "null", "undefined", "parsed")
            if is_known and operator.type == "??":
                return replace(one)
            kind: Kind = "numeric" if one.kind in _NUMERIC and other.kind in _NUMERIC else "unknown"
            return Value(
                kind, node, sometimes=other if one.kind in ("unknown", "numeric") else None
            )
        if operator.type == "&&":
            return Value("unknown", node)
        if one.kind == "time" or other.kind == "time":
            return _time_arithmetic(node, operator.type, one, other)
        if one.kind == other.kind == "number":
            return _arithmetic(node, operator.type, one, other)
        if operator.type == "+" and "string" in (one.kind, other.kind):
            first, second = as_text(one), as_text(other)
            if first is not None and second is not None and len(first) + len(second) <= _LONGEST:
                return Value("string", node, first + second)
        if operator.type == "+" and {"string", "text"} & {one.kind, other.kind}:
            return Value("text", node, _least(one) + _least(other))
        known = [each.kind in _NUMERIC for each in (one, other)]
        if all(known) or (operator.type in _OF_NUMBERS and any(known)):
            return Value("numeric", node)
        return Value("unknown", node)

    def _call(self, node: Node, depth: int) -> Value:
        function = callee(node)
        if function is None:
            return Value("unknown", node)
        found = self._called(node, plain(function), arguments_of(node), depth)
        prefix = prefix_of(node)  # await a.b<T>()
        if prefix == "await":
            return self._awaited(found)
        return found if prefix is None else Value("unknown", node)

    def _called(self, node: Node, function: Node, inner: list[Node], depth: int) -> Value:
        if function.type == "identifier":
            if (declared := self._names.resolve(function)) is not None:
                return self._own_call(node, declared, depth)
            return self._global_call(node, self._source.text_of(function), inner, depth)
        if function.type != "member_expression":
            return Value("unknown", node)
        base = function.child_by_field_name("object")
        name = function.child_by_field_name("property")
        if base is None or name is None:
            return Value("unknown", node)
        word = self._source.text_of(name)
        declared = self._names.resolve(base) if base.type == "identifier" else None
        if declared is not None and declared.kind == "import":
            value = self._foreign_call(node, declared, word, depth)
            if value.kind != "unknown":
                return value
        if base.type == "identifier" and declared is None:
            found = self._static_call(node, f"{self._source.text_of(base)}.{word}", inner, depth)
            if found is not None:
                return found
        if word in ("getTime", "valueOf") and not inner:
            value = self.value(base, depth + 1)
            if value.kind == "instance" and value.value == "Date":
                return _time_of(node, value)
            if word == "getTime":  # only a Date has it
                return Value("time", node, Time(1, None))
        if word in ("repeat", "padEnd", "padStart", "join") and inner:
            return self._lengthened(node, base, word, inner, depth)
        if word in ("toString", "toFixed", "padStart", "trim", "toISOString", "toLowerCase"):
            return Value("text", node, 0.0)
        if word == "split" and inner:
            return Value("array", node)
        if word in _SURE_ARRAY_METHODS and inner and LIST_NAME.search(self._source.text_of(base)):
            return Value("array", node)
        if word in READS and not inner:
            return self._read(node, base, word, depth)
        if word in _ARRAY_METHODS and self.value(base, depth + 1).kind == "array":
            return Value("array", node)
        if word == "clone" and not inner:
            value = self.value(base, depth + 1)
            return (
                value
                if value.kind == "instance" and value.value in BODIES
                else Value("unknown", node)
            )
        return Value("unknown", node)

    def _lengthened(
        self, node: Node, base: Node, word: str, inner: list[Node], depth: int
    ) -> Value:
        """Evaluate `"x".repeat(600)`, `id.padEnd(600)` and `["a", id].join(":")`."""
        value, first = self.value(base, depth + 1), self.value(inner[0], depth + 1)
        if word == "join":
            between = _least(first) * max(0, len(value.items) - 1)
            is_list = value.kind == "array" and not value.foreign
            size = between + sum(map(_least, value.items)) if is_list else 0.0
            return Value("text", node, size) if is_list else Value("unknown", node)
        wanted = first.value if first.kind == "number" else None
        if not isinstance(wanted, float) or not 0 <= wanted < _LONGEST_IN_V8:
            return Value("text", node, 0.0 if word == "repeat" else _least(value))
        if word == "repeat":
            count, text = wanted // 1, as_text(value)
            if value.kind == "string" and text is not None and len(text) * count <= _LONGEST:
                return Value("string", node, text * int(count))
            is_text = value.kind in ("string", "text")
            return Value("text", node, _least(value) * count if is_text else 0.0)
        filler = self.value(inner[1], depth + 1) if len(inner) > 1 else None
        is_filled = filler is None or (filler.kind == "string" and bool(filler.value))
        return Value("text", node, max(_least(value), wanted if is_filled else 0.0))

    def _static_call(self, node: Node, whole: str, inner: list[Node], depth: int) -> Value | None:
        """Evaluate a call of a function that the platform has on an object."""
        if whole == "Date.now":
            return Value("time", node, Time(1, 0))
        if whole in ("Date.parse", "Date.UTC") and inner:
            return Value("time", node, Time(1, None))
        if whole == "JSON.stringify":
            return Value("text", node, 0.0)
        if whole == "JSON.parse" and inner:
            return Value("parsed", node)
        if whole in ("Object.keys", "Object.values", "Object.entries", "Array.from", "Array.of"):
            return Value("array", node)
        if whole in ("Object.fromEntries", "Object.groupBy"):
            return Value("object", node)
        if whole == "Object.freeze" and len(inner) == 1:
            return self.value(inner[0], depth + 1)
        if whole in _ROUNDING and len(inner) == 1:
            return _rounded(node, whole, self.value(inner[0], depth + 1))
        if whole in ("Math.max", "Math.min"):
            return self._extreme(node, whole, inner, depth)
        if whole.startswith("Math."):
            return Value("numeric", node)
        if whole in ("Number.parseInt", "Number.parseFloat"):
            return self._global_call(node, whole.partition(".")[2], inner, depth)
        return None

    def _read(self, node: Node, base: Node, word: str, depth: int) -> Value:
        """Evaluate a call that reads a body: `request.text()`."""
        value = self.value(base, depth + 1)
        if not ((value.kind == "instance" and value.value in BODIES) or self._is_hono(base)):
            return Value("unknown", node)
        what = READS[word]
        if what == "text":
            inner = Value("text", node, 0.0)
        elif what in ("parsed", "unknown"):
            inner = Value("parsed" if what == "parsed" else "unknown", node)
        else:
            inner = Value("instance", node, what)
        return Value("promise", node, items=(inner,))

    def _is_hono(self, base: Node) -> bool:
        """Return whether this is `c.req`, with a parameter `c`."""
        holder = base.child_by_field_name("object") if base.type == "member_expression" else None
        if holder is None or self._source.text_of(base) not in ("c.req", "ctx.req", "context.req"):
            return False
        declared = self._names.resolve(holder) if holder.type == "identifier" else None
        return declared is not None and declared.kind == "parameter"

    def _own_call(self, node: Node, declared: Declaration, depth: int) -> Value:
        """Evaluate a call of a function of the file: what its only `return` says, if it has one."""
        if declared.kind == "import":
            return self._foreign_call(node, declared, None, depth)
        function = function_of(declared)
        if function is None or "generator" in function.type:
            return Value("unknown", node)
        key = declared.node.id
        if key not in self._returned:
            is_replaced = is_assigned(self._names, declared)
            self._returned[key] = None if is_replaced else self._only_return(function)
        inner = self._returned[key]
        value = Value("unknown", node)
        if inner is not None:
            value = replace(self._start(None, inner, depth), node=node, thousand=False)
        if _takes_arguments(function):
            value.sometimes = None  # of another call
        if any(child.type == "async" for child in function.children):
            return Value("promise", node, items=(self._awaited(value),))
        return value

    def _foreign_call(
        self, node: Node, declared: Declaration, member: str | None, depth: int
    ) -> Value:
        """Evaluate a call of an imported function, or of one of an imported module."""
        found = self._imported(declared, member) if self._imported and depth <= _DEPTH else None
        if found is None:
            return Value("unknown", node)
        evaluator, what = found
        if not isinstance(what, Declaration) or function_of(what) is None:
            return Value("unknown", node)
        evaluator._left = self._left
        value = evaluator._own_call(what.node, what, depth + 1)
        self._left = min(self._left, evaluator._left)
        return _placed(value, node)

    def _only_return(self, function: Node) -> Node | None:
        """Return what a function returns, whichever way its code goes."""
        body = function.child_by_field_name("body")
        if body is None or body.type != "statement_block":
            return body
        last = body.named_children[-1] if body.named_children else None
        if last is None or last.type != "return_statement":
            return None
        is_only = len(_RETURN.findall(self._source.text_of(body))) == 1
        return last.named_children[0] if is_only and last.named_children else None

    def _global_call(self, node: Node, name: str, inner: list[Node], depth: int) -> Value:
        if name == "String":
            return Value("text", node, 0.0)
        if name == "fetch" and inner:
            return Value("promise", node, items=(Value("instance", node, "Response"),))
        if name in ("Number", "parseInt", "parseFloat") and inner:
            value = self.value(inner[0], depth + 1)
            if value.kind == "time":
                return value if name != "parseInt" else _rounded(node, "Math.floor", value)
            if value.kind == "instance" and value.value == "Date" and name == "Number":
                return _time_of(node, value)
            number = value.number
            if number is not None and name == "Number":
                return Value("number", node, number)
            return Value("numeric", node)
        return Value("unknown", node)

    def _extreme(self, node: Node, whole: str, inner: list[Node], depth: int) -> Value:
        """Evaluate `Math.max(x, 60)` and the like: never below 60. Only known numbers count."""
        values = [self.value(each, depth + 1) for each in inner]
        numbers = [each.value for each in values if isinstance(each.value, float)]
        if len(numbers) == len(values) > 0 and all(each.kind == "number" for each in values):
            found = max(numbers) if whole == "Math.max" else min(numbers)
            return Value("number", node, found)
        at_most = [each for each in values if each.kind == "number"]
        if whole == "Math.min" and at_most:
            least = min(at_most, key=lambda each: each.number or 0.0)
            return Value("numeric", node, sometimes=least)
        return Value("numeric", node)

    def _new(self, node: Node, depth: int) -> Value:
        made = node.child_by_field_name("constructor")
        given = node.child_by_field_name("arguments")
        if made is None or made.type != "identifier":
            return Value("unknown", node)
        name = self._source.text_of(made)
        declared = self._names.resolve(made)
        if declared is not None:
            is_own = declared.kind == "class" and name not in CLASSES
            if is_own and not any(c.type == "class_heritage" for c in declared.origin.children):
                return Value("custom", node, name)
            return Value("unknown", node)
        is_now = name == "Date" and not (given is not None and given.named_children)
        return Value("instance", node, name, complete=is_now)


_WORKERS = {
    "string": ConstantEvaluator._string,
    "template_string": ConstantEvaluator._template,
    "number": ConstantEvaluator._number,
    "true": ConstantEvaluator._word,
    "false": ConstantEvaluator._word,
    "null": ConstantEvaluator._word,
    "undefined": ConstantEvaluator._word,
    "object": ConstantEvaluator._object,
    "array": ConstantEvaluator._array,
    "regex": ConstantEvaluator._regex,
    "arrow_function": ConstantEvaluator._function,
    "function_expression": ConstantEvaluator._function,
    "identifier": ConstantEvaluator._identifier,
    "shorthand_property_identifier": ConstantEvaluator._identifier,
    "member_expression": ConstantEvaluator._member,
    "unary_expression": ConstantEvaluator._unary,
    "binary_expression": ConstantEvaluator._binary,
    "call_expression": ConstantEvaluator._call,
    "new_expression": ConstantEvaluator._new,
    "await_expression": ConstantEvaluator._await,
    "ternary_expression": ConstantEvaluator._ternary,
    "update_expression": ConstantEvaluator._update,
}
_READING = {
    "member_expression",
    "unary_expression",
    "binary_expression",
    "template_substitution",
}
_MEMBER_NAMES = {name for _, name in MEMBERS}
_NUMBERS = {"MAX_SAFE_INTEGER": 2.0**53 - 1, "NaN": math.nan}
_TO_WHOLE: dict[str, Callable[[float], int]] = {
    "Math.floor": math.floor,
    "Math.trunc": math.trunc,
    "Math.ceil": math.ceil,
}
_ROUNDING = {"Math.floor", "Math.trunc", "Math.round", "Math.ceil", "Math.abs"}


def _comes_before(change: Node, use: Node) -> bool:
    """Return whether an expression comes before another one, and not in another branch."""
    if change.end_byte > use.start_byte:
        return False
    around = use.parent
    while around is not None and around.start_byte > change.start_byte:
        around = around.parent
    return around is not None and around.type in _BLOCKS


def _takes_arguments(function: Node) -> bool:
    given = function.child_by_field_name("parameters")
    return given is None or bool(given.named_children)


def _without(value: Value, changes: Changes) -> Value:
    """Return what is known of an object or array that may have changed."""
    if changes.whole:
        return replace(value, properties={}, items=(), complete=False)
    changed = {*changes.names, *(name for name, _, _ in changes.assignments)}
    if not changed:
        return value
    kept = {name: each for name, each in value.properties.items() if name not in changed}
    return replace(value, properties=kept, complete=False)


def _time_of(node: Node, date: Value) -> Value:
    """Return the milliseconds of a Date."""
    return Value("time", node, Time(1, 0 if date.complete else None))


def _placed(value: Value, node: Node, depth: int = 0) -> Value:
    """Return a value of another source as that of an expression in this one."""
    if value.kind in ("function", "instance", "custom", "promise", "parsed", "time"):
        return Value("unknown", node)
    known: Mapping[str, Property] = _EMPTY
    items: tuple[Value, ...] = ()
    if depth < _NESTED:
        items = tuple(_placed(each, node, depth + 1) for each in value.items)
        if value.properties:
            known = {
                name: Property(name, node, _placed(each.value, node, depth + 1))
                for name, each in value.properties.items()
            }
    complete = value.complete and depth < _NESTED
    return replace(
        value,
        node=node,
        properties=known,
        items=items,
        complete=complete,
        thousand=False,
        source=None,
        foreign=True,
    )


def _by_name(name: str, value: Value) -> Value:
    """Derive a constant's unit from its name."""
    if value.kind != "number":
        return value
    if _MILLISECONDS.search(name):
        return replace(value, unit="ms")
    if _SECONDS.search(name):
        return replace(value, unit="s")
    return value


def _parse_number(text: str) -> float | None:
    plain_text = text.replace("_", "").lower()
    try:
        if plain_text[:2] in ("0x", "0o", "0b"):
            return float(int(plain_text, 0))
        return float(plain_text)
    except (ValueError, OverflowError):
        return None  # a bigint, or half-typed


def _unescape(text: str) -> str:
    """Return the characters that an escape sequence stands for."""
    body = text[1:]
    try:
        if body[:1] == "u":
            return chr(int(body[1:].strip("{}"), 16))
        if body[:1] == "x":
            return chr(int(body[1:], 16))
    except (ValueError, OverflowError):
        return body
    if body[:1] in ("\n", "\r", "\u2028", "\u2029"):
        return ""
    return _ESCAPES.get(body, body)


def as_text(value: Value | None) -> str | None:
    """Return a known value as a template writes it."""
    if value is None:
        return None
    if value.kind == "string":
        return str(value.value)
    if value.kind == "number" and isinstance(value.value, float):
        if value.value.is_integer() and abs(value.value) < 2**53:
            return str(int(value.value))
        return None
    if value.kind == "boolean" and value.value is not None:
        return "true" if value.value else "false"
    return value.kind if value.kind in ("null", "undefined") else None


def _least(value: Value) -> float:
    """Return the least number of UTF-8 bytes that a value has as text."""
    if value.kind == "text" and isinstance(value.value, float):
        return value.value
    text = as_text(value)
    return float(len(text.encode("utf-8", "replace"))) if text is not None else 0.0


def _arithmetic(node: Node, operator: str, one: Value, other: Value) -> Value:
    first, second = one.value, other.value
    assert isinstance(first, float)
    assert isinstance(second, float)
    milliseconds = "ms" in (one.unit, other.unit)
    try:
        if operator == "+":
            result = first + second
        elif operator == "-":
            result = first - second
        elif operator == "*":
            result = first * second
            by_thousand = (one.thousand and _is_minutes(second)) or (
                other.thousand and _is_minutes(first)
            )
            milliseconds = (milliseconds or by_thousand) and min(abs(first), abs(second)) >= 1
        elif operator == "/":
            result = first / second
            milliseconds = one.unit == "ms" and other.unit != "ms" and second != 1000
        elif operator == "%":
            result = math.fmod(first, second)
        elif operator == "**":
            result = math.pow(first, second)
        else:
            return Value("unknown", node)
    except (ArithmeticError, ValueError):
        return Value("unknown", node)
    return Value("number", node, result, unit="ms" if milliseconds else "")


def _is_minutes(number: float) -> bool:
    return number > 0 and number % 60 == 0


def _time_arithmetic(node: Node, operator: str, one: Value, other: Value) -> Value:
    if isinstance(other.value, Time):
        if operator in ("+", "*") and one.kind == "number":
            one, other = other, one
        else:
            return Value("numeric" if operator in _OF_NUMBERS else "unknown", node)
    time, number = one.value, other.value
    assert isinstance(time, Time)
    if other.kind != "number" or not isinstance(number, float):
        if operator == "+" and other.kind in ("unknown", "numeric"):
            return Value("time", node, time._replace(offset=None))
        return Value("numeric" if operator in _OF_NUMBERS else "unknown", node)
    offset = time.offset
    if operator in ("+", "-"):
        moved = None if offset is None else offset + (number if operator == "+" else -number)
        return Value("time", node, time._replace(offset=moved))
    if operator in ("*", "/") and number > 0:
        by = number if operator == "*" else 1 / number
        return Value(
            "time",
            node,
            time._replace(scale=time.scale * by, offset=None if offset is None else offset * by),
        )
    if operator in ("|", ">>", ">>>") and number == 0:
        return Value("time", node, time)
    return Value("unknown", node)


def _rounded(node: Node, whole: str, value: Value) -> Value:
    if isinstance(value.value, Time):
        up = value.value.up or whole in ("Math.round", "Math.ceil")
        return replace(value, node=node, value=value.value._replace(up=up))
    if value.kind != "number" or not isinstance(value.value, float):
        return Value("numeric", node, sometimes=value.sometimes)
    if not math.isfinite(value.value):
        return replace(value, node=node)
    number = value.value
    if whole == "Math.round":
        number = math.floor(number + 0.5)
    elif whole == "Math.abs":
        number = abs(number)
    else:
        number = _TO_WHOLE[whole](number)
    return replace(value, node=node, value=float(number), thousand=False)
