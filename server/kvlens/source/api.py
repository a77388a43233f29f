"""What others ask of one source: its bindings, its calls, and what stands at a place."""

from __future__ import annotations

from kvlens.source import cursor, renames
from kvlens.source.call import KvCall
from kvlens.source.cursor import Place
from kvlens.source.project import ALONE, Project, read
from kvlens.source.reading import BindingUse
from kvlens.source.syntax import Source


def uses(source: Source, project: Project = ALONE) -> list[BindingUse]:
    """Return every place that takes a binding, of any type, in the order of the file."""
    return read(source, project).uses


def calls(source: Source, project: Project = ALONE) -> list[KvCall]:
    """Return the calls that surely are of a namespace, in the order of the file."""
    return read(source, project).sure_calls


def references(source: Source, binding: str, project: Project = ALONE) -> list[BindingUse]:
    """Return every place to change when a binding is renamed, in the order of the file."""
    return renames.references(read(source, project), binding)


def at(source: Source, offset: int, project: Project = ALONE) -> Place | None:
    """Return what stands at an offset, in code points; at the end of a name, that name."""
    return cursor.at(read(source, project), offset)


def completing(source: Source, offset: int, project: Project = ALONE) -> Place | None:
    """Return what is being typed at an offset: a key or a binding, as far as it stands there."""
    return cursor.completing(read(source, project), offset)


def keys(source: Source, project: Project = ALONE) -> list[Place]:
    """Return the keys that calls name, for inlays: those whose value the file tells."""
    return list(cursor.keys(read(source, project)))
