"""What the members of a value are, see `values`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from kvlens.js import conventions
from kvlens.js.annotations import is_like_kv, typed
from kvlens.js.methods import METHODS
from kvlens.js.parameters.parameter import parameter_value
from kvlens.js.property_names import constant_text, property_name
from kvlens.js.returns import return_value
from kvlens.js.shared_objects import shared_member
from kvlens.js.syntax import arguments_of, call_of, callee
from kvlens.js.values import (
    GLOBAL,
    NOTHING,
    OTHER,
    Choice,
    Class,
    Env,
    Function,
    Generic,
    How,
    Instance,
    Known,
    Made,
    Merged,
    Method,
    Module,
    NamespaceAccess,
    Record,
    Sequence,
    Shared,
    Table,
    Typed,
    Value,
    join,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow

_ONE = {"at", "find", "findLast", "pop", "shift"}
_SAME = {"filter", "slice", "reverse", "concat", "sort", "toSorted", "toReversed", "values"}
_FIELDS = ("public_field_definition", "field_definition")
_MOST_MEMBERS = 32  # of an object that are all looked at
_MOST_ASSIGNMENTS = 200  # to members of one name in a source; of more, nothing is known


Entries = tuple[dict[str, tuple[int, "Node"]], list[tuple[int, "Node"]]]
"""The members of an object by name, each with its place, and the spreads and computed names."""


class _ClassMember(NamedTuple):
    node: Node
    is_static: bool


class Members:
    """Finds members of values; those that a source makes are looked up in its flow."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._records: dict[int, Entries] = {}
        self._assignments: dict[str, list[tuple[Node, Node]]] = {}
        self._classes: dict[int, dict[str, list[_ClassMember]]] = {}
        self._types: dict[int, dict[str, Node]] = {}

    def of(self, value: Value | None, name: str, how: How = "env") -> Value | None:
        """Return a member by its name; None if it isn't known."""
        if value is None or (isinstance(value, Known) and value is not GLOBAL):
            return value
        if isinstance(value, Env):
            if value.guessed and name not in self._flow.program.declared:
                return None
            return None if self._is_replaced(name) else NamespaceAccess(name, how)
        if isinstance(value, NamespaceAccess):
            if name in METHODS:
                return Method(value, name)
            return OTHER if value.typed else None
        if isinstance(value, Made):
            owner = value.flow
            return owner.once(
                f"{type(value).__name__}.{name}",
                value.node,
                lambda: owner.members.of_made(value, name),
            )
        if isinstance(value, Merged):
            return self._of_merged(value, name)
        if isinstance(value, Shared):
            return shared_member(self._flow, value, name)
        if isinstance(value, Choice):
            return join(self.of(each, name) for each in value.values)
        if isinstance(value, Table):
            return value.element
        if value is GLOBAL:
            set_to = [
                self._flow.value(right)
                for base, right in self.assignments(name)
                if self._flow.value(base) is GLOBAL
            ]
            if set_to:
                return join(set_to)
            if name in self._flow.program.declared:
                return NamespaceAccess(name, "global")
        return None

    def _is_replaced(self, name: str) -> bool:
        """Return whether the source sets a binding of `env`: `env.KV = wrap(env.KV)`."""
        value = self._flow.value
        return any(isinstance(value(base), Env) for base, _ in self.assignments(name)) or any(
            isinstance(each := value(source), Record)
            and name in each.flow.members.entries(each.node)[0]
            and isinstance(value(base), Env)
            for base, sources in self.merges
            for source in sources
        )

    def _of_merged(self, value: Merged, name: str) -> Value | None:
        """Return the first part's member that is known, unless another object's may hide it."""
        is_hidden = False
        for part in value.parts:
            found = self.of(part, name)
            if found is not None:
                return None if is_hidden and not isinstance(part, Typed) else found
            is_hidden = is_hidden or (isinstance(part, Record) and not _lacks(part, name))
        return None

    def of_made(self, value: Made, name: str) -> Value | None:
        """Return a member of what this flow's source makes."""
        if isinstance(value, Record):
            return self._of_record(value, name)
        if isinstance(value, (Instance, Class)):
            return self._of_class(value, name)
        if isinstance(value, Typed):
            return self._of_type(value.node, name)
        if isinstance(value, Module):
            return self._flow.program.export(self._flow, name)
        if isinstance(value, Generic) and value.name in conventions.CONTEXTS:
            if name == "env":
                return Env()
            if name == "var":
                return self._flow.types.variables(value.node)
        return None

    def any_of(self, value: Value | None) -> Value | None:
        """Return what is any of an object's members."""
        if isinstance(value, (Table, Sequence)):
            return value.element
        if isinstance(value, Record):
            names, others = value.flow.members.entries(value.node)
            if not others and len(names) <= _MOST_MEMBERS:
                return join(self.of(value, name) for name in names)
        return None

    def at(self, value: Value | None, place: int | None) -> Value | None:
        """Return one item of an array."""
        if isinstance(value, Sequence):
            if place is not None and place < len(value.items):
                return value.items[place]
            return value.element
        if isinstance(value, Table):
            return value.element
        return value if isinstance(value, Known) else None

    # objects --------------------------------------------------------------------------------

    def entries(self, record: Node) -> Entries:
        """Return the members of an object literal of this source."""
        found = self._records.get(record.id)
        if found is not None:
            return found
        names: dict[str, tuple[int, Node]] = {}
        others: list[tuple[int, Node]] = []
        for place, child in enumerate(record.named_children):
            kind = child.type
            if kind == "comment":
                continue
            key = child if kind == "shorthand_property_identifier" else None
            if kind in ("pair", "method_definition"):
                key = child.child_by_field_name("key") or child.child_by_field_name("name")
            word = self._flow.text(child) if key is child else None
            if key is not None and key is not child:
                word = property_name(self._flow, key)
            if word is None:
                others.append((place, child))
            else:
                names[word] = place, child
        self._records[record.id] = names, others
        return names, others

    def _of_record(self, value: Record, name: str) -> Value | None:
        flow = self._flow
        names, others = self.entries(value.node)
        place, child = names.get(name, (-1, None))
        found: Value | None = NOTHING
        for at, other in reversed(others):
            if at < place:
                break
            if other.type != "spread_element" or len(others) > _MOST_MEMBERS:
                return None  # it may be any member
            spread = flow.value(other.named_children[0]) if other.named_children else None
            if _lacks(spread, name):
                continue
            found = self.of(spread, name)
            if found is None:
                return None
            child = None
            break
        if child is not None:
            start = child.child_by_field_name("value") or child
            found = self._method(child) if child.type == "method_definition" else flow.value(start)
        found = join([found, *self._assigned_to(value, name)])
        return found if found != NOTHING or child is not None else None

    def _method(self, node: Node) -> Value | None:
        if any(child.type == "get" for child in node.children):
            return return_value(self._flow, node)
        return Function(self._flow, node)

    def _assigned_to(self, value: Made, name: str) -> list[Value | None]:
        flow = self._flow
        found: list[Value | None] = []
        every = self.assignments(name)
        if max(len(every), len(self.merges)) > _MOST_ASSIGNMENTS:
            return [None]
        for base, right in every:
            holder = flow.value(base)
            same = isinstance(holder, Merged) and value in holder.parts
            if same or holder == value:
                found.append(flow.value(right))
        for base, sources in self.merges:
            setting = [each for each in map(flow.value, sources) if not _lacks(each, name)]
            if setting and flow.value(base) == value:
                found += [self.of(each, name) for each in setting]
        return found

    @cached_property
    def merges(self) -> list[tuple[Node, list[Node]]]:
        """The calls of `Object.assign` in the source: the object, and what is merged into it."""
        found: list[tuple[Node, list[Node]]] = []
        for word in self._flow.names.nodes("assign"):
            call = call_of(word.parent) if word.parent is not None else None
            if call is None or self._flow.text(callee(call) or word) != "Object.assign":
                continue
            base, *sources = arguments_of(call) or [call]
            if sources and base.type != "object":
                found.append((base, sources))
        return found

    def assignments(self, name: str) -> list[tuple[Node, Node]]:
        """Return where the source sets a member of this name: the object, and what it is set to."""
        found = self._assignments.get(name)
        if found is None:
            found = self._assignments[name] = []
            for word in self._flow.names.nodes(name):
                member = word.parent
                if member is not None and member.type == "string":
                    member = member.parent
                if member is None or member.type not in (
                    "member_expression",
                    "subscript_expression",
                ):
                    continue
                base, parent = member.child_by_field_name("object"), member.parent
                while parent is not None and parent.type == "non_null_expression":
                    member, parent = parent, parent.parent
                if (
                    parent is None
                    or base is None
                    or not parent.type.endswith("assignment_expression")
                ):
                    continue
                left = parent.child_by_field_name("left")
                right = parent.child_by_field_name("right")
                if left is not None and left.id == member.id and right is not None:
                    found.append((base, right))
        return found

    # classes --------------------------------------------------------------------------------

    def base(self, value: Instance | Class) -> Value | None:
        """Return the class that a class extends."""
        owner = value.flow
        return owner.once("base", value.node, lambda: owner.members.find_base(value.node))

    def find_base(self, node: Node) -> Value | None:
        """Return the base of a class of this source."""
        heritage = next((c for c in node.children if c.type == "class_heritage"), None)
        for child in heritage.named_children if heritage is not None else ():
            if child.type == "implements_clause":
                continue
            return self._flow.value(child.child_by_field_name("value") or child)
        return None

    def _of_class(self, value: Made, name: str) -> Value | None:
        flow = self._flow
        is_static = isinstance(value, Class)
        found = [m for m in self._members(value.node).get(name, ()) if m.is_static == is_static]
        made: list[Value | None] = []
        like_kv: Value | None = None
        for member in found:
            node = member.node
            if node.type == "method_definition":
                if not any(child.type == "set" for child in node.children):
                    return self._method(node)
                continue
            if node.type.endswith("method_signature"):
                return Function(flow, node)
            if node.type.endswith("_parameter"):
                value_given = parameter_value(flow, node)
                made.append(value_given)
                continue
            kind = node.child_by_field_name("type")
            by_type = flow.types.value(kind) if kind is not None else flow.types.documented(node)
            if by_type is not None and not is_like_kv(by_type):
                return by_type
            like_kv = like_kv or by_type
            start = node.child_by_field_name("value")
            made.append(flow.value(start) if start is not None else NOTHING)
        made += self._assigned_to(value, name)
        result = join(made)
        if like_kv is not None:
            return typed(None if result == NOTHING else result, like_kv)
        if result != NOTHING:
            return result
        base = self.base(value) if isinstance(value, (Instance, Class)) else None
        if isinstance(base, Class):
            base = base if is_static else Instance(base.flow, base.node)
            return base.flow.members.of(base, name)
        for kind in () if is_static else _implemented(value.node):
            by_type = flow.members.of(flow.types.value(kind), name)
            if by_type is not None:
                return by_type
        return None

    def _members(self, node: Node) -> dict[str, list[_ClassMember]]:
        found = self._classes.get(node.id)
        if found is not None:
            return found
        found = self._classes[node.id] = {}
        body = node.child_by_field_name("body")
        for member in body.named_children if body is not None else ():
            key = member.child_by_field_name("name") or member.child_by_field_name("property")
            word = property_name(self._flow, key) if key is not None else None
            if word is None:
                continue
            is_static = any(child.type == "static" for child in member.children)
            found.setdefault(word, []).append(_ClassMember(member, is_static))
            if word != "constructor":
                continue
            given = member.child_by_field_name("parameters")
            for parameter in given.named_children if given is not None else ():
                pattern = parameter.child_by_field_name("pattern")
                modifiers = ("accessibility_modifier", "readonly", "override_modifier")
                if pattern is not None and parameter.children[0].type in modifiers:
                    found.setdefault(self._flow.text(pattern), []).append(
                        _ClassMember(parameter, False)
                    )
        return found

    def constructor(self, node: Node) -> Node | None:
        """Return the constructor of a class of this source."""
        found = self._members(node).get("constructor")
        return found[-1].node if found else None

    # types ----------------------------------------------------------------------------------

    def _of_type(self, node: Node, name: str) -> Value | None:
        flow = self._flow
        signature = self._signatures(node).get(name)
        if signature is not None:
            if signature.type == "property_signature":
                kind = signature.child_by_field_name("type")
                return flow.types.value(kind) if kind is not None else None
            if any(child.type == "get" for child in signature.children):
                kind = signature.child_by_field_name("return_type")
                return flow.types.value(kind) if kind is not None else None
            return Function(flow, signature)
        for child in node.named_children:
            if child.type == "extends_type_clause":
                for kind in child.named_children:
                    found = flow.members.of(flow.types.value(kind), name)
                    if found is not None:
                        return found
        return None

    def _signatures(self, node: Node) -> dict[str, Node]:
        found = self._types.get(node.id)
        if found is None:
            found = self._types[node.id] = {}
            body = node.child_by_field_name("body") or node
            for member in body.named_children:
                key = member.child_by_field_name("name")
                word = property_name(self._flow, key) if key is not None else None
                if word is not None:
                    found.setdefault(word, member)
        return found

    def names_of(self, node: Node) -> set[str]:
        """Return the members of an interface or object type of this source, without its bases'."""
        return set(self._signatures(node))

    def has(self, value: Value | None, name: str) -> bool:
        """Return whether an interface or an object type has a member."""
        if isinstance(value, Merged):
            return any(self.has(part, name) for part in value.parts)
        return isinstance(value, Typed) and name in value.flow.members._signatures(value.node)

    # calls ----------------------------------------------------------------------------------

    def returned(self, value: Value | None) -> Value | None:
        """Return what a call of a value returns."""
        if isinstance(value, Function):
            return return_value(value.flow, value.node)
        if isinstance(value, Choice):
            return join(self.returned(each) for each in value.values)
        if isinstance(value, Merged):
            return next((f for p in value.parts if (f := self.returned(p)) is not None), None)
        if isinstance(value, Method):
            return OTHER
        return value if isinstance(value, Known) and value is not GLOBAL else None

    def sequence_call(self, value: Sequence, name: str, given: list[Node]) -> Value | None:
        """Return what a method of an array returns."""
        if name in _ONE:
            return value.element
        if name in _SAME:
            return Sequence((), value.element)
        if name == "map" and given:
            return Sequence((), self.returned(self._flow.value(given[0])))
        if name == "entries":
            return Sequence((), Sequence((OTHER, value.element), None))
        return None

    def stored(self, value: Value | None, name: str, given: list[Node]) -> Value | None:
        """Return what `x.get("kv")` reads: what `x.set("kv", …)` sets, or a type says.

        With `createContext<T>()` of React Router as the key, its type.
        """
        flow = self._flow
        if name == "getStore":
            return self._current(value) if isinstance(value, Generic) else None
        word = constant_text(flow, given[0]) if name == "get" and given else None
        if word is None:
            is_map = isinstance(value, Known) or (
                isinstance(value, Generic) and value.name == "Map"
            )
            key = flow.value(given[0]) if name == "get" and given and not is_map else None
            if not isinstance(key, Generic) or key.name != conventions.MAKES_CONTEXT:
                return None
            return key.flow.types.argument(key.node)
        if isinstance(value, Generic):
            if value.name in conventions.CONTEXTS:
                variables = value.flow.types.variables(value.node)
                found = value.flow.members.of(variables, word)
                if found is not None:
                    return found
            elif value.name == "Map":
                found = value.flow.types.argument(value.node, 1)
                if found is not None:
                    return found
        sets: list[Value | None] = [flow.value(each) for each in self._sets.get(word, ())]
        if sets:
            return join(sets)
        return flow.types.variable(word)

    def _current(self, storage: Generic) -> Value | None:
        """Return what an AsyncLocalStorage holds: by its type, or by what `run` is given."""
        flow = self._flow
        by_type = storage.flow.types.argument(storage.node)
        if by_type is not None:
            return by_type
        found: list[Value | None] = []
        for word in (*flow.names.nodes("run"), *flow.names.nodes("enterWith")):
            member = word.parent
            call = call_of(member) if member is not None else None
            base = member.child_by_field_name("object") if member is not None else None
            if call is not None and base is not None and flow.value(base) == storage:
                found += [flow.value(each) for each in arguments_of(call)[:1]]
        return join(found) if found else None

    @cached_property
    def _sets(self) -> dict[str, list[Node]]:
        """What the source stores under each name with `x.set(name, value)`."""
        found: dict[str, list[Node]] = {}
        for word in self._flow.names.nodes("set"):
            member = word.parent
            call = call_of(member) if member is not None else None
            if member is None or call is None or member.type != "member_expression":
                continue
            given = arguments_of(call)
            if len(given) == 2 and (name := constant_text(self._flow, given[0])) is not None:
                found.setdefault(name, []).append(given[1])
        return found


def _lacks(value: Value | None, name: str) -> bool:
    """Return whether a value is certainly an object literal without a member."""
    if not isinstance(value, Record):
        return False
    names, others = value.flow.members.entries(value.node)
    return name not in names and not others


def _implemented(node: Node) -> list[Node]:
    heritage = next((c for c in node.children if c.type == "class_heritage"), None)
    clauses = heritage.named_children if heritage is not None else []
    return [kind for c in clauses if c.type == "implements_clause" for kind in c.named_children]


def is_promise_step(name: str) -> bool:
    """Return whether a method of a promise returns the next one."""
    return name in ("then", "catch", "finally")
