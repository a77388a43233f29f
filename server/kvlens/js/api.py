"""Queries on one source: its bindings, its calls, and what is at a position."""

from __future__ import annotations

from kvlens.js import query, renames
from kvlens.js.analysis import BindingUse
from kvlens.js.calling import Calling
from kvlens.js.calling import calling as find_calling
from kvlens.js.calls import KvCall
from kvlens.js.key_uses import KeyUse
from kvlens.js.key_uses import key_use_at as find_key_use_at
from kvlens.js.key_uses import key_uses as find_key_uses
from kvlens.js.query import CursorTarget
from kvlens.js.source_context import ALONE, SourceContext, read
from kvlens.js.syntax import Source


def uses(source: Source, context: SourceContext = ALONE) -> list[BindingUse]:
    """Return every place that reads a binding of any type, in the order of the file."""
    return read(source, context).uses


def calls(source: Source, context: SourceContext = ALONE) -> list[KvCall]:
    """Return the calls that are certainly of a namespace, in the order of the file."""
    return read(source, context).certain_calls


def references(source: Source, binding: str, context: SourceContext = ALONE) -> list[BindingUse]:
    """Return every place to change when a binding is renamed, in the order of the file."""
    return renames.references(read(source, context), binding)


def at(source: Source, offset: int, context: SourceContext = ALONE) -> CursorTarget | None:
    """Return what is at an offset, in code points; at the end of a name, that name."""
    return query.at(read(source, context), offset)


def completing(source: Source, offset: int, context: SourceContext = ALONE) -> CursorTarget | None:
    """Return what is being typed at an offset: the start of a key, a binding or a method."""
    return query.completing(read(source, context), offset)


def calling(source: Source, offset: int, context: SourceContext = ALONE) -> Calling | None:
    """Return the call whose arguments are being typed at an offset."""
    return find_calling(read(source, context), offset)


def keys(source: Source, context: SourceContext = ALONE) -> list[CursorTarget]:
    """Return the keys in calls, for inlays: those whose value the file determines."""
    return list(query.keys(read(source, context)))


def key_uses(source: Source, context: SourceContext = ALONE) -> list[KeyUse]:
    """Return the known keys of all calls that are certainly of a declared namespace."""
    return list(find_key_uses(read(source, context)))


def key_use_at(source: Source, offset: int, context: SourceContext = ALONE) -> KeyUse | None:
    """Return the key of a call at an offset, in code points: also one that is known in part."""
    return find_key_use_at(read(source, context), offset)
