"""Refactoring: give a prefix that several keys of a file have a name.

`user:${id}` becomes `${USER_PREFIX}${id}`, with `const USER_PREFIX = "user:"` after the imports.
Only what is certainly a key of a namespace, or the prefix of a list, is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kvlens.config.edit import Edit, line_end, line_start, newline_of
from kvlens.js.analysis import Analysis
from kvlens.js.identifiers import identifier_like
from kvlens.js.scopes import FUNCTIONS
from kvlens.js.syntax import plain
from kvlens.js.tree import ancestor
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.calls import KvCall

_FEWEST = 2  # uses of a prefix
_TO_SEPARATOR = re.compile(r".*[:/|#.\-]", re.DOTALL)
_WORDS = re.compile(r"[^\W_]+")
_SPECIAL = re.compile(r"\\|`|\$\{")
_LONGEST = 40  # characters of a name


class Extraction(NamedTuple):
    """A prefix, the name of its constant, and the edits."""

    prefix: str
    name: str
    edits: tuple[Edit, ...]


class _Key(NamedTuple):
    """A literal that a key begins with."""

    node: Node
    head: str  # the text up to the first substitution
    is_whole: bool  # nothing follows it in the literal


def extract_prefix(analysis: Analysis, span: Span) -> Extraction | None:
    """Return how to extract the prefix of the key at a place; None if there is no other use."""
    keys = sorted(set(_keys(analysis)), key=lambda key: key.node.start_byte)
    source = analysis.source
    chosen = next((key for key in keys if _touch(source.span(key.node), span)), None)
    prefix = _prefix(chosen) if chosen is not None else ""
    if not prefix:
        return None
    uses = [key for key in keys if _begins_with(key, prefix)]
    if len(uses) < _FEWEST:
        return None
    first = min(source.span(key.node).start for key in uses)
    name, is_new = _name(analysis, prefix, uses)
    edits = [edit for key in uses if (edit := _edit(analysis, key, prefix, name))]
    if is_new:
        edits.insert(0, _declaration(analysis, prefix, name, first))
    return Extraction(prefix, name, tuple(edits))


# keys -------------------------------------------------------------------------------------------


def _keys(analysis: Analysis) -> Iterator[_Key]:
    for call in analysis.certain_calls:
        for node in _arguments(call):
            if (key := _key(analysis, _start(analysis, node))) is not None:
                yield key


def _arguments(call: KvCall) -> Iterator[Node]:
    """Yield the expressions of a call's keys, and of the prefix of a list."""
    if call.method == "list":
        options = call.options
        is_here = options is not None and options.kind == "object" and not options.foreign
        prefix = call.option("prefix") if is_here else None
        pair = prefix.key.parent if prefix is not None else None
        value = pair.child_by_field_name("value") if pair is not None else None
        if value is not None:
            yield value
        return
    for node in call.argument_nodes[:1]:
        inner = plain(node)
        if inner.type == "array":
            yield from (child for child in inner.named_children if child.type != "comment")
        else:
            yield inner


def _start(analysis: Analysis, node: Node) -> Node:
    """Return the literal that an expression begins with, also that of a constant."""
    here = plain(node)
    if here.type == "identifier":
        known = analysis.source.names.resolve(here)
        value = known.origin.child_by_field_name("value") if known and not known.path else None
        if known is not None and known.kind == "const" and value is not None:
            here = plain(value)
    while here.type == "binary_expression" and (left := here.child_by_field_name("left")):
        operator = here.child_by_field_name("operator")
        if operator is None or operator.type != "+":
            break
        here = plain(left)
    return here


def _key(analysis: Analysis, node: Node) -> _Key | None:
    text = analysis.source.text_of(node)
    if node.type == "string":
        inside = text[1:-1]
        return None if _SPECIAL.search(inside) or not inside else _Key(node, inside, True)
    if node.type != "template_string" or not node.named_children:
        return None
    first, *rest = node.named_children
    inside = analysis.source.text_of(first)
    if first.type != "string_fragment" or (rest and rest[0].type != "template_substitution"):
        return None
    return None if _SPECIAL.search(inside) else _Key(node, inside, not rest)


def _prefix(key: _Key) -> str:
    """Return the part of a key to extract: all before a substitution, or up to a separator."""
    found = _TO_SEPARATOR.match(key.head)
    parent = key.node.parent
    is_joined = parent is not None and parent.type == "binary_expression"
    if key.is_whole and not is_joined:
        return found[0] if found else ""
    return found[0] if found else key.head


def _begins_with(key: _Key, prefix: str) -> bool:
    if _TO_SEPARATOR.fullmatch(prefix):
        return key.head.startswith(prefix)
    return key.head == prefix and not key.is_whole


# edits ------------------------------------------------------------------------------------------


def _edit(analysis: Analysis, key: _Key, prefix: str, name: str) -> Edit:
    place = analysis.source.span(key.node)
    if key.is_whole and key.head == prefix:
        return Edit(place, name)
    if key.node.type == "string":
        return Edit(place, f"`${{{name}}}{key.head.removeprefix(prefix)}`")
    start = place.start + 1
    return Edit(Span(start, start + len(prefix)), f"${{{name}}}")


def _name(analysis: Analysis, prefix: str, uses: list[_Key]) -> tuple[str, bool]:
    """Return a name that nothing else in the file has, and whether it is new.

    A constant of the file with this value is used if all keys can see it.
    """
    names = analysis.source.names
    for statement in analysis.source.root.named_children:
        for declarator in _constants(statement):
            name, value = (declarator.child_by_field_name(each) for each in ("name", "value"))
            if name is None or value is None or name.type != "identifier":
                continue
            key = _key(analysis, plain(value))
            if key is None or not key.is_whole or key.head != prefix:
                continue
            text = analysis.source.text_of(name)
            if len(names.declarations(text)) == 1 and all(
                use.node.id != key.node.id and _runs_after(use.node, declarator) for use in uses
            ):
                return text, False
    words = "_".join(_WORDS.findall(prefix)).upper()[:_LONGEST].strip("_")
    base = identifier_like(words) or "KEY"
    wanted, number = f"{base}_PREFIX", 2
    while names.nodes(wanted):
        wanted = f"{base}_PREFIX_{number}"
        number += 1
    return wanted, True


def _constants(statement: Node) -> list[Node]:
    inner = statement.child_by_field_name("declaration") or statement
    kind = inner.child_by_field_name("kind") if inner.type == "lexical_declaration" else None
    return inner.named_children if kind is not None and kind.type == "const" else []


def _runs_after(node: Node, declarator: Node) -> bool:
    return node.start_byte > declarator.end_byte or ancestor(node, FUNCTIONS) is not None


def _declaration(analysis: Analysis, prefix: str, name: str, first: int) -> Edit:
    """Return the edit that declares a constant after the imports, before its first use."""
    source = analysis.source
    text, newline = source.text, newline_of(source.text)
    end = ";" if f";{newline}" in text or text.rstrip().endswith(";") else ""
    quote = "'" if text.count("'") > text.count('"') else '"'
    written = f"const {name} = {quote}{prefix}{quote}{end}"
    statements = [child for child in source.root.named_children if child.type != "comment"]
    imports = [child for child in statements if child.type == "import_statement"]
    imports = [each for each in imports if source.span(each).end <= len(source.text)]
    after = source.span(imports[-1]).end if imports else None
    if after is not None and after < first:
        at = line_end(text, after)
        return Edit(Span(at, at), f"{newline}{newline}{written}")
    below = next((child for child in statements if not _is_directive(child)), source.root)
    at = _above_comments(text, line_start(text, source.span(below).start))
    indent = text[at : len(text) - len(text[at:].lstrip(" \t"))]
    return Edit(Span(at, at), f"{indent}{written}{newline}{newline}")


def _is_directive(statement: Node) -> bool:
    inside = statement.named_children
    is_expression = statement.type == "expression_statement" and len(inside) == 1
    return statement.type == "hash_bang_line" or (is_expression and inside[0].type == "string")


def _above_comments(text: str, start: int) -> int:
    """Return the start of the comments right above a line; a file's first ones stay above."""
    at = start
    while at:
        above = line_start(text, at - 1)
        line = text[above:at].strip()
        if not line.startswith(("//", "*", "/*")) and not line.endswith("*/"):
            return at
        at = above
    return start


def _touch(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end
