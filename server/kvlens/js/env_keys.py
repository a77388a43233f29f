"""Texts that name a member of `env`: `"X" in env`, `Reflect.get(env, "X")`, `open(env, "X")`.

And the types of objects that have the same keys: `Record<keyof Env, string>`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.js.parameters.function_types import cast_of
from kvlens.js.scopes import Declaration
from kvlens.js.syntax import arguments_of, call_of, callee, first_parameter, outer, plain
from kvlens.js.tree import is_field
from kvlens.js.values import Env, Function

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow

_AROUND = {
    *("type_annotation", "parenthesized_type", "array_type", "readonly_type", "union_type"),
    *("intersection_type", "generic_type", "type_arguments", "constraint"),
}  # types that `keyof Env` is a part of
_SAME_KEYS = ("Partial", "Required", "Readonly")
_READING = ("Reflect.get", "Reflect.has", "Object.hasOwn")
_MOST = 300  # nodes that are looked at for one text


def names_member(flow: Flow, text: Node) -> bool:
    """Return whether a string literal is the name of a member of `env` wherever it is used.

    Besides `env["X"]` itself: as an argument, a constant, or by the type `keyof Env`.
    """
    return _Uses(flow).of_text(text)


def has_same_keys(flow: Flow, kind: Node) -> bool:
    """Return whether the keys of a type are those of `env`: `{ [K in keyof Env]: string }`."""
    return _Uses(flow).is_table(flow, kind)


class _Uses:
    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._left = _MOST

    def of_text(self, text: Node) -> bool:
        flow, here = self._flow, outer(text)
        parent, kind = here.parent, cast_of(text)
        if kind is not None and self._is_key_type(flow, kind):
            return True
        if parent is not None and parent.type in ("binary_expression", "arguments"):
            return self._is_key(flow, here)
        is_item = parent is not None and parent.type == "array"
        holder = outer(parent).parent if parent is not None and is_item else parent
        if holder is None or holder.type != "variable_declarator":
            return False
        kind = holder.child_by_field_name("type")
        if kind is not None and self._is_key_type(flow, kind):
            return True
        name = holder.child_by_field_name("name")
        declared = flow.names.resolve(name) if name is not None else None
        if declared is None:
            return False
        return self._of_items(flow, declared) if is_item else self._of_variable(flow, declared)

    def _of_items(self, flow: Flow, declared: Declaration) -> bool:
        """Return whether all that uses an array takes each item for a member's name."""
        if declared.path or declared.node.type != "identifier":
            return False
        every = flow.names.references(declared)
        if len(every) > _MOST:
            return False
        uses = [outer(use) for use in every if use != declared.node]
        uses = [use for use in uses if use.parent is not None and use.parent.type != "type_query"]
        items = [_item_of(use) for use in uses]
        found = [flow.names.resolve(item) if item is not None else None for item in items]
        return bool(found) and all(
            each is not None and self._of_variable(flow, each) for each in found
        )

    def _of_variable(self, flow: Flow, declared: Declaration) -> bool:
        """Return whether all that uses a variable or a parameter takes it for a member's name."""
        if declared.node.type != "identifier":
            return False
        uses = [use for use in flow.names.references(declared) if use != declared.node]
        return bool(uses) and all(self._is_key(flow, outer(use)) for use in uses)

    def _is_key(self, flow: Flow, node: Node) -> bool:
        """Return whether an expression is a member's name where it is."""
        self._left -= 1
        parent = node.parent
        if parent is None or self._left < 0:
            return False
        if parent.type == "arguments" and parent.parent is not None:
            return self._is_taken(flow, parent.parent, node)
        if parent.type == "binary_expression":
            operator, right = (parent.child_by_field_name(n) for n in ("operator", "right"))
            is_in = operator is not None and operator.type == "in" and right != node
            return is_in and right is not None and isinstance(flow.value(right), Env)
        if parent.type != "subscript_expression" or not is_field(parent, "index", node):
            return False
        owner = parent.child_by_field_name("object")
        return owner is not None and isinstance(flow.value(owner), Env)

    def _is_taken(self, flow: Flow, call: Node, given: Node) -> bool:
        """Return whether a function takes its argument for a member's name."""
        function, every = callee(call), arguments_of(call)
        if function is None or given not in every:
            return False
        place = every.index(given)
        if flow.text(function) in _READING:
            return place == 1 and isinstance(flow.value(every[0]), Env)
        called = flow.value(function)
        if not isinstance(called, Function):
            return False
        parameters = called.node.child_by_field_name("parameters")
        known = parameters.named_children if parameters is not None else []
        known = [each for each in known if each.type != "comment"]
        if place >= len(known):
            return False
        kind = known[place].child_by_field_name("type")
        if kind is not None and self._is_key_type(called.flow, kind):
            return True
        pattern = known[place].child_by_field_name("pattern") or known[place]
        declared = called.flow.names.resolve(pattern) if pattern.type == "identifier" else None
        return declared is not None and self._of_variable(called.flow, declared)

    def _is_key_type(self, flow: Flow, kind: Node) -> bool:
        """Return whether a type is `keyof Env`, has it as a part, or stands for it."""
        self._left -= 1
        if self._left < 0:
            return False
        if kind.type == "index_type_query" and kind.named_children:
            return isinstance(flow.types.value(kind.named_children[0]), Env)
        if kind.type == "type_identifier":
            return any(self._is_key_type(flow, each) for each in _meant(flow, kind))
        if kind.type in _AROUND:
            return any(self._is_key_type(flow, each) for each in kind.named_children)
        return False

    def is_table(self, flow: Flow, kind: Node) -> bool:
        """Return whether the keys of an object type are those of `env`."""
        self._left -= 1
        inner = [each for each in kind.named_children if each.type != "comment"]
        if self._left < 0:
            return False
        if kind.type == "type_identifier":
            values = (
                (each, declaration.child_by_field_name("value"))
                for each, declaration in flow.program.type_declarations(flow, kind)
            )
            return any(value is not None and self.is_table(each, value) for each, value in values)
        if kind.type == "generic_type" and len(inner) == 2:
            name, (first, *_) = flow.text(inner[0]), inner[1].named_children
            is_key = self._is_key_type if name == "Record" else self.is_table
            return (name == "Record" or name in _SAME_KEYS) and is_key(flow, first)
        if kind.type == "mapped_type_clause" and kind.child_by_field_name("alias") is None:
            keys = kind.child_by_field_name("type")
            return keys is not None and self._is_key_type(flow, keys)
        is_around = kind.type in _AROUND or kind.type in ("object_type", "index_signature")
        return is_around and any(self.is_table(flow, each) for each in inner)


def _item_of(array: Node) -> Node | None:
    """Return the variable that is each item of an array in turn, in a loop or a callback."""
    parent = array.parent
    if parent is None:
        return None
    if parent.type == "for_in_statement" and is_field(parent, "right", array):
        is_of = any(child.type == "of" for child in parent.children)
        item = parent.child_by_field_name("left") if is_of else None
        return item if item is not None and item.type == "identifier" else None
    call = call_of(parent) if is_field(parent, "object", array) else None
    given = arguments_of(call) if call is not None else []
    callback = plain(given[0]) if given else None
    if callback is None or callback.type not in ("arrow_function", "function_expression"):
        return None
    item = first_parameter(callback)
    return item if item is not None and item.type == "identifier" else None


def _meant(flow: Flow, name: Node) -> list[Node]:
    """Return the types that a name of a type stands for, or that bound it as a parameter."""
    found: list[Node | None] = []
    for each in flow.types.declarations(flow.text(name)):
        owner = each.parent.parent if each.type == "type_parameter" and each.parent else None
        if owner is not None and owner.start_byte <= name.start_byte < owner.end_byte:
            found.append(each.child_by_field_name("constraint"))
        elif each.type == "type_alias_declaration":
            found.append(each.child_by_field_name("value"))
    return [each for each in found if each is not None]
