"""Calls of KV methods in a source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

from kvlens.js.awaiting import may_await
from kvlens.js.constants.evaluator import ConstantEvaluator
from kvlens.js.constants.values import Property, Value
from kvlens.js.syntax import Source, arguments_of, call_of, callee, outer, plain, prefix_of
from kvlens.js.tree import is_field
from kvlens.js.values import NamespaceAccess
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node

Method = Literal["get", "getWithMetadata", "put", "delete", "list"]
METHODS: tuple[Method, ...] = get_args(Method)
TYPES = ("text", "json", "arrayBuffer", "stream")
# Methods of other bindings: buckets, databases, queues, Durable Objects, services.
OF_OTHER_KINDS = frozenset(
    (
        "head", "createMultipartUpload", "resumeMultipartUpload", "prepare", "exec", "batch",
        "send", "sendBatch", "idFromName", "idFromString", "newUniqueId", "fetch", "connect",
        "writeDataPoint",
    )
)  # fmt: skip

Fate = Literal["awaited", "returned", "void", "chained", "argument", "kept", "dropped"]
_OPTIONS_AT = {"get": 1, "getWithMetadata": 1, "put": 2, "list": 0}
_LOOSER = frozenset(  # expressions that bind less than an access to a member
    (
        *("ternary_expression", "binary_expression", "await_expression"),
        *("assignment_expression", "sequence_expression", "as_expression"),
    )
)
_MOST_SPREAD = 8  # items of an array; no method takes as many arguments
_ASSERTIONS = ("expect", "assert", "t", "chai", "should")
_ASSERTING = (b"expect", b"assert", b"rejects", b"throws", b"chai", b"should")
_MAY_ASSERT = re.compile(rb"\b(?:" + rb"|".join(_ASSERTING) + rb")\b")
_T = re.compile(rb"\bt\.")


@dataclass(frozen=True)
class KvCall:
    """One call of a KV method, on an object that may be a namespace."""

    source: Source
    folder: ConstantEvaluator
    node: Node
    method: Method
    method_node: Node
    receiver: Node
    access: NamespaceAccess
    skipped: int = 0  # arguments before the method's: 1 in `kv.put.call(kv, …)`

    @property
    def binding(self) -> str | None:
        """The binding it is called on; None if only the type is known, or if there are several."""
        return self.access.binding if not self.access.others else None

    @property
    def span(self) -> Span:
        """The whole call."""
        start = callee(self.node) if self.prefix else None
        at = self.node if start is None else start
        return self.source.offsets.span(at.start_byte, self.node.end_byte)

    @cached_property
    def prefix(self) -> str | None:
        """The operator before the call that the parser has put into it, see `syntax.callee`."""
        return prefix_of(self.node)

    @property
    def method_span(self) -> Span:
        """The method's name."""
        return self.source.span(self.method_node)

    @property
    def title(self) -> str:
        """Its name in messages: `env.CARTS.get()`, or `get()` for a variable with the method."""
        shown = shown_receiver(self.source, self.receiver)
        method = "" if self.receiver.id == self.method_node.id else f".{self.method}"
        return f"{shown}{method}()"

    @cached_property
    def argument_nodes(self) -> list[Node]:
        """The arguments, without comments; those of an array that this file spreads, one by one."""
        found: list[Node] = []
        for node in arguments_of(self.node)[self.skipped :]:
            found += self._spread(node) if node.type == "spread_element" else (node,)
        return found

    def _spread(self, node: Node) -> list[Node]:
        """Return what a spread argument stands for; itself if that isn't known, or elsewhere."""
        value = self.folder.value(node.named_children[-1])
        is_known = value.kind == "array" and value.complete and not value.foreign
        return [each.node for each in value.items[:_MOST_SPREAD]] if is_known else [node]

    @cached_property
    def is_complete(self) -> bool:
        """Whether the call isn't half-typed."""
        return self.node.child_by_field_name("arguments") is not None and not self.node.has_error

    @cached_property
    def whole(self) -> bool:
        """Whether all arguments are there: the call isn't half-typed, and no spread hides some."""
        return self.is_complete and all(
            node.type != "spread_element" for node in self.argument_nodes
        )

    @property
    def key(self) -> Value | None:
        """The first argument of all methods but list."""
        return self._key if self.method != "list" else None

    @cached_property
    def _key(self) -> Value | None:
        return self.argument(0)

    @cached_property
    def options(self) -> Value | None:
        """The argument for the method's options, of any kind."""
        at = _OPTIONS_AT.get(self.method)
        return self.argument(at) if at is not None else None

    @cached_property
    def stored(self) -> Value | None:
        """The second argument of put: the stored value."""
        return self.argument(1) if self.method == "put" else None

    def argument(self, at: int) -> Value | None:
        """Return an argument's value, as far as the file determines it; None if it is missing."""
        nodes = self.argument_nodes
        return self.folder.value(nodes[at]) if at < len(nodes) else None

    def option(self, name: str) -> Property | None:
        """Return one option, if the options are an object literal in the file."""
        options = self.options
        return options.properties.get(name) if options and options.kind == "object" else None

    @cached_property
    def only_fits_kv(self) -> bool:
        """Whether no other type of binding is called like this."""
        if self.method == "getWithMetadata":
            return True
        options = self.options
        if options is None:
            return False
        names = options.properties if options.kind == "object" else {}
        if self.method == "put":
            return bool({"expirationTtl", "expiration", "metadata"} & set(names))
        if self.method == "get":
            return (options.kind == "string" and options.value in TYPES) or bool(
                {"type", "cacheTtl"} & set(names)
            )
        return False

    @cached_property
    def fate(self) -> Fate:
        """What the code does with the promise."""
        return fate_of(self.node)[0]

    @cached_property
    def in_assertion(self) -> bool:
        """Whether a test checks how the call fails."""
        here = self.node.parent
        while here is not None:
            if here.type == "call_expression":
                function = here.child_by_field_name("function")
                if function is not None:
                    head = self.source.text_of(function).split("(")[0]
                    if head.split(".")[0] in _ASSERTIONS or head.endswith(("rejects", "throws")):
                        return True
            here = here.parent
        return False

    @cached_property
    def is_in_async(self) -> bool:
        """Whether `await` is allowed here."""
        return may_await(self.node)


_PREFIXES: dict[str, Fate] = {"await": "awaited", "void": "void"}
_FATES: dict[str, Fate] = {
    "await_expression": "awaited",
    "return_statement": "returned",
    "arrow_function": "returned",
    "member_expression": "chained",
    "arguments": "argument",
    "expression_statement": "dropped",
}


def fate_of(call: Node) -> tuple[Fate, Node]:
    """Return what the code does with what a call returns, and the outermost expression for it."""
    here = outer(call)
    prefix, after = prefix_of(call), call.parent
    if prefix and (after is None or after.type != "member_expression"):
        return _PREFIXES.get(prefix, "kept"), here
    while (parent := here.parent) is not None:
        kind = parent.type
        if kind in ("ternary_expression", "binary_expression", "sequence_expression"):
            if kind == "ternary_expression" and is_field(parent, "condition", here):
                return "kept", here
            if kind == "binary_expression":
                operator = parent.child_by_field_name("operator")
                if operator is None or operator.type not in ("&&", "||", "??"):
                    return "kept", here
            here = outer(parent)
            continue
        if kind == "unary_expression":
            operator = parent.child_by_field_name("operator")
            return "void" if operator is not None and operator.type == "void" else "kept", here
        return _FATES.get(kind, "kept"), here
    return "kept", here


def shown_receiver(source: Source, receiver: Node) -> str:
    """Return what a method is called on, for messages: on one line, a long one cut short."""
    inner = plain(receiver)
    text = " ".join(source.text_of(inner).split())
    text = text if len(text) <= 40 else text[:39] + "…"
    return f"({text})" if inner.type in _LOOSER else text


def called(name: Node) -> tuple[Node, Node] | None:
    """Return the receiver and the call of a method's name, if it is called here."""
    member = name.parent
    if member is None:
        return None
    if name.type == "string_fragment":  # kv["put"]
        member = member.parent
        if member is None or member.type != "subscript_expression":
            return None
    elif member.type != "member_expression" or name.type != "property_identifier":
        return None
    call, receiver = call_of(member), member.child_by_field_name("object")
    if call is None or receiver is None or call.type != "call_expression":
        return None
    given = call.child_by_field_name("arguments")
    if given is not None and given.type == "template_string":  # kv.get`a` passes an array
        return None
    return receiver, call


def taken_from(name: Node) -> Node | None:
    """Return what a method is taken from: `kv.put`, `{ put } = kv`, `{ put: save } = kv`."""
    holder = name.parent
    if holder is None:
        return None
    if holder.type == "member_expression" and is_field(holder, "property", name):
        return holder.child_by_field_name("object")
    if name.type != "shorthand_property_identifier_pattern":
        if holder.type != "pair_pattern" or not is_field(holder, "key", name):
            return None
        holder = holder.parent
    declarator = holder.parent if holder is not None else None
    if holder is None or declarator is None or declarator.type != "variable_declarator":
        return None
    return declarator.child_by_field_name("value") if holder.type == "object_pattern" else None


def may_assert(source: Source) -> bool:
    """Return quickly whether there may be assertions in a source."""
    data = source.offsets.data  # looking for words is much faster than for a pattern
    if any(word in data for word in _ASSERTING) and _MAY_ASSERT.search(data):
        return True
    return b"t." in data and _T.search(data) is not None
