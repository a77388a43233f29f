"""One version of a source: its text, its tree, and helpers for nodes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kvlens.js.grammar import Grammar
from kvlens.js.offsets import Offsets
from kvlens.js.scopes import Scopes
from kvlens.memo import Memos
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node, Tree


class Source:
    """One version of a JavaScript or TypeScript file, parsed."""

    def __init__(
        self,
        path: str,
        offsets: Offsets,
        tree: Tree,
        grammar: Grammar,
        refused: str | None = None,
        text: str | None = None,
    ) -> None:
        self.path = path
        self._text = text  # of the file, if only a part of it is code
        self.refused = refused  # why the text isn't analyzed, if so
        self.offsets = offsets
        self.tree = tree
        self.grammar = grammar
        self.memos: Memos = {}  # what others derive from this version only

    @property
    def text(self) -> str:
        """The whole text of the file."""
        return self.offsets.text if self._text is None else self._text

    @property
    def root(self) -> Node:
        """The node of the whole file."""
        return self.tree.root_node

    @cached_property
    def names(self) -> Scopes:
        """The declarations and uses of names."""
        return Scopes(self.offsets.data, self.root)

    @cached_property
    def captures(self) -> dict[str, list[Node]]:
        """The nodes for the analysis, by the names in the grammar's query."""
        from tree_sitter import QueryCursor

        return QueryCursor(self.grammar.query).captures(self.root)

    def comments_with(self, word: str) -> list[Span]:
        """Return the spans of the comments that contain a word."""
        data, raw = self.offsets.data, word.encode()
        found: list[Span] = []
        at = data.find(raw)
        while at >= 0:
            node = self.root.descendant_for_byte_range(at, at + len(raw))
            if node is not None and node.type == "comment":
                found.append(self.span(node))
                at = node.end_byte
            at = data.find(raw, at + 1)
        return found

    def span(self, node: Node) -> Span:
        """Return the span of a node."""
        return self.offsets.span(node.start_byte, node.end_byte)

    def text_of(self, node: Node) -> str:
        """Return the text of a node."""
        return self.offsets.data[node.start_byte : node.end_byte].decode("utf-8", "replace")


_WRAPPERS = {
    "parenthesized_expression",
    "non_null_expression",
    "as_expression",
    "satisfies_expression",
}


def plain(node: Node) -> Node:
    """Return the expression inside parentheses, `!`, `as T`, `satisfies T` and `<T>`."""
    while True:
        if node.type in _WRAPPERS:
            inner = next((child for child in node.named_children if child.type != "comment"), None)
        elif node.type == "type_assertion":
            inner = node.named_children[-1] if node.named_children else None
        else:
            return node
        if inner is None:
            return node
        node = inner


def written_name(key: Node) -> Node:
    """Return what names a member: `"a"` of `["a"]` in a pattern, and of `["a" as const]`."""
    is_computed = key.type == "computed_property_name" and key.named_children
    return plain(key.named_children[0] if is_computed else key)


def outer(node: Node) -> Node:
    """Return the outermost expression that wraps this one in parentheses, `!`, `as T`, etc."""
    while (parent := node.parent) is not None and (
        parent.type in _WRAPPERS or parent.type == "type_assertion"
    ):
        node = parent
    return node


def callee(call: Node) -> Node | None:
    """Return what a call or `new` calls.

    `await a.b<T>(c)` is parsed as a call of `await a.b`, and so is one after `!` or `void`.
    """
    function = call.child_by_field_name("function") or call.child_by_field_name("constructor")
    while function is not None and (inner := _before_types(function)) is not None:
        function = inner
    return function


def call_of(function: Node) -> Node | None:
    """Return the call whose `callee` an expression is, if any."""
    here = outer(function)
    parent = here.parent
    while parent is not None and _before_types(parent) is not None:
        here, parent = parent, parent.parent
    if parent is None or parent.type not in ("call_expression", "new_expression"):
        return None
    called = parent.child_by_field_name("function") or parent.child_by_field_name("constructor")
    if called is None or called.id != here.id:
        return None
    if here.type in _PREFIXED and parent.child_by_field_name("type_arguments") is None:
        return None
    return parent


_PREFIXED = ("await_expression", "unary_expression")


def _before_types(node: Node) -> Node | None:
    if node.type == "await_expression" and node.named_children:
        return node.named_children[-1]
    return node.child_by_field_name("argument") if node.type == "unary_expression" else None


def prefix_of(call: Node) -> str | None:
    """Return the operator that the parser has put into a call, see `callee`."""
    function = call.child_by_field_name("function")
    if function is None or function.type not in _PREFIXED:
        return None
    return function.children[0].type


def first_parameter(function: Node) -> Node | None:
    """Return the variable or the pattern that is the first parameter of a function."""
    parameters = function.child_by_field_name("parameters")
    if parameters is not None and parameters.named_children:
        first = parameters.named_children[0]
        return first.child_by_field_name("pattern") or first
    return function.child_by_field_name("parameter")


def arguments_of(call: Node) -> list[Node]:
    """Return the arguments of a call, without comments."""
    given = call.child_by_field_name("arguments")
    if given is None or given.type != "arguments":
        return []
    return [child for child in given.named_children if child.type != "comment"]
