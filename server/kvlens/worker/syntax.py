"""Which of the two syntaxes a Worker is written in: a module exports, a service worker listens.

The parser tells, so that an `export` in a comment, a text or a template does not count. Where it
has no build for the platform, a line that begins with the word counts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kvlens.source.grammar import Unavailable, load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_WORD = re.compile(r"\b(?:import|export)\b")
_LINE = re.compile(r"^[ \t]*(?:import|export)\b", re.MULTILINE)
_DEFAULT = re.compile(r"\bexport\s+default\b|\bexport\s*\{[^}]*\bdefault\b[^}]*\}|\bexport\s*\*")


def is_module(text: str) -> bool:
    """Tell whether a script imports or exports something, so that it is a module."""
    if _WORD.search(text) is None:
        return False
    try:
        return next(_statements(text), None) is not None
    except Unavailable:
        return _LINE.search(text) is not None


def exports_default(text: str) -> bool:
    """Tell whether a script has a default export, by which wrangler knows a module Worker."""
    if _DEFAULT.search(text) is None:
        return False
    try:
        return any(_is_default(node) for node in _statements(text))
    except Unavailable:
        return True


def _statements(text: str) -> Iterator[Node]:
    """Yield the imports and exports of a script, also of one with mistakes."""
    rest = [load("javascript").parse(text.encode("utf-8", "replace")).root_node]
    while rest:
        node = rest.pop()
        for child in node.children:
            if child.type in ("import_statement", "export_statement", "export"):
                yield child
            elif child.type == "ERROR":
                rest.append(child)


def _is_default(node: Node) -> bool:
    if node.type == "export":  # of a statement that is not whole
        after = node.next_sibling
        return after is not None and after.type == "default"
    for child in node.children:
        if child.type in ("default", "*", "namespace_export"):
            return True
        if child.type == "export_clause":
            return any(
                (part.child_by_field_name("alias") or part.child_by_field_name("name")).text  # type: ignore[union-attr]
                == b"default"
                for part in child.named_children
                if part.type == "export_specifier"
            )
    return False
