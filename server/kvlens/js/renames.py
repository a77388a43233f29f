"""Find every place in a source that must change when a binding is renamed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.analysis import ENV_OWNERS, Analysis, BindingUse
from kvlens.js.binding_resolver import signatures
from kvlens.js.env_keys import has_same_keys, names_member
from kvlens.js.env_types import EnvTypes, generated
from kvlens.js.parameters.function_types import cast_of
from kvlens.js.scopes import Declaration
from kvlens.js.syntax import Source, arguments_of, callee, outer, plain
from kvlens.js.tree import ancestor, is_field
from kvlens.js.values import Env
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow

_KEYS = ("property_identifier", "shorthand_property_identifier", "string")
_ASSERTIONS = ("as_expression", "satisfies_expression", "parenthesized_expression")
_MADE_NAMES = ("env", "mockEnv")
# Methods that take `env`, and at which place: handlers of a Worker, and Hono's `app.request`.
_ENV_ARGUMENTS = {**dict.fromkeys(conventions.HANDLERS, 1), "request": 2}


def references(analysis: Analysis, binding: str) -> list[BindingUse]:
    """Return the uses of a binding, and where types and made objects name it, in order."""
    found = list(analysis.uses_of(binding))
    for more in (_type_members, _lookups, _words, _objects, _tables, _ambient, _miniflare):
        found += more(analysis, binding)
    return sorted(found, key=lambda use: use.span)


def is_member_beside(source: Source, span: Span, name: str) -> bool:
    """Return whether the type with the member at a span has another one with this name."""
    start, end = source.offsets.byte(span.start), source.offsets.byte(span.end)
    node = source.root.descendant_for_byte_range(start, end)
    member = ancestor(node, {"property_signature"}) if node is not None else None
    if member is None or member.parent is None or not _is_name(member, start, end):
        return False
    others = (each.child_by_field_name("name") for each in member.parent.named_children)
    return any(each is not None and source.text_of(each).strip("\"'") == name for each in others)


def _is_name(member: Node, start: int, end: int) -> bool:
    name = member.child_by_field_name("name")
    return name is not None and name.start_byte <= start and end <= name.end_byte


def _type_members(analysis: Analysis, binding: str) -> Iterator[BindingUse]:
    types = EnvTypes(analysis.resolver.program)
    is_generated = generated(analysis.source.text) is not None
    for signature in signatures(analysis.source.names, binding):
        name = signature.child_by_field_name("name")
        if name is None:
            continue
        is_env = is_generated or analysis.is_env_type(signature)
        if is_env or types.is_given(signature, by_name=True):
            yield analysis.use(name, "type")


def _strings(analysis: Analysis, binding: str) -> Iterator[tuple[Node, Node]]:
    """Yield the string literals with this text, each with what it is a part of."""
    data = analysis.source.offsets.data
    for quote in (b'"', b"'"):
        word = quote + binding.encode("utf-8", "replace") + quote
        at = data.find(word)
        while at >= 0:
            node = analysis.source.root.descendant_for_byte_range(at, at + len(word))
            at = data.find(word, at + 1)
            if node is not None and node.type == "string" and node.parent is not None:
                yield node, node.parent


def _lookups(analysis: Analysis, binding: str) -> Iterator[BindingUse]:
    """Yield `Env["X"]` and `Pick<Env, "X">`."""
    for node, literal in _strings(analysis, binding):
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


def _words(analysis: Analysis, binding: str) -> Iterator[BindingUse]:
    """Yield texts that name the binding where they are used, as in `"X" in env`."""
    for node, _ in _strings(analysis, binding):
        if names_member(analysis.resolver.flow, node):
            yield analysis.use(node, "name")


def _objects(analysis: Analysis, binding: str) -> Iterator[BindingUse]:
    """Yield the name in an object that is used as `env`, as in tests."""
    for node in analysis.source.names.nodes(binding):
        key = node.parent if node.type == "string_fragment" else node
        if key is None or key.type not in _KEYS or key.parent is None:
            continue
        is_shorthand = key.type == "shorthand_property_identifier"
        around = outer(key).parent
        whole = around if around is not None and around.type == "computed_property_name" else key
        pair = whole.parent
        if pair is None or (not is_shorthand and not is_field(pair, "key", whole)):
            continue
        made = pair if is_shorthand else pair.parent
        if made is not None and made.type == "object" and _is_env(analysis, made):
            yield replace(analysis.use(key, "object"), shorthand=is_shorthand)


def _is_env(analysis: Analysis, made: Node) -> bool:
    """Return whether an object that the code makes is used as `env`."""
    flow = analysis.resolver.flow
    here, parent = made, made.parent
    while parent is not None and parent.type in _ASSERTIONS:
        kind = next((each for each in parent.named_children if each.id != here.id), None)
        if kind is not None and _has_members_of_env(flow, kind):
            return True
        here, parent = parent, parent.parent
    for child in made.named_children:
        if child.type == "spread_element" and isinstance(flow.value(child.named_children[0]), Env):
            return True
    if parent is None:
        return False
    if parent.type == "variable_declarator":
        name, kind = parent.child_by_field_name("name"), parent.child_by_field_name("type")
        if kind is not None and _has_members_of_env(flow, kind):
            return True
        return name is not None and analysis.source.text_of(name) in _MADE_NAMES
    function = callee(parent.parent) if parent.type == "arguments" and parent.parent else None
    method = function.child_by_field_name("property") if function is not None else None
    if method is None or parent.parent is None:
        return False
    place = _ENV_ARGUMENTS.get(analysis.source.text_of(method))
    given = arguments_of(parent.parent)
    return place is not None and place < len(given) and given[place].id == here.id


def _has_members_of_env(flow: Flow, kind: Node) -> bool:
    return isinstance(flow.types.value(kind), Env) or has_same_keys(flow, kind)


def _tables(analysis: Analysis, binding: str) -> Iterator[BindingUse]:
    """Yield the name where an object with the keys of `env` is read: `titles.X`."""
    names = analysis.source.names
    for node in names.nodes(binding):
        name = node.parent if node.type == "string_fragment" else node
        holder = name.parent if name is not None else None
        base = holder.child_by_field_name("object") if holder is not None else None
        if name is None or base is None or plain(base).type != "identifier":
            continue
        declared = names.resolve(plain(base))
        if declared is not None and _is_table(analysis.resolver.flow, declared):
            yield analysis.use(name, "object")


def _is_table(flow: Flow, declared: Declaration) -> bool:
    """Return whether a variable has a type with the keys of `env`, also one that is imported."""
    if declared.kind == "import":
        found = flow.program.constant(flow, declared, None)
        origin = found[1] if found is not None else None
        if found is None or not isinstance(origin, Declaration):
            return False
        flow, declared = found[0], origin
    kind, value = (declared.origin.child_by_field_name(name) for name in ("type", "value"))
    if declared.path:
        return False
    if kind is None and value is not None:
        kind = cast_of(plain(value))
    return kind is not None and has_same_keys(flow, kind)


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


def _miniflare(analysis: Analysis, binding: str) -> Iterator[BindingUse]:
    """Yield the name in the options of Miniflare, also in Vitest's and Jest's, and in its calls."""
    text = analysis.source.text_of
    for node in analysis.source.names.nodes(binding):
        name = node.parent if node.type == "string_fragment" else node
        holder = name.parent if name is not None else None
        if name is None or holder is None:
            continue
        if holder.type == "arguments" and holder.parent is not None:
            function = callee(holder.parent)
            method = function.child_by_field_name("property") if function is not None else None
            if method is not None and text(method) == "getKVNamespace":
                yield analysis.use(name, "object")
            continue
        if holder.type == "pair" and is_field(holder, "key", name) and holder.parent is not None:
            holder = holder.parent  # kvNamespaces: { X: "id" }
        elif holder.type != "array":
            continue
        option = outer(holder).parent
        key = option.child_by_field_name("key") if option is not None else None
        if key is None or option is None or option.type != "pair":
            continue
        if text(key).strip("\"'") == "kvNamespaces" and not _is_of_other_worker(analysis, option):
            yield analysis.use(name, "object")


def _is_of_other_worker(analysis: Analysis, option: Node) -> bool:
    """Return whether an option is in a list of further Workers: `workers: [{ … }]`."""
    here = ancestor(option, {"array"})
    while here is not None:
        pair = here.parent
        key = pair.child_by_field_name("key") if pair is not None else None
        if key is not None and analysis.source.text_of(key).strip("\"'") == "workers":
            return True
        here = ancestor(here, {"array"})
    return False
