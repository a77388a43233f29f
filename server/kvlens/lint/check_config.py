"""Check a config with its rules.

A rule for single entries runs once until the entry changes; its findings move with the entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from kvlens.config.model import Config, Entry, Environment
from kvlens.config.nodes import Node
from kvlens.config.project_context import ProjectContext
from kvlens.lint.base import (
    ConfigRule,
    EntryRule,
    Levels,
    PlaceRule,
    Problem,
    TextRule,
)
from kvlens.lint.deploys.templates import template_mark
from kvlens.lint.problems import gathered, problems_of, reported
from kvlens.lint.registry import rules_of
from kvlens.lint.suppressions import apply_suppressions
from kvlens.memo import memo
from kvlens.text import Span

_RULES = rules_of("config").values()
_ENTRY_RULES = [rule for rule in _RULES if isinstance(rule, EntryRule)]
_MEANT = {rule.code: rule.is_meant for rule in _ENTRY_RULES if rule.is_meant is not None}
_CONFIG_RULES = [rule for rule in _RULES if isinstance(rule, ConfigRule)]
_TEXT_RULES = [rule for rule in _RULES if isinstance(rule, TextRule)]
_PLACE_RULES = [rule for rule in _RULES if isinstance(rule, PlaceRule)]


def check(
    config: Config, context: ProjectContext | None = None, levels: Levels | None = None
) -> list[Problem]:
    """Return all problems of a config, in the order of the file.

    `context` describes the files around it on disk. Without it, those aren't checked.
    """
    return gathered(
        apply_suppressions(config, chain(_of_text(config, context), _of_structure(config)), levels)
    )


def check_text(
    config: Config, context: ProjectContext | None = None, levels: Levels | None = None
) -> list[Problem]:
    """Return what the syntax check and the rules on the file's place find.

    Slow for a large file: ask when typing pauses.
    """
    return gathered(apply_suppressions(config, _of_text(config, context), levels))


def check_structure(config: Config, levels: Levels | None = None) -> list[Problem]:
    """Return what all other rules find. Fast enough for every keystroke."""
    return gathered(apply_suppressions(config, _of_structure(config), levels))


def _of_text(config: Config, context: ProjectContext | None) -> Iterator[Problem]:
    if config.refused is not None:
        reason, span = config.refused
        yield reported("unreadable-file", f"This file isn't checked, because it {reason}.", span)
    is_template = template_mark(config) is not None
    for rule in _TEXT_RULES:
        if is_template and rule.code != "config-template":
            continue
        yield from problems_of(rule, rule.check, config)
    if context is not None:
        for place_rule in _PLACE_RULES:
            yield from problems_of(place_rule, place_rule.check, config, context)


def _of_structure(config: Config) -> Iterator[Problem]:
    if template_mark(config) is not None:
        return
    for rule in _CONFIG_RULES:
        yield from problems_of(rule, rule.check, config)
    found = (
        problem.moved(entry.base)
        for environment, entry in _entries(config)
        for problem in _of_entry(entry.node)
        if problem.code not in _MEANT or not _MEANT[problem.code](config, environment, entry)
    )
    if not config.is_code:
        yield from found
        return
    seen: set[tuple[str, str, Span]] = set()  # one entry can be that of several modes
    for problem in found:
        key = problem.code, problem.message, problem.span
        if key not in seen:
            seen.add(key)
            yield problem


@memo
def _of_entry(node: Node) -> tuple[Problem, ...]:
    entry = Entry(0, node)
    return tuple(
        problem for rule in _ENTRY_RULES for problem in problems_of(rule, rule.check, entry)
    )


def _entries(config: Config) -> Iterator[tuple[Environment, Entry]]:
    for environment in config.environments:
        for kv in (*environment.kv, *environment.previews):
            for entry in kv.entries:
                yield environment, entry
