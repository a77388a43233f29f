"""Evaluate variables and parameters: what they start with, if nothing changes it before a use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kvlens.js.callers import arguments_for, plain_parameter
from kvlens.js.constants.values import NUMERIC, Kind, Property, Value, placed_at, with_named_unit
from kvlens.js.object_changes import Changes, ObjectChanges
from kvlens.js.platform import CLASSES, EVENT_HANDLERS, REQUEST_NAMES
from kvlens.js.runtime_parameters import is_fetch_of_runtime
from kvlens.js.scopes import FUNCTIONS, Declaration, is_assigned
from kvlens.js.syntax import plain
from kvlens.js.tree import ancestor, is_field

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.constants.evaluator import ConstantEvaluator

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
_READING = {
    "member_expression",
    "unary_expression",
    "binary_expression",
    "template_substitution",
}


class Variables:
    """Evaluates the variables and parameters of one source."""

    def __init__(self, evaluator: ConstantEvaluator) -> None:
        self._evaluator = evaluator
        self._source = evaluator.source
        self._names = evaluator.names
        self._reassigned: dict[int, bool] = {}  # declaring node -> whether it may be reassigned
        self._numeric: dict[int, bool] = {}  # declaring node -> whether it is always a number
        self._changes = ObjectChanges(evaluator.source)
        self._defaults: dict[int, Value | None] = {}  # declaring node -> a default that is used

    def identifier(self, node: Node, depth: int) -> Value:
        """Evaluate a name."""
        name = self._source.text_of(node)
        declared = self._names.resolve(node)
        if declared is None:
            if name in ("NaN", "Infinity"):
                return Value("number", node, float(name.lower()[:3]))
            return Value("unknown", node)
        return self.value_of(declared, name, node, depth)

    def value_of(self, declared: Declaration, name: str, node: Node, depth: int) -> Value:
        """Return the value of a variable where it is used by this name."""
        if declared.kind == "import":
            found = self._evaluator.imported_value(declared, None, depth)
            if found is None:
                return Value("unknown", node)
            if found.kind in ("object", "array"):
                found = _without(found, self._changes.of(declared, found))
            return with_named_unit(name, placed_at(found, node))
        if declared.kind == "parameter":
            return self._parameter(declared, node, depth)
        start = declared.origin.child_by_field_name("value")
        if declared.kind not in ("const", "let", "var") or start is None:
            return Value("unknown", node)
        if declared.path:
            return self._destructured(declared, start, name, node, depth)
        if declared.kind != "const" and self._is_reassigned(declared):
            kind: Kind = "numeric" if self._counts(declared, start, depth) else "unknown"
            return Value(kind, node)
        value = self._evaluator.value_once(start, depth, declared)
        if value.kind == "object" and plain(start).type == "object":
            value = self._with_members_set(declared, start, value, node, depth)
        return with_named_unit(name, replace(value, node=node, source=start, thousand=False))

    def _destructured(
        self, declared: Declaration, start: Node, name: str, node: Node, depth: int
    ) -> Value:
        """Return what a pattern takes from a known object: `const { ttl } = limits`."""
        if declared.kind != "const" and self._is_reassigned(declared):
            return Value("unknown", node)
        value = self._evaluator.value_once(start, depth)
        if len(declared.path) == 1 and declared.path[0] and value.kind == "unknown":
            return self._evaluator.of_env(node, start, declared.path[0])
        for step in declared.path:
            found = value.properties.get(step) if step and value.kind == "object" else None
            if found is None or found.value.kind == "undefined":  # a default counts
                return Value("unknown", node)
            value = found.value
        if value.kind in ("object", "array"):
            value = _without(value, self._changes.of(declared, value))
        if value.foreign:
            return with_named_unit(name, placed_at(value, node))
        taken = replace(value, node=node, source=value.source or value.node, thousand=False)
        return with_named_unit(name, taken)

    def unchanged(self, declared: Declaration, start: Value) -> Value:
        """Return what stays of the value that a variable starts with, whatever changes it."""
        if start.kind in ("object", "array"):
            return _without(start, self._changes.of(declared, start))
        if start.kind == "instance" and start.complete:
            return replace(start, complete=self._is_only_read(declared))  # may be another time
        return start

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
        made = self._evaluator.value(start, depth + 1)
        found = dict(made.properties)
        block = ancestor(declared.origin, _BLOCKS)
        for name, key, change in changes.assignments:
            right = change.child_by_field_name("right")
            if right is None:
                return value
            new, known = self._evaluator.value(right, depth + 1), found.get(name)
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
        if self._is_reassigned(declared):
            return Value("unknown", node)
        origin = declared.origin
        kind = origin.child_by_field_name("type")
        is_optional = origin.type == "optional_parameter"
        if kind is not None and not declared.path and not is_optional:
            word = self._source.text_of(kind).strip(": ")
            if word == "number":
                return Value("numeric", node, sometimes=self._default(declared, depth))
            if word.split("<")[0] in CLASSES and self._is_platform(word.split("<")[0]):
                return Value("instance", node, word.split("<")[0])
        is_inner = declared.path == ("request",) and (
            kind is None or "{" not in self._source.text_of(kind)
        )
        function = ancestor(declared.node, FUNCTIONS) if kind is None or is_inner else None
        if function is not None and self._handles(function, declared):
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
        return self._evaluator.value(start, depth + 1) if is_used else None

    def is_event(self, declared: Declaration) -> bool:
        """Return whether a parameter is what a framework's handler gets, with the request in it."""
        function = ancestor(declared.node, FUNCTIONS)
        if declared.kind != "parameter" or declared.path or function is None:
            return False
        return self._is_first(function, declared) and self._gets_event(function)

    def _handles(self, function: Node, declared: Declaration) -> bool:
        """Return whether a parameter is the request that a handler gets."""
        if not self._is_first(function, declared):
            return False
        is_named = self._source.text_of(declared.node) in REQUEST_NAMES
        if declared.path == ("request",):
            return is_named and self._gets_event(function)
        if declared.path:
            return False
        is_fetch = is_named and self._name_of(function) == "fetch"
        return is_fetch or is_fetch_of_runtime(self._source, function)

    def _is_first(self, function: Node, declared: Declaration) -> bool:
        given = function.child_by_field_name("parameters")
        first = next(iter(given.named_children), None) if given is not None else None
        return first is not None and declared.origin.id == first.id

    def _gets_event(self, function: Node) -> bool:
        """Return whether Pages calls a function, or another framework an exported one."""
        name = self._name_of(function)
        if name.startswith("onRequest"):
            return True
        exported = ancestor(function, {*FUNCTIONS, "export_statement", "pair"})
        is_exported = exported is not None and exported.type == "export_statement"
        return is_exported and name in EVENT_HANDLERS

    def _name_of(self, function: Node) -> str:
        name, parent = function.child_by_field_name("name"), function.parent
        if name is None and parent is not None:
            name = parent.child_by_field_name("key") or parent.child_by_field_name("name")
        return self._source.text_of(name) if name is not None else ""

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
        if declared.kind == "var" or self._evaluator.value(start, depth + 1).kind not in NUMERIC:
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
            if self._evaluator.value(right, depth + 1).kind not in NUMERIC:
                return False
        return True

    def _is_reassigned(self, declared: Declaration) -> bool:
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


def _comes_before(change: Node, use: Node) -> bool:
    """Return whether an expression comes before another one, and not in another branch."""
    if change.end_byte > use.start_byte:
        return False
    around = use.parent
    while around is not None and around.start_byte > change.start_byte:
        around = around.parent
    return around is not None and around.type in _BLOCKS


def _without(value: Value, changes: Changes) -> Value:
    """Return what is known of an object or array that may have changed."""
    if changes.whole:
        return replace(value, properties={}, items=(), complete=False)
    changed = {*changes.names, *(name for name, _, _ in changes.assignments)}
    if not changed:
        return value
    kept = {name: each for name, each in value.properties.items() if name not in changed}
    return replace(value, properties=kept, complete=False)
