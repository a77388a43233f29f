"""Check a config against all sources of its Worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kvlens.config.model import Config
from kvlens.js.reader import read_source
from kvlens.js.syntax import Source
from kvlens.lint.base import Problem, ProjectRule
from kvlens.lint.problems import gathered, problems_of
from kvlens.lint.registry import rules_of

_RULES = [rule for rule in rules_of("js").values() if isinstance(rule, ProjectRule)]


def check_with_sources(
    config: Config, texts: Mapping[str, str], parse: Callable[[str], Source] | None = None
) -> list[Problem]:
    """Return the problems of a config that only its sources reveal.

    `texts` are all sources of the Worker by path, including tests and types. `parse` returns one of
    them parsed, for callers that already have it.
    """
    read = parse or (lambda path: read_source(texts[path], path))
    return gathered(
        problem for rule in _RULES for problem in problems_of(rule, rule.check, config, texts, read)
    )
