"""Whether code is of a Durable Object, which runs one event at a time and while work is pending.

Sources: Cloudflare's documentation on Durable Objects, "Durable Object State" (`waitUntil`) and
"Lifecycle of a Durable Object"; `Agent` of the package agents is one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kvlens.js.tree import ancestor
from kvlens.lint.base import Context

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.syntax import Source

_CLASSES = frozenset(("class_declaration", "class", "abstract_class_declaration"))
_EXTENDS = re.compile(r"\b\w*(?:DurableObject|Agent)\b")


def is_in_durable_object(context: Context, source: Source, node: Node) -> bool:
    """Return whether the class around a node is one, by what it extends or by the config."""
    owner = ancestor(node, _CLASSES)
    if owner is None:
        return False
    heritage = next((child for child in owner.children if child.type == "class_heritage"), None)
    if heritage is not None:
        return bool(_EXTENDS.search(source.text_of(heritage)))
    name = owner.child_by_field_name("name")
    return name is not None and source.text_of(name) in context.declared.others
