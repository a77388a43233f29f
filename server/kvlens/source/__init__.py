"""KV in JavaScript and TypeScript: what a source uses, calls, and does wrong.

    checker = SourceChecker(path)          # keeps the tree from one version to the next
    project = Project(belonging(path, configs))
    problems = checker.check(text, project)
    source = checker.reader.read(text)     # of that version: not read again
    place = at(source, offset, project)

Each name is loaded when it is first asked for, so that nobody waits for what is not used; the
parser is loaded when the first source is read.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kvlens.source.api import at, calls, completing, keys, references, uses
    from kvlens.source.call import KvCall
    from kvlens.source.checker import SourceChecker
    from kvlens.source.checking import check, check_source
    from kvlens.source.cursor import Place
    from kvlens.source.declared import belonging
    from kvlens.source.grammar import ENDINGS, Unavailable, is_source, unavailable
    from kvlens.source.leftovers import unused
    from kvlens.source.project import (
        ALONE,
        Project,
        env_types,
        is_test,
        may_matter,
        read,
        texts_beside,
    )
    from kvlens.source.reader import SourceReader, read_source
    from kvlens.source.reading import BindingUse, EnvType, Reading, merge_types
    from kvlens.source.rules import SOURCE_RULES
    from kvlens.source.syntax import Source

_NAMES = {
    "api": ("at", "calls", "completing", "keys", "references", "uses"),
    "call": ("KvCall",),
    "checker": ("SourceChecker",),
    "checking": ("check", "check_source"),
    "cursor": ("Place",),
    "declared": ("belonging",),
    "grammar": ("ENDINGS", "Unavailable", "is_source", "unavailable"),
    "leftovers": ("unused",),
    "project": (
        "ALONE", "Project", "env_types", "is_test", "may_matter", "read", "texts_beside",
    ),
    "reader": ("SourceReader", "read_source"),
    "reading": ("BindingUse", "EnvType", "Reading", "merge_types"),
    "rules": ("SOURCE_RULES",),
    "syntax": ("Source",),
}  # fmt: skip
_HOMES = {name: module for module, names in _NAMES.items() for name in names}

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


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
