"""Promises whose results callbacks hand on to what something else waits for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kvlens.js.same_key import identifiers
from kvlens.js.scopes import FUNCTIONS, Declaration
from kvlens.js.syntax import Source, arguments_of, callee, outer, plain
from kvlens.js.tree import ancestor, is_field

if TYPE_CHECKING:
    from tree_sitter import Node

_RESOLVE = re.compile(r"\A(?:[\w.]{1,200}\.)?resolve\Z")
_MOST_USES = 40  # of a variable that are looked at


def is_handed_on(source: Source, chain: Node) -> bool:
    """Return whether a chain of `then()` and the like settles something else than its promise.

    That is a parameter that gets both the result and the error, `get().then(done, failed)`, a
    variable that a `new Promise()` has given its `resolve`, or a field that is called so.
    """
    results: list[Declaration] = []
    errors: list[Declaration] = []
    here: Node | None = chain
    while here is not None and here.type == "call_expression":
        method, given = callee(here), arguments_of(here)
        name = method.child_by_field_name("property") if method is not None else None
        word = source.text_of(name) if name is not None else ""
        if word in ("then", "finally"):
            if given and _RESOLVE.search(source.text_of(given[0])):
                return True
            results += [one for each in given[:1] for one in _outside(source, each, chain)]
        if word in ("then", "catch"):
            failed = given[1:2] if word == "then" else given[:1]
            errors += [one for each in failed for one in _outside(source, each, chain)]
        here = method.child_by_field_name("object") if method is not None else None
    if any(_is_resolver(source, each) for each in results):
        return True
    both = {each.node.id for each in results} & {each.node.id for each in errors}
    return any(each.node.id in both and each.kind == "parameter" for each in results)


def _outside(source: Source, handler: Node, chain: Node) -> list[Declaration]:
    """Return the variables outside of a chain that a handler is, calls, or has a method of."""
    found = []
    for name in identifiers(handler):
        here = outer(name)
        while (up := here.parent) is not None and up.type == "member_expression":
            if not is_field(up, "object", here):
                break
            here = outer(up)
        is_called = (
            up is not None and up.type == "call_expression" and is_field(up, "function", here)
        )
        declared = source.names.resolve(name) if is_called or here == outer(handler) else None
        if (
            declared is not None
            and not chain.start_byte <= declared.node.start_byte < chain.end_byte
        ):
            found.append(declared)
    return found


def _is_resolver(source: Source, declared: Declaration) -> bool:
    """Return whether a variable is set to a parameter of what `new Promise()` gets."""
    for use in source.names.references(declared)[:_MOST_USES]:
        up = outer(use).parent
        right = up.child_by_field_name("right") if up is not None else None
        if up is None or up.type != "assignment_expression" or right is None:
            continue
        own = source.names.resolve(plain(right)) if plain(right).type == "identifier" else None
        function = ancestor(own.node, FUNCTIONS) if own is not None else None
        if function is not None and is_executor(source, function):
            return True
    return False


def is_executor(source: Source, function: Node) -> bool:
    """Return whether this is what `new Promise()` gets."""
    given = outer(function).parent
    made = given.parent if given is not None else None
    name = made.child_by_field_name("constructor") if made is not None else None
    return name is not None and source.text_of(name) == "Promise"
