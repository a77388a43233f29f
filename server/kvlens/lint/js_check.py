"""Checking one source."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from kvlens.config.model import Config
from kvlens.js.analysis import EnvType
from kvlens.js.project import ALONE, SourceProject, is_test, may_matter, read
from kvlens.js.reader import read_source
from kvlens.js.syntax import Source
from kvlens.lint.base import Problem
from kvlens.lint.config_rules import reported
from kvlens.lint.js_base import Context
from kvlens.lint.js_rules import check as _check
from kvlens.lint.js_suppressions import apply_suppressions
from kvlens.lint.problems import failed
from kvlens.text import Span


def check_source(
    source: Source, project: SourceProject = ALONE, now: float | None = None
) -> list[Problem]:
    """Return what is wrong with a source, in the order of the file.

    `now` is in seconds since the epoch. Tests are never reported on.
    """
    if is_test(source.path, project.configs):
        return []
    if source.refused is not None:
        return [reported("unreadable-file", f"This source {source.refused}.", Span(0, 0))]
    when = time.time() if now is None else now
    try:
        return apply_suppressions(
            source, _check(Context(read(source, project), when, project.beside))
        )
    except Exception as error:  # a mistake of ours ends no check of other files
        return [failed("the check of this source", error)]


def check(
    text: str,
    path: str,
    configs: Sequence[Config] = (),
    types: Mapping[str, EnvType] | None = None,
    beside: frozenset[str] = frozenset(),
    now: float | None = None,
) -> list[Problem]:
    """Return what is wrong with the text of a source; see `SourceProject` and `check_source`.

    A text that has nothing to do with KV is not even parsed.

    Raises:
        Unavailable: there is no parser here.
        ValueError: the file is no JavaScript or TypeScript by its ending.
    """
    project = SourceProject(configs, types or {}, beside)
    if is_test(path, configs) or not may_matter(text, project):
        return []
    source = read_source(text, path)
    found = check_source(source, project, now)
    source.kept.clear()  # see SourceReader.read
    return found
