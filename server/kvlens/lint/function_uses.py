"""Where a source uses a function of its own: by its name, or by that of what it is a method of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kvlens.js.callers import name_of, uses_of_name
from kvlens.js.scopes import FUNCTIONS
from kvlens.js.syntax import Source, outer
from kvlens.js.tree import ancestor
from kvlens.memo import memo

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_CALLS = 50  # of a function that are looked at
_METHODS = {"method_definition", "public_field_definition", "field_definition", "pair"}


def uses_of(source: Source, function: Node) -> Iterator[Node]:
    """Yield the uses of a function that has a name, or of a method.

    Without those outside all functions: they run when a script is started, which ends when all of
    its promises have; in a Worker, they would fail.
    """
    name = name_of(function)
    if name is not None:
        declared = source.names.resolve(name)
        is_kept = declared is not None and declared.kind in ("function", "const")
        uses = uses_of_name(source.names, name) if is_kept else iter(())
    else:
        uses = _uses_of_method(source, function)
    for use, _ in zip(uses, range(MOST_CALLS), strict=False):
        if ancestor(use, FUNCTIONS) is not None:
            yield use


def _uses_of_method(source: Source, function: Node) -> Iterator[Node]:
    """Yield the uses of a method: `this.save`, and `carts.save` of a constant in the file."""
    holder = outer(function).parent if function.type != "method_definition" else function
    owner = holder.parent if holder is not None and holder.type in _METHODS else None
    name = _key(holder) if holder is not None else None
    if name is None or owner is None or owner.type not in ("class_body", "object"):
        return
    members, word = _members(source), source.text_of(name)
    if owner.id not in members:
        members[owner.id] = _Members.of(source, owner)
    if members[owner.id].names[word] == 1:
        yield from uses_of_name(source.names, name)
        yield from members[owner.id].uses.get(word, ())


class _Members(NamedTuple):
    """The members of a class or an object: how often each is there, and its uses of constants."""

    names: Counter[str]
    uses: dict[str, list[Node]]

    @classmethod
    def of(cls, source: Source, owner: Node) -> _Members:
        keys = (one for child in owner.named_children if (one := _key(child)) is not None)
        uses: dict[str, list[Node]] = {}
        for place in _constants_of(source, owner):
            declared = source.names.resolve(place)
            for use in source.names.references(declared) if declared is not None else ():
                member = use.parent
                used = member.child_by_field_name("property") if member is not None else None
                if member is not None and used is not None:
                    uses.setdefault(source.text_of(used), []).append(member)
        return cls(Counter(map(source.text_of, keys)), uses)


@memo
def _members(source: Source) -> dict[int, _Members]:
    """Return the members of the classes and objects of a source that were looked at."""
    return {}


def _key(member: Node) -> Node | None:
    """Return the name of a member of a class or an object."""
    fields = ("name", "property", "key")
    return next((one for each in fields if (one := member.child_by_field_name(each))), None)


def _constants_of(source: Source, owner: Node) -> Iterator[Node]:
    """Yield the names of the constants that are this object, or an instance of this class."""
    values = [owner]
    whole = owner.parent
    if owner.type == "class_body" and whole is not None:
        name = whole.child_by_field_name("name")
        known = source.names.declarations(source.text_of(name)) if name is not None else []
        uses = [use for one in known if one.node == name for use in source.names.references(one)]
        values = [use.parent for use in uses if use.parent and use.parent.type == "new_expression"]
    for value in values:
        declarator = outer(value).parent
        place = declarator.child_by_field_name("name") if declarator is not None else None
        found = source.names.resolve(place) if place is not None else None
        if found is None or found.kind != "const" or found.path:
            continue
        if found.origin == declarator:
            yield found.node
