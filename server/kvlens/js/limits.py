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
MOST_STEPS = 100_000_000  # looked-up words times sibling nodes
_WORDS = re.compile(rb"\b(?:\w*[eE]nv|get|getWithMetadata|put|delete|list|\w*KV\w*)\b")


def refusal(root: Node, data: bytes) -> str | None:
    """Return why a parsed text is too large to analyze, or None."""
    cursor = root.walk()
    depth = nodes = widest = 0
    widths = [0] * (DEEPEST + 2)
    while True:
        nodes += 1
        if nodes > MOST_NODES:
            return f"has more than {MOST_NODES:,} pieces, too many to be checked"
        if cursor.goto_first_child():
            depth += 1
            if depth > DEEPEST:
                return f"is nested more than {DEEPEST} levels deep, too deeply to be checked"
            widths[depth] = 1
            continue
        while not cursor.goto_next_sibling():
            widest = max(widest, widths[depth])
            if not cursor.goto_parent():
                break
            depth -= 1
        else:
            widths[depth] += 1
            continue
        break
    if widest > WIDEST_LOST and root.has_error:
        return f"has {widest:,} pieces in a row and does not parse, so that it is not checked"
    words = sum(1 for _ in _WORDS.finditer(data)) if widest * len(data) > MOST_STEPS else 0
    if words * widest > MOST_STEPS:
        return f"names bindings {words:,} times in one long list of code, too often to be checked"
    return None
