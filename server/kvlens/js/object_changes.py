"""How an object or an array may change after the literal that makes it.

What other code gets hold of, it may change: an argument of an unknown function, what is stored in
another object, what a closure returns. What the platform's functions, KV's methods and loggers get
stays as it is; functions of the same file are followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kvlens.js.callers import function_of
from kvlens.js.platform import CLASSES
from kvlens.js.scopes import FUNCTIONS, Declaration
from kvlens.js.syntax import Source, arguments_of, call_of, callee, outer, plain
from kvlens.js.tree import ancestor, is_field

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.constants.values import Value

_MOST_ASSIGNMENTS = 20  # to the members of an object
_DEEPEST = 12  # steps that an object is followed
_MEMBERS = ("member_expression", "subscript_expression")
_CHANGING = {"push", "unshift", "splice", "pop", "shift", "fill", "reverse", "sort", "copyWithin"}
_CHANGING_FIRST = {"assign", "defineProperty", "defineProperties", "setPrototypeOf"}
_RETURNING_FIRST = {"freeze", "seal", "preventExtensions"}
_OF_OBJECTS = {"hasOwnProperty", "toString", "valueOf", "toLocaleString", "propertyIsEnumerable"}
_HARMLESS_METHODS = {
    *("get", "getWithMetadata", "put", "list", "delete"),
    *("log", "info", "debug", "warn", "error", "trace"),
}
_HARMLESS_OBJECTS = {"JSON", "Object", "Array", "Number", "String", "console", "Response"}
_HARMLESS_FUNCTIONS = {"String", "Number", "Boolean", "structuredClone", "fetch"}
_READING = {
    *("expression_statement", "template_substitution", "unary_expression", "throw_statement"),
    *("if_statement", "while_statement", "do_statement", "switch_statement", "switch_case"),
    *("type_query", "export_specifier", "export_statement", "import_specifier"),
}
_LOGICAL = ("&&", "||", "??")


class Changes(NamedTuple):
    """How an object may change.

    whole: anything of it. names: members whose contents or values aren't known.
    assignments: the statements `o.x = …`: the name, its node, the assignment.
    """

    whole: bool = False
    names: frozenset[str] = frozenset()
    assignments: tuple[tuple[str, Node, Node], ...] = ()


_WHOLE = Changes(whole=True)


class ObjectChanges:
    """Finds how the objects of one source may change."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._names = source.names
        self._known: dict[int, Changes] = {}  # by the declaring node

    def of(self, declared: Declaration, value: Value) -> Changes:
        """Return how the object that a variable starts with may change."""
        key = declared.node.id
        if key not in self._known:
            self._known[key] = self._of(declared, value)
        return self._known[key]

    def _of(self, declared: Declaration, value: Value) -> Changes:
        start = declared.origin.child_by_field_name("value")
        if start is not None and _is_constant(self._source, start):
            return Changes()
        function = ancestor(declared.node, FUNCTIONS)
        follower = _Follower(self._source, function)
        names: set[str] = set()
        assignments: list[tuple[str, Node, Node]] = []
        for node in self._names.references(declared):
            member = node.parent
            if value.kind == "array" or member is None or not is_field(member, "object", node):
                if follower.may_change(node, value):
                    return _WHOLE
                continue
            key = member.child_by_field_name("property")
            whole = outer(member).parent
            if key is None or whole is None or whole.type == "unary_expression":
                if follower.may_change(node, value):  # o[name], delete o.name
                    return _WHOLE
                continue
            name, statement = self._source.text_of(key), whole.parent
            if whole.type == "assignment_expression" and is_field(whole, "left", outer(member)):
                if statement is None or statement.type != "expression_statement":
                    return _WHOLE
                assignments.append((name, key, whole))
                if len(assignments) > _MOST_ASSIGNMENTS:
                    return _WHOLE
            elif follower.may_change(node, value):
                if call_of(member) is not None:
                    return _WHOLE  # a method of its own
                names.add(name)
        return Changes(False, frozenset(names), tuple(assignments))


class _Follower:
    """Follows an object from one expression to the next, until something may change it.

    Of an object of which nothing is known, or that has the object in it, the value is None.
    """

    def __init__(self, source: Source, function: Node | None) -> None:
        self._source = source
        self._names = source.names
        self._function = function  # that makes the object; None: the module
        self._seen: set[int] = set()  # the variables

    def may_change(self, node: Node, value: Value | None, depth: int = 0) -> bool:
        """Return whether the object that an expression is may change by its use."""
        here = outer(node)
        parent = here.parent
        if parent is None or depth > _DEEPEST:
            return True
        kind = parent.type
        if kind in _READING:
            return False
        if kind in _MEMBERS:
            return is_field(parent, "object", here) and self._member(parent, value, depth + 1)
        if kind in ("object", "array"):
            return self.may_change(parent, None, depth + 1)
        if kind == "pair" and parent.parent is not None:
            return self.may_change(parent.parent, None, depth + 1)
        if kind == "spread_element" and parent.parent is not None:
            if not _has_objects(value):
                return False
            call = parent.parent.parent
            if parent.parent.type == "arguments" and call is not None:
                return self._argument(call, parent, value, depth)
            is_copied = parent.parent.type in ("object", "array")
            return not is_copied or self.may_change(parent.parent, None, depth + 1)
        if kind == "variable_declarator":
            target = parent.child_by_field_name("name")
            return self._variable(target, value, depth) if target is not None else True
        if kind.endswith("assignment_expression"):
            return self._assigned(parent, value, depth)
        if kind == "arguments" and parent.parent is not None:
            return self._argument(parent.parent, here, value, depth)
        if kind == "binary_expression":
            operator = parent.child_by_field_name("operator")
            is_passed_on = operator is not None and operator.type in _LOGICAL
            return is_passed_on and self.may_change(parent, value, depth + 1)
        if kind == "ternary_expression":
            is_tested = is_field(parent, "condition", here)
            return not is_tested and self.may_change(parent, value, depth + 1)
        if kind == "await_expression":
            return self.may_change(parent, value, depth + 1)
        if kind == "for_in_statement":
            is_of = any(child.type == "of" for child in parent.children)
            return is_of and _has_objects(value)
        if kind == "return_statement":
            function = ancestor(parent, FUNCTIONS)
            return self._function is None or function != self._function
        return True

    def _member(self, member: Node, value: Value | None, depth: int) -> bool:
        whole = outer(member)
        parent = whole.parent
        name = member.child_by_field_name("property")
        word = self._source.text_of(name) if name is not None else None
        if parent is None or _is_target(parent, whole):
            return True
        if call_of(member) is not None:
            if value is not None and value.kind == "array":
                return word is None or word in _CHANGING or _has_objects(value)
            return word not in _OF_OBJECTS
        if value is None:
            return self.may_change(member, None, depth)
        inner: list[Value] = [each.value for each in value.properties.values()]
        if word is not None and value.kind == "object":
            inner = [value.properties[word].value] if word in value.properties else []
        elif value.kind == "array":
            inner = list(value.items)
        objects = [each for each in inner if each.kind in ("object", "array")]
        return any(self.may_change(member, each, depth) for each in objects)

    def _variable(self, target: Node, value: Value | None, depth: int) -> bool:
        """Follow another variable that holds the object, or a part of it."""
        if target.type != "identifier":
            return not target.type.endswith("pattern") or _has_objects(value)
        declared = self._names.resolve(target)
        if declared is None:
            return True
        if declared.node.id in self._seen:
            return False
        self._seen.add(declared.node.id)
        uses = self._names.references(declared)
        return any(self.may_change(use, value, depth + 1) for use in uses if use.id != target.id)

    def _assigned(self, assignment: Node, value: Value | None, depth: int) -> bool:
        target = assignment.child_by_field_name("left")
        statement = assignment.parent
        if target is None or statement is None or statement.type != "expression_statement":
            return True
        if target.type == "identifier":
            return self._variable(target, value, depth)
        return not self._source.text_of(target).startswith(("module.exports", "exports."))

    def _argument(self, call: Node, here: Node, value: Value | None, depth: int) -> bool:
        """Return whether a function may change its argument."""
        function, given = callee(call), arguments_of(call)
        if function is None or here not in given:
            return True
        function, place = plain(function), given.index(here)
        if function.type == "identifier":
            name, declared = self._source.text_of(function), self._names.resolve(function)
            if declared is None:
                is_class = call.type == "new_expression" and name in CLASSES
                return not is_class and name not in _HARMLESS_FUNCTIONS | _HARMLESS_METHODS
            own = function_of(declared)
            if own is None:
                return declared.path[-1:] != (name,) or name not in _HARMLESS_METHODS
            return here.type == "spread_element" or self._parameter(own, place, value, depth)
        if function.type != "member_expression":
            return True
        base = function.child_by_field_name("object")
        word = function.child_by_field_name("property")
        if base is None or word is None:
            return True
        name = self._source.text_of(word)
        if name == "call" and base.type == "member_expression":
            inner = base.child_by_field_name("property")
            name = self._source.text_of(inner) if inner is not None else name
        if name in _HARMLESS_METHODS:
            return False
        is_global = base.type == "identifier" and self._names.resolve(base) is None
        if not is_global or self._source.text_of(base) not in _HARMLESS_OBJECTS:
            return True
        if name in _RETURNING_FIRST:
            return self.may_change(call, value, depth + 1)
        return name in _CHANGING_FIRST and place == 0

    def _parameter(self, function: Node, place: int, value: Value | None, depth: int) -> bool:
        parameters = function.child_by_field_name("parameters")
        one = function.child_by_field_name("parameter")
        each = [one] if one is not None else parameters.named_children if parameters else []
        each = [child for child in each if child.type != "comment"]
        if place >= len(each):
            return bool(each) and _pattern(each[-1]).type == "rest_pattern"
        target = _pattern(each[place])
        if target.type == "rest_pattern":
            return True
        inner = _Follower(self._source, None)  # what it returns is the caller's again
        inner._seen = self._seen
        return inner._variable(target, value, depth + 1)


def _pattern(parameter: Node) -> Node:
    pattern = parameter.child_by_field_name("pattern") or parameter
    if pattern.type == "assignment_pattern":
        pattern = pattern.child_by_field_name("left") or pattern
    return pattern


def _has_objects(value: Value | None) -> bool:
    """Return whether objects are in an object, which a copy of it shares."""
    if value is None:
        return True
    inner = [*value.items, *(each.value for each in value.properties.values())]
    return any(each.kind in ("object", "array") for each in inner)


def _is_target(parent: Node, member: Node) -> bool:
    """Return whether a member is set or deleted."""
    if parent.type.endswith(("assignment_expression", "pattern")):
        return not is_field(parent, "right", member)
    if parent.type == "for_in_statement":
        return is_field(parent, "left", member)
    operator = parent.child_by_field_name("operator")
    return parent.type == "update_expression" or (
        parent.type == "unary_expression" and operator is not None and operator.type == "delete"
    )


def _is_constant(source: Source, start: Node) -> bool:
    """Return whether nobody can change an object: `{ … } as const`, `Object.freeze({ … })`."""
    while start.type in ("parenthesized_expression", "satisfies_expression"):
        start = start.named_children[0]
    if start.type == "as_expression" and source.text_of(start).endswith("const"):
        return True
    inner = plain(start)
    function = callee(inner) if inner.type == "call_expression" else None
    return function is not None and source.text_of(function) == "Object.freeze"
