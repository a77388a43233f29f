"""Limits on analyzing a source: no text may use up memory or time that others need.

The parser finds a node's parent from the root down, past all nodes before it. So deep trees are
slow, and so are wide ones that often contain a binding's name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 500  # nesting of nodes; handwritten code has about thirty
MOST_NODES = 600_000
WIDEST_LOST = 20_000  # sibling nodes in code with syntax errors
NARROW = 300  # sibling nodes that are always few enough
MOST_STEPS = 100_000_000  # looked-up words times sibling nodes
_WORDS = re.compile(rb"\b(?:\w*[eE]nv|get|getWithMetadata|put|delete|list|\w*KV\w*)\b")


def refusal(root: Node, data: bytes) -> str | None:
    """Return why a parsed text is too large to analyze, or None."""
    if root.descendant_count > MOST_NODES:
        return f"has more than {MOST_NODES:,} pieces, too many to be checked"
    if _is_too_deep(root):
        return f"is nested more than {DEEPEST} levels deep, too deeply to be checked"
    widest = _widest(root)
    if widest > WIDEST_LOST and root.has_error:
        return f"has {widest:,} pieces in a row and does not parse, so that it is not checked"
    words = sum(1 for _ in _WORDS.finditer(data)) if widest * len(data) > MOST_STEPS else 0
    if words * widest > MOST_STEPS:
        return f"names bindings {words:,} times in one long list of code, too often to be checked"
    return None


def _is_too_deep(root: Node) -> bool:
    """Return whether a node is nested too deeply, looking at only a few of them.

    In the order of the text, the next node is at most one level deeper than the one before.
    """
    cursor, count = root.walk(), root.descendant_count
    at = 0
    while at < count:
        cursor.goto_descendant(at)
        if cursor.depth > DEEPEST:
            return True
        at += DEEPEST + 1 - cursor.depth
    return False


def _widest(root: Node) -> int:
    """Return the most children that a node has; NARROW if none has more."""
    widest = NARROW
    waiting = [root] if root.descendant_count > NARROW else []
    while waiting:
        node = waiting.pop()
        widest = max(widest, node.child_count)
        waiting += [child for child in node.children if child.descendant_count > NARROW]
    return widest
