"""Resolve expressions to bindings: `env.X` in all its forms, and variables that hold it.

Only the current file is searched; the result is None if that isn't enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from kvlens.js.env import Envs
from kvlens.js.scopes import Declaration, Scopes
from kvlens.js.syntax import Source, plain
from kvlens.js.tree import ancestor

if TYPE_CHECKING:
    from tree_sitter import Node

How = Literal["env", "this", "context", "import", "destructured", "global", "alias", "typed"]

_KV_TYPE = re.compile(
    r":?\s*(?:(?:undefined|null)\s*\|\s*)?(?:\w+\.)?KVNamespace(?:<[^<>]*>)?"
    r"(?:\s*\|\s*(?:undefined|null))*\s*\Z"
)
_DEPTH = 12


@dataclass(frozen=True)
class NamespaceAccess:
    """An expression that may be a KV namespace, and how the code gets it."""

    binding: str | None  # None: a namespace by its type, with any binding
    how: How
    typed: bool = False  # the file types it as KVNamespace
    optional: bool = False  # the code handles a missing binding


class BindingResolver:
    """Resolves names to `env` and to namespaces in one source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._names = source.names
        self.envs = Envs(source)
        self._fields: dict[tuple[int, str], Node | None] = {}  # what a class sets a field to

    # namespaces

    def namespace(self, node: Node, depth: int = 0) -> NamespaceAccess | None:
        """Return the binding of an expression, or that it is a KVNamespace by its type."""
        if depth > _DEPTH:
            return None
        cast = self._cast(node)
        found = self._namespace(plain(node), depth)
        if cast:
            return (
                replace(found, typed=True) if found else NamespaceAccess(None, "typed", typed=True)
            )
        return found

    def _namespace(self, node: Node, depth: int) -> NamespaceAccess | None:
        kind = node.type
        if kind == "member_expression":
            return self._member(node, depth)
        if kind == "subscript_expression":
            base, index = node.child_by_field_name("object"), node.child_by_field_name("index")
            if (
                base is None
                or index is None
                or index.type != "string"
                or not self.envs.is_env(base)
            ):
                return None
            return NamespaceAccess(self._text(index)[1:-1], "env")
        if kind == "identifier":
            return self._variable(node, depth)
        if kind == "binary_expression":  # env.X ?? fallback: may be missing
            operator = node.child_by_field_name("operator")
            left = node.child_by_field_name("left")
            if operator is not None and operator.type in ("??", "||") and left is not None:
                found = self.namespace(left, depth + 1)
                return replace(found, optional=True) if found else None
        return None

    def _member(self, node: Node, depth: int) -> NamespaceAccess | None:
        base, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if base is None or name is None:
            return None
        if self.envs.is_env(base):
            return NamespaceAccess(self._text(name), self.how(base))
        inner = plain(base)
        if inner.type == "this":
            return self._own_field(node, self._text(name), depth)
        if inner.type == "identifier":
            return self._typed_member(inner, self._text(name))
        return None

    def how(self, env: Node) -> How:
        """Return how the code accesses `env` here: by a name, from `this`, from a context."""
        inner = plain(env)
        if inner.type == "member_expression":
            holder = inner.child_by_field_name("object")
            return "this" if holder is not None and holder.type == "this" else "context"
        if inner.type == "identifier":
            declared = self._names.resolve(inner)
            return "import" if declared is not None and declared.kind == "import" else "env"
        return "context"

    def _variable(self, node: Node, depth: int) -> NamespaceAccess | None:
        name = self._text(node)
        declared = self._names.resolve(node)
        if declared is None:
            return NamespaceAccess(name, "global")
        return self._from_declaration(declared, name, depth)

    def _from_declaration(
        self, declared: Declaration, name: str, depth: int
    ) -> NamespaceAccess | None:
        type_node = declared.origin.child_by_field_name("type") if not declared.path else None
        typed = type_node is not None and self.is_kv_type(type_node)
        if declared.ambient:
            return NamespaceAccess(name, "global", typed=True) if typed else None
        found: NamespaceAccess | None = None
        if declared.path:
            found = self._destructured(declared)
        elif declared.kind in ("const", "let", "var"):
            start = declared.origin.child_by_field_name("value")
            if start is not None:
                found = self.namespace(start, depth + 1)
                found = replace(found, how="alias") if found else None
        if typed:
            return (
                replace(found, typed=True) if found else NamespaceAccess(None, "typed", typed=True)
            )
        if found is not None and declared.kind != "const" and not declared.path:
            return None  # it may have another value by now
        return found

    def _destructured(self, declared: Declaration) -> NamespaceAccess | None:
        holder = ancestor(declared.node, {"object_pattern"})
        name = declared.path[-1]
        if holder is None or name is None or not self.envs.takes(holder):
            return None
        inner = declared.node.parent
        optional = inner is not None and inner.type.endswith("assignment_pattern")
        return NamespaceAccess(name, "destructured", optional=optional)

    def _own_field(self, node: Node, name: str, depth: int) -> NamespaceAccess | None:
        """Return what `this.name` is, by the field's type or by the value assigned to it."""
        body = ancestor(node, {"class_body"})
        if body is None:
            return None
        for member in body.named_children:
            if member.type in ("public_field_definition", "field_definition"):
                key = member.child_by_field_name("name") or member.child_by_field_name("property")
                if key is None or self._text(key) != name:
                    continue
                type_node = member.child_by_field_name("type")
                if type_node is not None and self.is_kv_type(type_node):
                    return NamespaceAccess(None, "typed", typed=True)
                start = member.child_by_field_name("value")
                return (
                    self.namespace(start, depth + 1)
                    if start is not None
                    else self._set_to(body, name, depth)
                )
            if member.type == "method_definition":
                found = self._parameter_property(member, name)
                if found is not None:
                    return found
        return self._set_to(body, name, depth)

    def _parameter_property(self, method: Node, name: str) -> NamespaceAccess | None:
        parameters = method.child_by_field_name("parameters")
        for parameter in parameters.named_children if parameters is not None else ():
            pattern = parameter.child_by_field_name("pattern")
            if pattern is None or self._text(pattern) != name:
                continue
            if parameter.children[0].type in ("accessibility_modifier", "readonly"):
                type_node = parameter.child_by_field_name("type")
                if type_node is not None and self.is_kv_type(type_node):
                    return NamespaceAccess(None, "typed", typed=True)
        return None

    def _set_to(self, body: Node, name: str, depth: int) -> NamespaceAccess | None:
        """Return what the class assigns to `this.name`, if it does so in only one place."""
        key = (body.id, name)
        if key not in self._fields:
            found = list(self._assigned(body, name))
            self._fields[key] = found[0] if len(found) == 1 else None
        value = self._fields[key]
        access = self.namespace(value, depth + 1) if value is not None else None
        return replace(access, how="alias") if access else None

    def _assigned(self, body: Node, name: str) -> Iterator[Node]:
        for word in self._names.nodes(name):
            member = word.parent
            if member is None or member.type != "member_expression":
                continue
            if not body.start_byte <= member.start_byte < body.end_byte:
                continue
            parent = member.parent
            if parent is None or parent.type != "assignment_expression":
                continue
            base = member.child_by_field_name("object")
            left, right = parent.child_by_field_name("left"), parent.child_by_field_name("right")
            if base is None or base.type != "this":
                continue
            if left is not None and left.id == member.id and right is not None:
                yield right

    def _typed_member(self, holder: Node, name: str) -> NamespaceAccess | None:
        """Return `options.kv` if the file types `options` and that type's `kv`."""
        declared = self._names.resolve(holder)
        if declared is None or declared.path:
            return None
        type_node = declared.origin.child_by_field_name("type")
        if type_node is None:
            return None
        word = self._text(type_node).lstrip(": ").strip()
        for signature in signatures(self._names, name):
            owner = ancestor(
                signature, {"interface_declaration", "type_alias_declaration", "type_annotation"}
            )
            signed = signature.child_by_field_name("type")
            if owner is None or signed is None:
                continue
            owner_name = owner.child_by_field_name("name")
            named = owner_name is not None and self._text(owner_name) == word
            if (named or owner.id == type_node.id) and self.is_kv_type(signed):
                return NamespaceAccess(None, "typed", typed=True)
        return None

    # types

    def is_kv_type(self, node: Node) -> bool:
        """Return whether a type, or its annotation, is KVNamespace (or that or nothing)."""
        return bool(_KV_TYPE.match(self._text(node)))

    def _cast(self, node: Node) -> bool:
        """Return whether the expression is cast to KVNamespace: `x as KVNamespace`."""
        while node.type in ("parenthesized_expression", "non_null_expression"):
            if not node.named_children:
                return False
            node = node.named_children[0]
        if node.type != "as_expression" or len(node.named_children) < 2:
            return False
        return self.is_kv_type(node.named_children[-1])

    def _text(self, node: Node) -> str:
        return self._names.text(node)


def signatures(names: Scopes, name: str) -> Iterator[Node]:
    """Yield the members with this name in the file's types."""
    for node in names.nodes(name):
        owner = node.parent
        if owner is not None and owner.type == "string":
            owner = owner.parent
        if owner is not None and owner.type == "property_signature":
            yield owner
