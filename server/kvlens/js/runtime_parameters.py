"""Which parameters the runtime passes `env` for: those of handlers, and of its own classes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.syntax import outer
from kvlens.js.tree import ancestor

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.syntax import Source

_CLASS = re.compile(rf"\bextends\s+(?:\w+\.)*(?:{'|'.join(sorted(conventions.ENV_CLASSES))})\b")


def is_of_runtime(source: Source, parameter: Node) -> bool:
    """Return whether a parameter is the second one of a handler or a constructor, by its name."""
    if parameter.parent is None or parameter.parent.parent is None:
        return False
    parameters = [each for each in parameter.parent.named_children if each.type != "comment"]
    if len(parameters) < 2 or parameters[1].id != parameter.id:
        return False
    function = parameter.parent.parent
    method = function if function.type == "method_definition" else function.parent
    if method is None or method.type not in ("method_definition", "pair"):
        return False
    name = method.child_by_field_name("name") or method.child_by_field_name("key")
    word = source.text_of(name) if name is not None else ""
    if word != "constructor":
        return word in conventions.HANDLERS
    return _is_class_of_runtime(source, ancestor(function, {"class_declaration", "class"}))


def is_fetch_of_runtime(source: Source, function: Node) -> bool:
    """Return whether only the runtime calls a function: `fetch` of a Worker or of its classes."""
    member = function if function.type == "method_definition" else function.parent
    holder = member.parent if member is not None else None
    name = (
        member.child_by_field_name("name") or member.child_by_field_name("key")
        if member is not None
        else None
    )
    if holder is None or name is None or source.text_of(name) != "fetch":
        return False
    if holder.type == "class_body":
        return _is_class_of_runtime(source, holder.parent)
    exported = outer(holder).parent
    return holder.type == "object" and exported is not None and exported.type == "export_statement"


def _is_class_of_runtime(source: Source, whole: Node | None) -> bool:
    """Return whether a class extends one whose instances the runtime makes."""
    return whole is not None and any(
        each.type == "class_heritage" and _CLASS.search(source.text_of(each))
        for each in whole.named_children
    )
