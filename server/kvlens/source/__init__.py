"""KV in JavaScript and TypeScript: what a source uses, calls, and does wrong.

    reader = SourceReader(path)            # keeps the tree from one version to the next
    source = reader.read(text)
    project = Project(belonging(path, configs))
    problems = check_source(source, project)
    place = at(source, offset, project)

Nothing here loads the parser before the first source is read.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from kvlens.config import Config
from kvlens.rules.base import Problem
from kvlens.source import cursor
from kvlens.source.calls import KvCall
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
from kvlens.source.rules import SOURCE_RULES, Context
from kvlens.source.rules import check as _check
from kvlens.source.silence import heard
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


def check_source(
    source: Source, project: Project = ALONE, now: float | None = None
) -> list[Problem]:
    """Return what is wrong with a source, in the order of the file.

    `now` is in seconds since the epoch. Tests are never reported on.
    """
    if is_test(source.path, project.configs):
        return []
    when = time.time() if now is None else now
    return heard(source, _check(Context(read(source, project), when, project.beside)))


def check(
    text: str,
    path: str,
    configs: Sequence[Config] = (),
    types: Mapping[str, EnvType] | None = None,
    beside: frozenset[str] = frozenset(),
    now: float | None = None,
) -> list[Problem]:
    """Return what is wrong with the text of a source; see `Project` and `check_source`.

    A text that has nothing to do with KV is not even parsed.

    Raises:
        Unavailable: there is no parser here.
        ValueError: the file is no JavaScript or TypeScript by its ending.
    """
    project = Project(configs, types or {}, beside)
    if is_test(path, configs) or not may_matter(text, project):
        return []
    return check_source(read_source(text, path), project, now)
