"""The keys that calls use, as far as they are known: `session:1`, `session:*` for a template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from kvlens.js.analysis import Analysis
from kvlens.js.calls import KvCall, Method
from kvlens.js.constants.values import Value, as_text
from kvlens.js.parameters.parameter import value_from_callers
from kvlens.js.scopes import FUNCTIONS
from kvlens.js.syntax import plain
from kvlens.js.values import NamespaceAccess
from kvlens.kv.limits import MAX_BULK_KEYS
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node

Verb = Literal["reads", "writes", "deletes", "lists"]
_VERBS: dict[Method, Verb] = {
    "get": "reads",
    "getWithMetadata": "reads",
    "put": "writes",
    "delete": "deletes",
    "list": "lists",
}
_DEPTH = 8  # constants that are followed, and parts of a sum in each other


class KeyPattern(NamedTuple):
    """What is known of a key: how it begins and ends, or all of it."""

    head: str
    tail: str = ""
    exact: bool = True

    def __str__(self) -> str:
        return self.head if self.exact else f"{self.head}*{self.tail}"

    def can_match(self, other: KeyPattern) -> bool:
        """Return whether there are keys that both describe."""
        if self.exact and other.exact:
            return self.head == other.head
        if self.exact:
            return other.can_match(self)
        if other.exact:
            key = other.head
            is_long = len(key) >= len(self.head) + len(self.tail)
            return is_long and key.startswith(self.head) and key.endswith(self.tail)
        heads, tails = (
            sorted((self.head, other.head), key=len),
            sorted((self.tail, other.tail), key=len),
        )
        return heads[1].startswith(heads[0]) and tails[1].endswith(tails[0])


@dataclass(frozen=True)
class KeyUse:
    """One key of one call."""

    pattern: KeyPattern
    verb: Verb
    span: Span  # of the key, or of the call that lists everything
    bindings: frozenset[str]  # of the namespace; several if it may be any of them
    call: KvCall

    @property
    def function(self) -> Node | None:
        """The function that makes the call; None at the top level."""
        here = self.call.node.parent
        while here is not None and here.type not in FUNCTIONS:
            here = here.parent
        return here


def key_uses(analysis: Analysis) -> Iterator[KeyUse]:
    """Yield the known keys of all calls that are certainly of a declared namespace."""
    for call in analysis.certain_calls:
        bindings = _bindings(analysis, call)
        for pattern, span in _keys(analysis, call) if bindings else ():
            yield KeyUse(pattern, _VERBS[call.method], span, bindings, call)


def key_use_at(analysis: Analysis, offset: int) -> KeyUse | None:
    """Return the key at an offset, in code points: the innermost one."""
    found = [use for use in key_uses(analysis) if use.span.start <= offset <= use.span.end]
    return min(found, key=lambda use: use.span.end - use.span.start, default=None)


def function_name(analysis: Analysis, function: Node | None) -> tuple[str, Node | None]:
    """Return a function's name, and where it is written; a method's with that of its object."""
    if function is None:
        return "top level", None
    name = function.child_by_field_name("name")
    parent = function.parent
    if name is None and parent is not None:
        field = {"variable_declarator": "name", "pair": "key", "assignment_expression": "left"}
        name = parent.child_by_field_name(field.get(parent.type, "none"))
        name = name or (
            parent.child_by_field_name("property")
            if parent.type == "public_field_definition"
            else None
        )
    if name is None:
        return "function", None
    return " ".join(analysis.source.text_of(name).split()), name


def _bindings(analysis: Analysis, call: KvCall) -> frozenset[str]:
    """Return the namespaces that a call may be of: all of the Worker if only its type is known."""
    access: object = call.access
    if call.access.binding is None:
        receiver = plain(call.receiver)
        declared = analysis.source.names.resolve(receiver)
        if declared is not None and declared.kind == "parameter" and not declared.path:
            access = value_from_callers(analysis.resolver.flow, declared.origin)
    each = access.each() if isinstance(access, NamespaceAccess) else ()
    known = [one.binding for one in each if one.binding]
    return frozenset(known or analysis.declared.kv)


def _keys(analysis: Analysis, call: KvCall) -> Iterator[tuple[KeyPattern, Span]]:
    if call.method == "list":
        options = call.options
        if options is None or (options.kind == "object" and options.complete):
            prefix = call.option("prefix")
            if prefix is None:
                yield KeyPattern("", "", exact=False), call.method_span
                return
        else:
            prefix = call.option("prefix")
        pattern = _pattern(analysis, prefix.value) if prefix is not None else None
        if prefix is not None and pattern is not None:
            yield KeyPattern(pattern.head, "", exact=False), _span(analysis, prefix.value.node)
        return
    if not call.argument_nodes:
        return
    value = call.folder.value(call.argument_nodes[0])
    for each in value.items[:MAX_BULK_KEYS] if value.kind == "array" else (value,):
        pattern = _pattern(analysis, each)
        if pattern is not None:
            yield pattern, _span(analysis, each.node)


def _span(analysis: Analysis, node: Node) -> Span:
    inner = plain(node)
    span = analysis.source.span(inner)
    quoted = inner.type in ("string", "template_string") and span.end - span.start > 1
    return Span(span.start + 1, span.end - 1) if quoted else span


def _pattern(analysis: Analysis, value: Value) -> KeyPattern | None:
    """Return what is known of a key; None if its beginning isn't."""
    parts = _parts(analysis, value, 0)
    if all(part is not None for part in parts):
        return KeyPattern("".join(part for part in parts if part is not None))
    first, last = parts.index(None), len(parts) - parts[::-1].index(None)
    head = "".join(part for part in parts[:first] if part)
    tail = "".join(part for part in parts[last:] if part)
    return KeyPattern(head, tail, exact=False) if head else None


def _parts(analysis: Analysis, value: Value, depth: int) -> list[str | None]:
    """Return the parts of a text, None for those that only running the code tells."""
    known = as_text(value)
    if known is not None:
        return [known]
    node = plain(value.node)
    if depth >= _DEPTH:
        return [None]
    folder, text = analysis.folder, analysis.source.text_of
    if node.type == "template_string":
        found: list[str | None] = []
        for child in node.named_children:
            if child.type == "template_substitution":
                inner = child.named_children
                found += _parts(analysis, folder.value(inner[0]), depth + 1) if inner else [None]
            else:
                found.append(text(child) if child.type == "string_fragment" else None)
        return found
    if node.type == "binary_expression":
        operator = node.child_by_field_name("operator")
        sides = [node.child_by_field_name(side) for side in ("left", "right")]
        if operator is not None and operator.type == "+" and None not in sides:
            return [
                part
                for side in sides
                if side is not None
                for part in _parts(analysis, folder.value(side), depth + 1)
            ]
    if value.source is not None and not value.foreign and value.source.id != node.id:
        return _parts(analysis, folder.value(value.source), depth + 1)
    return [None]
