"""KV in JavaScript and TypeScript: what a source uses, calls, and does wrong.

    checker = SourceChecker(path)          # keeps the tree from one version to the next
    project = Project(belonging(path, configs))
    problems = checker.check(text, project)
    source = checker.reader.read(text)     # of that version: not read again
    place = at(source, offset, project)

Nothing here loads the parser before the first source is read.
"""

from __future__ import annotations

from kvlens.source import cursor
from kvlens.source.calls import KvCall
from kvlens.source.checker import SourceChecker
from kvlens.source.checking import check, check_source
from kvlens.source.cursor import Place
from kvlens.source.declared import belonging
from kvlens.source.grammar import ENDINGS, Unavailable, unavailable
from kvlens.source.project import (
    ALONE,
    Project,
    env_types,
    is_source,
    is_test,
    may_matter,
    read,
    texts_beside,
)
from kvlens.source.reader import SourceReader, read_source
from kvlens.source.reading import BindingUse, EnvType, Reading, merge_types
from kvlens.source.references import references as _references
from kvlens.source.rules import SOURCE_RULES
from kvlens.source.syntax import Source
from kvlens.source.unused import unused

__all__ = [
    "ALONE",
    "ENDINGS",
    "SOURCE_RULES",
    "BindingUse",
    "EnvType",
    "KvCall",
    "Place",
    "Project",
    "Reading",
    "Source",
    "SourceChecker",
    "SourceReader",
    "Unavailable",
    "at",
    "belonging",
    "calls",
    "check",
    "check_source",
    "completing",
    "env_types",
    "is_source",
    "is_test",
    "keys",
    "may_matter",
    "merge_types",
    "read",
    "read_source",
    "references",
    "texts_beside",
    "unavailable",
    "unused",
    "uses",
]


def uses(source: Source, project: Project = ALONE) -> list[BindingUse]:
    """Return every place that takes a binding, of any type, in the order of the file."""
    return read(source, project).uses


def calls(source: Source, project: Project = ALONE) -> list[KvCall]:
    """Return the calls that surely are of a namespace, in the order of the file."""
    return read(source, project).sure_calls


def references(source: Source, binding: str, project: Project = ALONE) -> list[BindingUse]:
    """Return every place to change when a binding is renamed, in the order of the file."""
    return _references(read(source, project), binding)


def at(source: Source, offset: int, project: Project = ALONE) -> Place | None:
    """Return what stands at an offset, in code points; at the end of a name, that name."""
    return cursor.at(read(source, project), offset)


def completing(source: Source, offset: int, project: Project = ALONE) -> Place | None:
    """Return what is being typed at an offset: a key or a binding, as far as it stands there."""
    return cursor.completing(read(source, project), offset)


def keys(source: Source, project: Project = ALONE) -> list[Place]:
    """Return the keys that calls name, for inlays: those whose value the file tells."""
    return list(cursor.keys(read(source, project)))
