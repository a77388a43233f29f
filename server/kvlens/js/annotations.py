"""What a value is that is also said to be of a type.

Code often names a part of KVNamespace in an interface of its own, so that a test can pass something
else: `interface Store { get(key: string): Promise<string | null> }`. What arrives then decides.
"""

from __future__ import annotations

from dataclasses import replace

from kvlens.js.methods import METHODS
from kvlens.js.values import Instance, Merged, NamespaceAccess, Record, Typed, Value, merged


def typed(value: Value | None, by_type: Value | None) -> Value | None:
    """Return a value that is annotated, asserted or declared to be of a type."""
    if isinstance(value, NamespaceAccess):
        if isinstance(by_type, NamespaceAccess):
            if not value.others and not by_type.others:
                return replace(
                    value, typed=value.typed or by_type.typed, added=value.added | by_type.added
                )
            return by_type
        if is_like_kv(by_type):
            return value
    if by_type is None:
        return value
    if isinstance(by_type, Typed) and isinstance(value, (Record, Instance)):
        return merged([value, by_type])
    return by_type


def is_like_kv(by_type: Value | None) -> bool:
    """Return whether a type has only methods of a namespace: it stands for one, or for a double."""
    parts = by_type.parts if isinstance(by_type, Merged) else (by_type,)
    return all(
        isinstance(part, Typed) and part.flow.members.names_of(part.node) <= METHODS.keys()
        for part in parts
    )


def may_hold_kv(by_type: Value | None) -> bool:
    """Return whether a type, or one of its members, is like a namespace."""
    if not isinstance(by_type, Typed):
        return is_like_kv(by_type)
    members = by_type.flow.members
    names = members.names_of(by_type.node)
    return names <= METHODS.keys() or any(is_like_kv(members.of(by_type, name)) for name in names)
