"""What expressions other than names and calls may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.annotations import typed
from kvlens.js.env_access import how, may_have_env
from kvlens.js.property_names import possible_texts
from kvlens.js.shared_objects import shared_of
from kvlens.js.syntax import arguments_of, callee, plain
from kvlens.js.tree import ancestor
from kvlens.js.values import (
    GLOBAL,
    NOTHING,
    OTHER,
    Class,
    Env,
    Function,
    Generic,
    Instance,
    NamespaceAccess,
    Record,
    Sequence,
    Value,
    element_of,
    join,
    settled,
    table_of,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow

_THIS_OWNERS = {
    "class_body",
    "method_definition",
    "function_declaration",
    "function_expression",
    "generator_function",
    "generator_function_declaration",
    "program",
}
_MOST_ITEMS = 64  # of an array that are looked at
_OPERATORS = ("??", "||")


def nothing(flow: Flow, node: Node) -> Value | None:
    """Return what `null` and `undefined` are."""
    return NOTHING


def member(flow: Flow, node: Node) -> Value | None:
    """Return what `base.name` may be."""
    base, name = node.child_by_field_name("object"), node.child_by_field_name("property")
    if base is None or name is None:
        return None
    word = flow.text(name)
    return _access(flow, node, base, word)


def _access(flow: Flow, node: Node, base: Node, word: str) -> Value | None:
    value = flow.value(base)
    found = flow.members.of(value, word, how(flow, base) if isinstance(value, Env) else "env")
    is_env = found is None and conventions.is_env_property(word.lstrip("#"))
    if is_env and may_have_env(flow, plain(base)):
        found = Env()
    if found is None:
        found = shared_of(value, word)
    if isinstance(found, Env):
        flow.envs[node.id] = node
    if value is GLOBAL:
        ambient = next((d for d in flow.names.declarations(word) if d.ambient), None)
        if ambient is not None:
            found = flow.declared(ambient)
    return found


def subscript(flow: Flow, node: Node) -> Value | None:
    """Return what `base[index]` may be."""
    base, index = node.child_by_field_name("object"), node.child_by_field_name("index")
    if base is None or index is None:
        return None
    if index.type == "number":
        return flow.members.at(flow.value(base), _number(flow.text(index)))
    words = possible_texts(flow, index)
    if words:
        return join(_access(flow, node, base, word) for word in words)
    return flow.members.any_of(flow.value(base))


def this(flow: Flow, node: Node) -> Value | None:
    """Return what `this` is here."""
    here: Node | None = node
    static = False
    while here is not None:
        here = ancestor(here, _THIS_OWNERS)
        if here is None or here.type == "program":
            return None
        if here.type == "class_body":
            owner = here.parent
            if owner is None:
                return None
            return Class(flow, owner) if static else Instance(flow, owner)
        if here.type != "method_definition":
            return _this_of(flow, here)
        parent = here.parent
        if parent is not None and parent.type == "object":
            return Record(flow, parent)
        static = any(child.type == "static" for child in here.children)
    return None


def _this_of(flow: Flow, function: Node) -> Value | None:
    """Return `this` in a function: by its type, or an instance that `new` makes."""
    given = function.child_by_field_name("parameters")
    for parameter in given.named_children[:1] if given is not None else ():
        pattern, kind = (parameter.child_by_field_name(name) for name in ("pattern", "type"))
        if pattern is not None and pattern.type == "this" and kind is not None:
            return flow.types.value(kind)
    parent = function.parent
    left = parent.child_by_field_name("left") if parent is not None else None
    if left is not None and left.type == "member_expression":  # S.prototype.save = …
        holder = left.child_by_field_name("object")
        base = holder.child_by_field_name("object") if holder is not None else None
        if holder is None or base is None or not flow.text(holder).endswith(".prototype"):
            return None
        made = flow.value(base)
        return Instance(made.flow, made.node) if isinstance(made, (Class, Function)) else None
    return Instance(flow, function) if function.child_by_field_name("name") else None


def super_object(flow: Flow, node: Node) -> Value | None:
    """Return what `super` is here: an instance of the base class."""
    owner = ancestor(node, {"class_body"})
    if owner is None or owner.parent is None:
        return None
    base = flow.members.base(Instance(flow, owner.parent))
    return Instance(base.flow, base.node) if isinstance(base, Class) else None


def ternary(flow: Flow, node: Node) -> Value | None:
    """Return what `a ? b : c` may be."""
    one, other = (node.child_by_field_name(name) for name in ("consequence", "alternative"))
    if one is None or other is None:
        return None
    return join([flow.value(one), flow.value(other)])


def binary(flow: Flow, node: Node) -> Value | None:
    """Return what an operator gives: only `&&`, `||` and `??` pass a value on."""
    operator = node.child_by_field_name("operator")
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if operator is None or left is None or right is None:
        return None
    if operator.type == "&&":
        return flow.value(right)
    if operator.type not in _OPERATORS:
        return OTHER
    first, second = flow.value(left), flow.value(right)
    if isinstance(first, NamespaceAccess) and not isinstance(second, NamespaceAccess):
        return first  # the other is for where it is missing
    if isinstance(first, Env):
        return first
    return join([first, second])


def assignment(flow: Flow, node: Node) -> Value | None:
    """Return what an assignment sets."""
    right = node.child_by_field_name("right")
    return flow.value(right) if right is not None else None


def last(flow: Flow, node: Node) -> Value | None:
    """Return what a sequence `(a, b)` gives."""
    return flow.value(node.named_children[-1]) if node.named_children else None


def parentheses(flow: Flow, node: Node) -> Value | None:
    """Return what is in parentheses, by a JSDoc type before them if there is one."""
    before = node.prev_sibling
    value = first(flow, node)
    if before is not None and before.type == "comment":  # /** @type {T} */ (x)
        return typed(value, flow.types.documented(node))
    return value


def first(flow: Flow, node: Node) -> Value | None:
    """Return what the first expression in a node may be."""
    inner = next((child for child in node.named_children if child.type != "comment"), None)
    return flow.value(inner) if inner is not None else None


def cast(flow: Flow, node: Node) -> Value | None:
    """Return what `x as T`, `x satisfies T` and `<T>x` may be."""
    parts = [child for child in node.named_children if child.type != "comment"]
    if not parts:
        return None
    inner, kind = (parts[-1], parts[0]) if node.type == "type_assertion" else (parts[0], parts[-1])
    value = flow.value(inner)
    if len(parts) < 2 or flow.text(kind) == "const":
        return value
    by_type = flow.types.value(kind)
    found = typed(value, by_type)
    if isinstance(found, Env) and not isinstance(value, Env):
        flow.envs[node.id] = node
    return found


def await_expression(flow: Flow, node: Node) -> Value | None:
    """Return what `await x` may be."""
    inner = first(flow, node)
    found = settled(inner)
    if isinstance(found, Env):
        flow.envs[node.id] = node
    return found


def record(flow: Flow, node: Node) -> Value | None:
    """Return an object literal as a value."""
    return Record(flow, node)


def array(flow: Flow, node: Node) -> Value | None:
    """Return an array literal as a value."""
    items: list[Value | None] = []
    is_whole = True
    children = node.named_children
    if len(children) > _MOST_ITEMS:
        return Sequence((), None)
    for child in children:
        if child.type == "spread_element":
            is_whole = False
            items.append(element_of(first(flow, child)))
        elif child.type != "comment":
            items.append(flow.value(child))
    return Sequence(tuple(items) if is_whole else (), join(items))


def function(flow: Flow, node: Node) -> Value | None:
    """Return a function as a value."""
    return Function(flow, node)


def class_expression(flow: Flow, node: Node) -> Value | None:
    """Return a class as a value."""
    return Class(flow, node)


def new(flow: Flow, node: Node) -> Value | None:
    """Return what `new X(…)` makes."""
    made = callee(node)
    if made is None:
        return None
    value = flow.value(made)
    if isinstance(value, Class):
        return Instance(value.flow, value.node)
    if isinstance(value, Function):
        return Instance(value.flow, value.node)
    name, given = flow.text(made).rpartition(".")[2], arguments_of(node)
    if name in ("Set", "Map") and given:
        first = flow.value(given[0])
        found = Sequence((), element_of(first)) if name == "Set" else table_of(first)
        if isinstance(first, Sequence) and found is not None:
            return found
    return Generic(flow, node, name)


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None
