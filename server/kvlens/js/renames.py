"""Find every place in a source that must change when a binding is renamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.analysis import ENV_OWNERS, Analysis, BindingUse
from kvlens.js.binding_resolver import signatures
from kvlens.js.syntax import plain

if TYPE_CHECKING:
    from tree_sitter import Node


def references(analysis: Analysis, binding: str) -> list[BindingUse]:
    """Return the uses of a binding, and where types and made objects name it, in order."""
    found = list(analysis.uses_of(binding))
    for more in (_type_members, _lookups, _objects, _ambient):
        found += more(analysis, binding)
    return sorted(found, key=lambda use: use.span)


def _type_members(analysis: Analysis, binding: str) -> Iterator[BindingUse]:
    for signature in signatures(analysis.source.names, binding):
        name, kind = signature.child_by_field_name("name"), signature.child_by_field_name("type")
        is_kv = kind is not None and analysis.resolver.is_kv_type(kind)
        if name is not None and (is_kv or analysis.is_env_type(signature)):
            yield analysis.use(name, "type")


def _lookups(analysis: Analysis, binding: str) -> Iterator[BindingUse]:
    """Yield `Env["X"]` and `Pick<Env, "X">`."""
    data = analysis.source.offsets.data
    for quote in (b'"', b"'"):
        word = quote + binding.encode("utf-8", "replace") + quote
        at = data.find(word)
        while at >= 0:
            node = analysis.source.root.descendant_for_byte_range(at, at + len(word))
            at = data.find(word, at + 1)
            literal = node.parent if node is not None else None
            if node is None or node.type != "string" or literal is None:
                continue
            if literal.type != "literal_type" or literal.parent is None:
                continue
            holder: Node | None = literal.parent
            while holder is not None and holder.type == "union_type":
                holder = holder.parent
            first = holder.named_children[0] if holder is not None else None
            if holder is None or first is None:
                continue
            if holder.type in ("lookup_type", "type_arguments") and analysis.source.text_of(
                first
            ).endswith(ENV_OWNERS):
                yield analysis.use(node, "type")


def _objects(analysis: Analysis, binding: str) -> Iterator[BindingUse]:
    """Yield the name in an object that is used as `env`, as in tests."""
    names = analysis.source.names
    for declared in names.declarations("env") + names.declarations("mockEnv"):
        start = declared.origin.child_by_field_name("value")
        if start is None or plain(start).type != "object":
            continue
        for child in plain(start).named_children:
            key = child.child_by_field_name("key") if child.type == "pair" else None
            if key is not None and analysis.source.text_of(key).strip("\"'") == binding:
                yield analysis.use(key, "object")
            elif (
                child.type == "shorthand_property_identifier"
                and analysis.source.text_of(child) == binding
            ):
                use = analysis.use(child, "object")
                yield BindingUse(use.name, use.span, "object", child, True)


def _ambient(analysis: Analysis, binding: str) -> Iterator[BindingUse]:
    """Yield `declare const X: KVNamespace`, and its uses."""
    for declared in analysis.source.names.declarations(binding):
        kind = declared.origin.child_by_field_name("type")
        if declared.ambient and kind is not None and analysis.resolver.is_kv_type(kind):
            yield analysis.use(declared.node, "type")
            for node in analysis.source.names.references(declared):
                yield BindingUse(
                    binding,
                    analysis.source.span(node),
                    "global",
                    node,
                    node.type == "shorthand_property_identifier",
                )
