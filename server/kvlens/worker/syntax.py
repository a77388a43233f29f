"""Detect a Worker's syntax: a module exports, a service worker listens.

The parser decides, so an `export` in a comment, a string or a template doesn't count. If it has no
build for the platform, or the script has errors, a line that begins with the word counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from kvlens.errors import InternalError
from kvlens.js.grammar import Unavailable, grammar_name, load

if TYPE_CHECKING:
    from tree_sitter import Node

_WORD = re.compile(r"\b(?:import|export)\b")
_LINE = re.compile(r"^[ \t]*(?:import|export)\b", re.MULTILINE)
_DEFAULT = re.compile(r"\bexport\s+default\b|\bexport\s*\{[^}]*\bdefault\b[^}]*\}|\bexport\s*\*")


def is_module(text: str) -> bool:
    """Return whether a script imports or exports something, which makes it a module."""
    return _WORD.search(text) is not None and _any_statement(text, "worker.js", lambda *_: True)


def exports_default(text: str, name: str) -> bool:
    """Return whether a file has a default export, by which wrangler knows a module Worker."""
    return _DEFAULT.search(text) is not None and _any_statement(text, name, _is_default)


def _any_statement(text: str, name: str, wanted: Callable[[Node, bytes], bool]) -> bool:
    """Return whether `wanted` accepts any import or export of a script."""
    data = text.encode("utf-8", "replace")
    try:
        root = load(grammar_name(name) or "javascript").parse(data).root_node
    except (Unavailable, InternalError):  # InternalError: too much to parse
        return _LINE.search(text) is not None
    if root.has_error:
        return _LINE.search(text) is not None
    return any(
        wanted(node, data)
        for node in root.children
        if node.type in ("import_statement", "export_statement")
    )


def _is_default(node: Node, data: bytes) -> bool:
    for child in node.children:
        if child.type in ("default", "*", "namespace_export"):
            return True
        if child.type == "export_clause":
            names = (
                part.child_by_field_name("alias") or part.child_by_field_name("name")
                for part in child.named_children
                if part.type == "export_specifier"
            )
            # not `name.text`: the parser read the text in pieces, and can't read it again
            return any(
                name and data[name.start_byte : name.end_byte] == b"default" for name in names
            )
    return False
